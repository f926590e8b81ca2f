"""The HTTP application: all routes, one guard, one error envelope."""

from pathlib import Path

from litestar import Litestar, Router
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.types import ControllerRouterHandler

from gateway.auth.guards import admit, mine
from gateway.ecosystem.alertmanager import post_alerts, post_alerts_v1
from gateway.ecosystem.prometheus.routes import prometheus
from gateway.errors import HANDLERS
from gateway.gate import Gate
from gateway.intake import Intake
from gateway.mcp.door import mcp_door
from gateway.openapi import config
from gateway.pages.routes import PAGES, elsewhere
from gateway.pages.ui import DIST, Ui
from gateway.rest import health
from gateway.rest.alerts import alerts
from gateway.rest.analysis import analysis
from gateway.rest.anomalies import anomalies
from gateway.rest.audit import audit
from gateway.rest.chat import chat
from gateway.rest.clusters import clusters
from gateway.rest.cnf import cnf
from gateway.rest.commands import commands
from gateway.rest.correlation_rules import correlation_rules
from gateway.rest.credentials import credentials
from gateway.rest.dead_letters import dead_letters
from gateway.rest.events import events
from gateway.rest.fleet import cluster_health, fleet
from gateway.rest.gpu import gpus
from gateway.rest.incidents import incidents
from gateway.rest.login import auth
from gateway.rest.logs import logs
from gateway.rest.metrics import metrics
from gateway.rest.personas import personas
from gateway.rest.projections import projections
from gateway.rest.provider_login import provider_login
from gateway.rest.rca import rca
from gateway.rest.replays import replays
from gateway.rest.reports import reports
from gateway.rest.sessions import sessions
from gateway.rest.silences import alert_silence, silences
from gateway.rest.streaming import streaming
from gateway.rest.streams import streams
from gateway.rest.tokens import tokens
from gateway.rest.traces import traces
from gateway.rest.watches import watches
from gateway.rest.webhook import webhooks


def build(gate: Gate, *more: ControllerRouterHandler, ui: Path = DIST) -> Litestar:
    """The application over a gate; ``more`` are routes that carry their own state.

    ``ui``: the folder with the built web UI; where it is missing small pages stand in.
    """
    intake = Intake(gate)
    api = Router(
        "/api/v1",
        route_handlers=[
            clusters,
            cluster_health,
            credentials,
            fleet,
            metrics,
            alerts,
            alert_silence,
            silences,
            webhooks,
            events,
            commands,
            projections,
            streams,
            streaming,
            dead_letters,
            logs,
            traces,
            gpus,
            cnf,
            incidents,
            correlation_rules,
            anomalies,
            watches,
            analysis,
            rca,
            replays,
            reports,
            personas,
            chat,
            tokens,
            audit,
        ],
    )
    return Litestar(
        route_handlers=[
            api,
            auth,
            provider_login,
            sessions,
            post_alerts,
            post_alerts_v1,
            prometheus,
            mcp_door(gate),
            health.health,
            health.ready,
            health.detailed,
            health.prometheus_metrics,
            *PAGES,
            *more,
        ],
        dependencies={
            "gate": Provide(lambda: gate, sync_to_thread=False, use_cache=True),
            "mine": Provide(mine, sync_to_thread=False),
            "intake": Provide(lambda: intake, sync_to_thread=False, use_cache=True),
        },
        guards=[admit],
        exception_handlers={**HANDLERS, NotFoundException: elsewhere},
        state=State({"ui": Ui(ui)}),
        request_max_body_size=gate.runtime.settings.gateway.max_body,
        openapi_config=config(),
        logging_config=None,
        on_app_init=[_quiet],
    )


def _quiet(config: AppConfig) -> AppConfig:
    """Errors are logged once, by our own handlers."""
    config.debug = False
    return config
