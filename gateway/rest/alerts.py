"""Alerts over REST."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.rest.alert_filters import FILTERS, Alike, Wanted
from gateway.rest.documented_alerts import AlertFacets, AlertGroups, AlertList
from gateway.rest.shared import (
    PageNumber,
    PageSize,
    Text,
    WithGate,
    cursor_of,
    errors,
    field_error,
    page_of,
    raw,
)
from projections.alerts import facet_queries, group_queries, queries
from projections.alerts.view import AlertView

Top = Annotated[int, QueryParameter(ge=1, le=100, description="Values of one facet, at most.")]
By = Annotated[
    list[str] | None,
    QueryParameter(
        description="`alertname` (if nothing is given), `severity`, `state`, `namespace`,"
        " `cluster_id` or `label:NAME`; may be repeated, up to four times."
    ),
]


@get("/", operation_id="listAlerts", summary="List alerts", responses=errors())
async def list_alerts(
    gate: WithGate,
    wanted: Wanted,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: Text = None,
) -> Response[AlertList]:
    """Firing and pending alerts, or those of the states asked for, newest first.

    Muted ones too, unless `silenced=false` or `inhibited=false`. `next_cursor` leads on, however
    long the list is, and is null at its end. `total` and `by_severity` are exact where
    `total_at_least` is false; with other filters than state, severity, cluster, namespace and name
    no more than 10,000 are counted.
    """
    return await _listed(gate, wanted, page_of(page, page_size), cursor)


@get("/history", operation_id="listAlertHistory", summary="Past occurrences", responses=errors())
async def list_history(
    gate: WithGate,
    alike: Alike,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: Text = None,
) -> Response[AlertList]:
    """Occurrences that have ended, those that began last first; paged and counted as alerts are."""
    past = replace(alike, state=("RESOLVED",))
    return await _listed(gate, past, page_of(page, page_size), cursor)


@get("/facets", operation_id="getAlertFacets", summary="Alerts by what they have",
     responses=errors())  # fmt: skip
async def get_facets(gate: WithGate, wanted: Wanted, top: Top = 20) -> Response[AlertFacets]:
    """How many alerts have which state, severity, cluster, namespace and name, most first.

    A facet is counted with the filters of all others: what else could be chosen in it.
    """
    return raw(await facet_queries.facets(gate.database, wanted, top))


@get("/groups", operation_id="listAlertGroups", summary="Alerts in groups", responses=errors())
async def list_groups(
    gate: WithGate, wanted: Wanted, by: By = None, page: PageNumber = 1, page_size: PageSize = 20
) -> Response[AlertGroups]:
    """Alerts that have the same values together, the largest group first."""
    keys = tuple(dict.fromkeys(by or ("alertname",)))
    if len(keys) > group_queries.MOST_KEYS or not all(map(group_queries.known, keys)):
        raise field_error("by", "must be up to four of what groups can be made by")
    found = await group_queries.groups(gate.database, wanted, keys, page_of(page, page_size))
    return raw(found)


async def _listed(
    gate: Gate, wanted: queries.AlertFilter, page: queries.Page, cursor: str | None
) -> Response[AlertList]:
    if cursor is not None and page.number != 1:
        raise field_error("cursor", "goes without a page")
    after = None if cursor is None else cursor_of(cursor)
    return raw(await queries.listing(gate.database, wanted, page, gate.clock.now(), after))


@get("/{ref:str}", operation_id="getAlert", summary="One alert by id or fingerprint",
     responses=errors(Code.ALERT_NOT_FOUND, Code.AMBIGUOUS))  # fmt: skip
async def get_alert(
    gate: WithGate, ref: FromPath[str], cluster_id: FromQuery[UUID | None] = None
) -> Response[AlertView]:
    """One occurrence by its id, or the newest one of a fingerprint."""
    now = gate.clock.now()
    body = await queries.by_id(gate.database, UUID(ref), now) if _is_uuid(ref) else None
    if body is not None:
        return raw(body)
    found = await queries.by_fingerprint(gate.database, ref, cluster_id, now)
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
    "/alerts",
    route_handlers=[list_alerts, list_history, get_facets, list_groups, get_alert],
    dependencies=FILTERS,
    tags=["Observability"],
)
