"""The part of Alertmanager's API v2 that a Prometheus needs to send its alerts here."""

from typing import Annotated

from litestar import Response, post
from litestar.params import Dependency

from gateway.auth.guards import principal_of, roles
from gateway.intake import Intake
from gateway.rest.shared import AnyRequest, raw
from services.runtime.access import Role


@post("/alertmanager/api/v2/alerts", operation_id="postAlertmanagerAlerts", status_code=200,
      opt=roles(Role.ADMIN, Role.INGEST), summary="Alerts as a Prometheus sends them",
      tags=["Ecosystem"])  # fmt: skip
async def post_alerts(
    intake: Annotated[Intake, Dependency(skip_validation=True)], request: AnyRequest
) -> Response[bytes]:
    """Take in alerts; the cluster is the token's, else that of the ``cluster`` label."""
    await intake.take(request, principal_of(request), "prometheus", None)
    return raw(b"{}")
