"""Alerts over REST."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from contracts.alerts import Severity
from contracts.refusals import Code, Refused
from gateway.rest.documented import AlertList
from gateway.rest.shared import (
    PageNumber,
    PageSize,
    Several,
    States,
    Text,
    WithGate,
    choices,
    errors,
    ids,
    label_pairs,
    page_of,
    raw,
)
from projections.alerts import queries
from projections.alerts.view import AlertView

_SEVERITIES = tuple(Severity)


@get("/", operation_id="listAlerts", summary="List alerts", responses=errors())
async def list_alerts(
    gate: WithGate,
    states: States = None,
    severity: Several = None,
    cluster_id: Several = None,
    namespace: Text = None,
    alertname: Text = None,
    label: Several = None,
    q: Text = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[AlertList]:
    """Firing and pending alerts, or those of the states asked for, newest first."""
    wanted = queries.AlertFilter(
        state=choices("state", states, queries.STATES) or queries.OPEN,
        severity=choices("severity", severity, _SEVERITIES),
        cluster_id=ids("cluster_id", cluster_id),
        namespace=namespace,
        alertname=alertname,
        labels=label_pairs(label),
        q=q,
    )
    return raw(await queries.listing(gate.database, wanted, page_of(page, page_size)))


@get("/history", operation_id="listAlertHistory", summary="Past occurrences", responses=errors())
async def list_history(
    gate: WithGate,
    severity: Several = None,
    cluster_id: Several = None,
    namespace: Text = None,
    alertname: Text = None,
    label: Several = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[AlertList]:
    """Occurrences that have ended, newest first."""
    wanted = queries.AlertFilter(
        state=("RESOLVED",),
        severity=choices("severity", severity, _SEVERITIES),
        cluster_id=ids("cluster_id", cluster_id),
        namespace=namespace,
        alertname=alertname,
        labels=label_pairs(label),
    )
    return raw(await queries.listing(gate.database, wanted, page_of(page, page_size)))


@get("/{ref:str}", operation_id="getAlert", summary="One alert by id or fingerprint",
     responses=errors(Code.ALERT_NOT_FOUND, Code.AMBIGUOUS))  # fmt: skip
async def get_alert(
    gate: WithGate, ref: FromPath[str], cluster_id: FromQuery[UUID | None] = None
) -> Response[AlertView]:
    """One occurrence by its id, or the newest one of a fingerprint."""
    body = await queries.by_id(gate.database, UUID(ref)) if _is_uuid(ref) else None
    if body is not None:
        return raw(body)
    found = await queries.by_fingerprint(gate.database, ref, cluster_id)
    if not found:
        raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {ref}")
    if len(found) > 1:
        candidates = [{"id": str(c.id), "cluster_id": str(c.cluster_id)} for c in found]
        raise Refused(
            Code.AMBIGUOUS,
            "several clusters know this fingerprint: add cluster_id",
            {"candidates": candidates},
        )
    return raw(found[0].body)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


alerts = Router(
    "/alerts", route_handlers=[list_alerts, list_history, get_alert], tags=["Observability"]
)
