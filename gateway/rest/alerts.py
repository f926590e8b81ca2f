"""Alerts over REST."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.alert_filters import FILTERS, Alike, Wanted
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
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
from services.runtime.queries import AsOf

Top = Annotated[int, QueryParameter(ge=1, le=100, description="Values of one facet, at most.")]
By = Annotated[
    list[str] | None,
    QueryParameter(
        description="`alertname` (if nothing is given), `severity`, `state`, `namespace`,"
        " `cluster_id` or `label:NAME`; may be repeated, up to four times."
    ),
]


@get("/", operation_id="listAlerts", opt=READERS, summary="List alerts",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_alerts(
    gate: WithGate,
    wanted: Wanted,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: Text = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AlertList]:
    """Firing and pending alerts, or those of the states asked for, newest first.

    Muted ones too, unless `silenced=false` or `inhibited=false`. `next_cursor` leads on, however
    long the list is, and is null at its end. `total` and `by_severity` are exact where
    `total_at_least` is false; with other filters than state, severity, cluster, namespace and name
    no more than 10,000 are counted, as of a time 1,000.
    """
    at = await as_of.find(gate, moment, sequence, "alerts")
    return await _listed(gate, replace(wanted, as_of=at), page_of(page, page_size), cursor)


@get("/history", operation_id="listAlertHistory", opt=READERS, summary="Past occurrences",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_history(
    gate: WithGate,
    alike: Alike,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: Text = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AlertList]:
    """Occurrences that have ended, those that began last first; paged and counted as alerts are."""
    at = await as_of.find(gate, moment, sequence, "alerts")
    past = replace(alike, state=("RESOLVED",), as_of=at)
    return await _listed(gate, past, page_of(page, page_size), cursor)


@get("/facets", operation_id="getAlertFacets", opt=READERS, summary="Alerts by what they have",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def get_facets(
    gate: WithGate,
    wanted: Wanted,
    top: Top = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AlertFacets]:
    """How many alerts have which state, severity, cluster, namespace and name, most first.

    A facet is counted with the filters of all others: what else could be chosen in it.
    """
    at = await as_of.find(gate, moment, sequence, "alerts")
    found = await facet_queries.facets(gate.database, replace(wanted, as_of=at), top)
    return raw(found, headers=as_of.headers(at))


@get("/groups", operation_id="listAlertGroups", opt=READERS, summary="Alerts in groups",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_groups(
    gate: WithGate,
    wanted: Wanted,
    by: By = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AlertGroups]:
    """Alerts that have the same values together, the largest group first."""
    keys = tuple(dict.fromkeys(by or ("alertname",)))
    if len(keys) > group_queries.MOST_KEYS or not all(map(group_queries.known, keys)):
        raise field_error("by", "must be up to four of what groups can be made by")
    at = await as_of.find(gate, moment, sequence, "alerts")
    wanted, part = replace(wanted, as_of=at), page_of(page, page_size)
    found = await group_queries.groups(gate.database, wanted, keys, part)
    return raw(found, headers=as_of.headers(at))


async def _listed(
    gate: Gate, wanted: queries.AlertFilter, page: queries.Page, cursor: str | None
) -> Response[AlertList]:
    if cursor is not None and page.number != 1:
        raise field_error("cursor", "goes without a page")
    after = None if cursor is None else cursor_of(cursor)
    now = _when(gate, wanted.as_of)
    found = await queries.listing(gate.database, wanted, page, now, after)
    return raw(found, headers=as_of.headers(wanted.as_of))


def _when(gate: Gate, at: AsOf | None) -> datetime | None:
    return gate.clock.now() if at is None else at.at


@get("/{ref:str}", operation_id="getAlert", opt=READERS, summary="One alert by id or fingerprint",
     response_headers=[AS_OF_HEADER],
     responses=errors(Code.ALERT_NOT_FOUND, Code.AMBIGUOUS))  # fmt: skip
async def get_alert(
    gate: WithGate,
    mine: Mine,
    ref: FromPath[str],
    cluster_id: FromQuery[UUID | None] = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AlertView]:
    """One occurrence by its id, or the newest one of a fingerprint."""
    at = await as_of.find(gate, moment, sequence, "alerts")
    now, headers = _when(gate, at), as_of.headers(at)
    body = await queries.by_id(gate.database, UUID(ref), mine, now, at) if _is_uuid(ref) else None
    if body is not None:
        return raw(body, headers=headers)
    found = await queries.by_fingerprint(gate.database, ref, cluster_id, mine, now, at)
    if not found:
        raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {ref}")
    if len(found) > 1:
        candidates = [{"id": str(c.id), "cluster_id": str(c.cluster_id)} for c in found]
        raise Refused(
            Code.AMBIGUOUS,
            "several clusters know this fingerprint: add cluster_id",
            {"candidates": candidates},
        )
    return raw(found[0].body, headers=headers)


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
