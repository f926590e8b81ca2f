"""Alertmanager's webhook."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.params import Dependency

from gateway.auth.guards import principal_of, roles
from gateway.intake import Intake, Taken
from gateway.rest.shared import AnyRequest, raw
from services.runtime.access import Role

WithIntake = Annotated[Intake, Dependency(skip_validation=True)]
_INGEST = roles(Role.ADMIN, Role.INGEST)


@post("/webhook/{cluster_id:uuid}", operation_id="postClusterAlerts", opt=_INGEST,
      summary="Alertmanager webhook of a cluster")  # fmt: skip
async def cluster_webhook(
    intake: WithIntake, request: AnyRequest, cluster_id: UUID
) -> Response[bytes]:
    """Take in an Alertmanager webhook (version 4) of this cluster; 202 once it is durable."""
    return _answer(await intake.take(request, principal_of(request), "webhook", cluster_id))


@post("/webhook", operation_id="postAlerts", opt=_INGEST, summary="Alertmanager webhook")
async def webhook(intake: WithIntake, request: AnyRequest) -> Response[bytes]:
    """As above; the cluster is the token's, else that of each alert's ``cluster`` label."""
    return _answer(await intake.take(request, principal_of(request), "webhook", None))


def _answer(taken: Taken) -> Response[bytes]:
    return raw(msgspec.json.encode(taken), status=202)


webhooks = Router("/alerts", route_handlers=[cluster_webhook, webhook], tags=["Observability"])
