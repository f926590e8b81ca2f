"""Alertmanager's webhook."""

from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from contracts.alerts import IngestAlerts
from contracts.refusals import Code
from gateway.auth.guards import giving, principal_of
from gateway.intake import Intake, Taken
from gateway.rest.documented import AlertsAccepted
from gateway.rest.shared import AnyRequest, errors, raw

WithIntake = NamedDependency[SkipValidation[Intake]]
_INGEST = giving(IngestAlerts)
_ERRORS = errors(
    Code.INVALID_JSON,
    Code.CLUSTER_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
    Code.OVERLOADED,
)


@post("/webhook/{cluster_id:uuid}", operation_id="postClusterAlerts", opt=_INGEST,
      status_code=202, responses=_ERRORS, summary="Alertmanager webhook of a cluster")  # fmt: skip
async def cluster_webhook(
    intake: WithIntake, request: AnyRequest, cluster_id: FromPath[UUID]
) -> Response[AlertsAccepted]:
    """Take in an Alertmanager webhook (version 4) of this cluster; 202 once it is durable."""
    return _answer(await intake.take(request, principal_of(request), "webhook", cluster_id))


@post("/webhook", operation_id="postAlerts", opt=_INGEST, status_code=202, responses=_ERRORS,
      summary="Alertmanager webhook")  # fmt: skip
async def webhook(intake: WithIntake, request: AnyRequest) -> Response[AlertsAccepted]:
    """As above; the cluster is the token's, else that of each alert's ``cluster`` label."""
    return _answer(await intake.take(request, principal_of(request), "webhook", None))


def _answer(taken: Taken) -> Response[AlertsAccepted]:
    return raw(msgspec.json.encode(taken), status=202)


webhooks = Router("/alerts", route_handlers=[cluster_webhook, webhook], tags=["Observability"])
