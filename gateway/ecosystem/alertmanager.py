"""The part of Alertmanager's API that a Prometheus needs to send its alerts here."""

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from contracts.alerts import IngestAlerts
from contracts.refusals import Code
from gateway.auth.guards import giving, principal_of
from gateway.intake import Intake
from gateway.rest.shared import AnyRequest, errors, raw


@post("/alertmanager/api/v2/alerts", operation_id="postAlertmanagerAlerts", status_code=200,
      opt=giving(IngestAlerts), summary="Alerts as a Prometheus sends them",
      tags=["Ecosystem"], responses=errors(Code.INVALID_JSON, Code.CLUSTER_NOT_FOUND,
      Code.BODY_TOO_LARGE, Code.BUS_UNAVAILABLE, Code.OVERLOADED))  # fmt: skip
async def post_alerts(
    intake: NamedDependency[SkipValidation[Intake]], request: AnyRequest
) -> Response[dict[str, Any]]:
    """Take in alerts; the cluster is the token's, else that of the ``cluster`` label."""
    await intake.take(request, principal_of(request), "prometheus", None)
    return raw(b"{}")


@post("/alertmanager/api/v1/alerts", status_code=200, opt=giving(IngestAlerts),
      include_in_schema=False)  # fmt: skip
async def post_alerts_v1(
    intake: NamedDependency[SkipValidation[Intake]], request: AnyRequest
) -> Response[dict[str, Any]]:
    """As above, for a Prometheus that knows only the API before: it posts the same list."""
    await intake.take(request, principal_of(request), "prometheus", None)
    return raw(b'{"status":"success"}')
