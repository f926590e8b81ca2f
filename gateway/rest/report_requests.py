"""What is asked for when somebody wants a report, and with whose rights it is read."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from contracts.acting import Acting
from contracts.envelope import rfc3339
from contracts.incidents import MOST_CLUSTERS
from contracts.refusals import Code, Refused
from contracts.reports import LONGEST_PERIOD, ReportAsked, ReportType, TimeRange
from contracts.spoken import title_in_words
from gateway.gate import Gate
from gateway.rest.documented_reports import ReportRequest
from gateway.rest.incident_changes import no_incident
from gateway.rest.shared import field_error
from projections.incidents import queries as incidents
from services.runtime.principals import (
    EVERYWHERE,
    Grant,
    Principal,
    Role,
    Scope,
    acting_of,
)

_DAYS = {
    ReportType.EXECUTIVE_SUMMARY: 7,
    ReportType.DETAILED_ANALYSIS: 1,
    ReportType.CAPACITY_PLAN: 30,
}
_KINDS = {
    ReportType.EXECUTIVE_SUMMARY: "Executive summary",
    ReportType.DETAILED_ANALYSIS: "Detailed analysis",
    ReportType.INCIDENT_REPORT: "Incident report",
    ReportType.CAPACITY_PLAN: "Capacity plan",
}
_LONGEST_TITLE = 200
_A_SECOND = timedelta(seconds=1)


def acting_for(principal: Principal, scope: Collection[UUID]) -> Acting:
    """Who reads for them: somebody who may read these clusters, or all, and do nothing else."""
    where = Scope(frozenset(scope)) if scope else EVERYWHERE
    return acting_of(Principal(principal.name, (Grant(Role.VIEWER, where),), principal.via))


def scope_for(mine: Scope, wanted: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """The clusters asked for; none: all that are theirs. Their handler refuses any other.

    LIMIT_REACHED for more than a report may be about.
    """
    if wanted or mine.clusters is None:
        return tuple(dict.fromkeys(wanted))
    if not mine.clusters:
        raise Refused(Code.PERMISSION_DENIED, "you may read of no cluster")
    if len(mine.clusters) > MOST_CLUSTERS:
        text = f"name the clusters: a report is about {MOST_CLUSTERS:,} at most, or about all"
        raise Refused(Code.LIMIT_REACHED, text)
    return tuple(sorted(mine.clusters))


async def asked_for(gate: Gate, data: ReportRequest, mine: Scope) -> ReportAsked:
    """All of what is asked for; Refused for what cannot be."""
    is_of_incident = data.report_type is ReportType.INCIDENT_REPORT
    if is_of_incident and data.incident_id is None:
        raise field_error("incident_id", "must be given: which incident it is about")
    if data.incident_id is not None and not is_of_incident:
        raise field_error("incident_id", "goes without a report_type that is not INCIDENT_REPORT")
    if data.incident_id is not None:
        return await _of_incident(gate, data, data.incident_id, mine)
    now = gate.clock.now()
    period = data.time_range or TimeRange(
        start=now - timedelta(days=_DAYS[data.report_type]), end=now
    )
    if period.start >= now:
        raise field_error("time_range.start", "is in the future")
    return ReportAsked(
        title=data.title or _title(data.report_type, period),
        report_type=data.report_type,
        format=data.format,
        cluster_scope=scope_for(mine, data.cluster_scope),
        time_range=period,
    )


async def _of_incident(
    gate: Gate, data: ReportRequest, incident_id: UUID, mine: Scope
) -> ReportAsked:
    if data.cluster_scope:
        raise field_error("cluster_scope", "cannot be given with incident_id")
    if data.time_range is not None:
        raise field_error("time_range", "cannot be given with incident_id")
    found = await incidents.by_id(gate.database, incident_id, mine)
    if found is None:
        raise no_incident(incident_id)
    one: dict[str, Any] = msgspec.json.decode(found.body)
    return ReportAsked(
        title=data.title or _printable(f"Incident: {title_in_words(one['title'])}"),
        report_type=data.report_type,
        format=data.format,
        # As they are seen by who asks, who reads no others.
        cluster_scope=tuple(UUID(each) for each in one["cluster_ids"]),
        time_range=_lasted(one, gate.clock.now()),
        incident_id=incident_id,
    )


def _lasted(one: dict[str, Any], now: datetime) -> TimeRange:
    start = datetime.fromisoformat(one["opened_at"])
    end = now if one["resolved_at"] is None else datetime.fromisoformat(one["resolved_at"])
    end = max(end, start + _A_SECOND)
    return TimeRange(start=max(start, end - LONGEST_PERIOD), end=end)


def _title(kind: ReportType, period: TimeRange) -> str:
    begin, end = rfc3339(period.start)[:10], rfc3339(period.end)[:10]
    return f"{_KINDS[kind]}, {begin} to {end}"


def _printable(text: str) -> str:
    told = "".join(each if each.isprintable() else " " for each in text)
    return told[:_LONGEST_TITLE]
