"""The HTTP application: all routes, one guard, one error envelope."""

import json
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel

from gateway.auth.guards import PUBLIC, may_use
from gateway.ecosystem.alertmanager import post_alerts
from gateway.errors import HANDLERS
from gateway.gate import Gate
from gateway.intake import Intake
from gateway.pages.routes import PAGES
from gateway.rest import health
from gateway.rest.alerts import alerts
from gateway.rest.clusters import clusters
from gateway.rest.commands import commands
from gateway.rest.events import events
from gateway.rest.login import auth
from gateway.rest.shared import AnyRequest
from gateway.rest.webhook import webhooks

VERSION = "0.1.0"

_DESCRIPTION = """Reads come from projections of the event log; writes become commands on the bus.
Every error is `{"error": {"code", "message", "details", "service", "trace_id", "timestamp"}}`."""


@get("/openapi.json", opt=PUBLIC, include_in_schema=False)
async def openapi(request: AnyRequest) -> Response[bytes]:
    """The OpenAPI 3.1 document of this API."""
    return Response(document(request.app), media_type="application/json")


def document(app: Litestar) -> bytes:
    """The OpenAPI 3.1 document of an application, made from its handlers."""
    schema = encode_json(app.openapi_schema.to_schema(), serializer=_plain)
    # Sorted: Litestar keeps response headers in a set, whose order changes from run to run.
    return json.dumps(msgspec.json.decode(schema), indent=2, sort_keys=True).encode()


def _plain(value: Any) -> Any:
    """Defaults in the schema may be models."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def build(gate: Gate, *more: ControllerRouterHandler) -> Litestar:
    """The application over a gate; ``more`` are routes that carry their own state."""
    intake = Intake(gate)
    api = Router("/api/v1", route_handlers=[clusters, alerts, webhooks, events, commands])
    return Litestar(
        route_handlers=[
            api,
            auth,
            post_alerts,
            health.health,
            health.ready,
            health.detailed,
            health.prometheus_metrics,
            openapi,
            *PAGES,
            *more,
        ],
        dependencies={
            "gate": Provide(lambda: gate, sync_to_thread=False, use_cache=True),
            "intake": Provide(lambda: intake, sync_to_thread=False, use_cache=True),
        },
        guards=[may_use],
        exception_handlers=HANDLERS,
        request_max_body_size=gate.runtime.settings.gateway.max_body,
        openapi_config=_openapi_config(),
        logging_config=None,
        on_app_init=[_quiet],
    )


def _quiet(config: AppConfig) -> AppConfig:
    """Errors are logged once, by our own handlers."""
    config.debug = False
    return config


def _openapi_config() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="An API token.")
    config: dict[str, Any] = {
        "title": "AIOps NextGen",
        "version": VERSION,
        "description": _DESCRIPTION,
        "components": Components(security_schemes={"token": bearer}),
        "security": [{"token": []}],
        "render_plugins": [],
        "path": "/_openapi",
        "use_handler_docstrings": True,
    }
    return OpenAPIConfig(**config)
