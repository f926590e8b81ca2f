"""Folds what happens to incidents into rows; each event tells its incident whole."""

from collections import Counter
from collections.abc import Iterable
from typing import assert_never
from uuid import UUID

from contracts.clusters import ClusterRegistered, ClusterUpdated
from contracts.incidents import (
    CorrelationRuleDefined,
    CorrelationRuleRemoved,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentUpdated,
    Joined,
    Signal,
)
from contracts.subjects import parse
from projections.incidents.view import (
    ABSORBED,
    CLUSTER_NAME,
    ENDED,
    ENTRY,
    INCIDENT,
    MEMBER,
    RULE,
    SIGNAL,
    AbsorbedRow,
    ClusterNameRow,
    EndedRow,
    EntryRow,
    IncidentRow,
    MemberRow,
    RuleRow,
    SignalRow,
)
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection(
    "incidents",
    version=1,
    tables=(INCIDENT, ABSORBED, SIGNAL, MEMBER, ENDED, ENTRY, RULE, CLUSTER_NAME),
    pace=0.02,
)


@projection.on(IncidentOpened)
def opened(event: IncidentOpened, at: Position, rows: Rows) -> None:
    """Something is wrong that belongs to nothing that was known."""
    for signal in event.added:
        _begins(signal, rows)
        _belongs(event, signal.id, at, rows)
    _stands(event, at, rows)


@projection.on(IncidentUpdated)
def updated(event: IncidentUpdated, at: Position, rows: Rows) -> None:
    """Signals came, ended, or are there again."""
    _join(event, event.added, at, rows)
    for signal_id in event.resumed:
        rows.delete(ENDED, (signal_id,))
    for signal_id in event.ended:
        rows.put(ENDED, EndedRow(signal_id, at.logged_at))
    _stands(event, at, rows)


@projection.on(IncidentAcknowledged)
def acknowledged(event: IncidentAcknowledged, at: Position, rows: Rows) -> None:
    """Somebody has taken an incident up."""
    _stands(event, at, rows)


@projection.on(IncidentResolved)
def resolved(event: IncidentResolved, at: Position, rows: Rows) -> None:
    """An incident is over."""
    _stands(event, at, rows)


@projection.on(IncidentReopened)
def reopened(event: IncidentReopened, at: Position, rows: Rows) -> None:
    """It is not."""
    _join(event, event.added, at, rows)
    _stands(event, at, rows)


@projection.on(IncidentMerged)
def merged(event: IncidentMerged, at: Position, rows: Rows) -> None:
    """Two incidents are one; that one has ended in the other is told by its own event."""
    into = event.incident.merged_into
    if into is not None:
        rows.put(ABSORBED, AbsorbedRow(event.incident.id, into))
    _stands(event, at, rows)


@projection.on(IncidentSplit)
def split(event: IncidentSplit, at: Position, rows: Rows) -> None:
    """Signals belong to another incident; who gets them says so."""
    if event.from_other:
        for signal_id in event.moved:
            _belongs(event, signal_id, at, rows)
    _stands(event, at, rows)


@projection.on(CorrelationRuleDefined)
def rule_defined(event: CorrelationRuleDefined, at: Position, rows: Rows) -> None:
    """A rule counts from now on, or says something else."""
    told = event.rule.model_dump(mode="json")
    by = at.delivery.headers["ce-actor"]
    rows.put(RULE, RuleRow(event.rule.id, told, _version(at), at.logged_at, by))


@projection.on(CorrelationRuleRemoved)
def rule_removed(event: CorrelationRuleRemoved, at: Position, rows: Rows) -> None:
    """A rule does not count any more."""
    del at
    rows.delete(RULE, (event.rule.id,))


@projection.on(ClusterRegistered)
def named(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    del at
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def renamed(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    del at
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


def _join(event: IncidentEvent, added: Iterable[Joined], at: Position, rows: Rows) -> None:
    for joined in added:
        _begins(joined.signal, rows)
        row = MemberRow(
            joined.signal.id, event.incident.id, at.logged_at, joined.reason, joined.likeness
        )
        rows.put(MEMBER, row)


def _belongs(event: IncidentEvent, signal_id: UUID, at: Position, rows: Rows) -> None:
    """Not by its likeness: it is one of the first, or somebody says so."""
    rows.put(MEMBER, MemberRow(signal_id, event.incident.id, at.logged_at, event.reason, None))


def _begins(signal: Signal, rows: Rows) -> None:
    """One that is added lasts, also if it had ended when it was in an incident before."""
    rows.delete(ENDED, (signal.id,))
    rows.put(
        SIGNAL,
        SignalRow(
            id=signal.id,
            cluster_id=signal.cluster_id,
            kind=signal.kind.value,
            name=signal.name,
            severity=signal.severity.value,
            place=signal.where,
            started_at=signal.started_at,
            sequence=signal.sequence,
        ),
    )


def _stands(event: IncidentEvent, at: Position, rows: Rows) -> None:
    """The incident as it is after an event, and a line in its timeline."""
    told = event.incident
    rows.put(
        INCIDENT,
        IncidentRow(
            id=told.id,
            title=told.title,
            state=told.state.value,
            severity=told.severity.value,
            cluster_ids=told.cluster_ids,
            place=told.where,
            signals=told.signals,
            lasting=told.lasting,
            opened_at=told.opened_at,
            last_signal_at=told.last_signal_at,
            acknowledged_by=told.acknowledged_by,
            acknowledged_at=told.acknowledged_at,
            resolved_by=told.resolved_by,
            resolved_at=told.resolved_at,
            merged_into=told.merged_into,
            version=_version(at),
            changed_at=at.logged_at,
        ),
    )
    rows.put(ENTRY, _entry(event, at))


def _entry(event: IncidentEvent, at: Position) -> EntryRow:
    told = event.incident
    updated = event if isinstance(event, IncidentUpdated) else None
    parted = event if isinstance(event, IncidentSplit) else None
    return EntryRow(
        sequence=at.sequence,
        incident_id=told.id,
        event_type=event.names.public,
        at=at.logged_at,
        actor=at.delivery.headers["ce-actor"],
        reason=event.reason,
        state=told.state.value,
        severity=told.severity.value,
        cluster_ids=told.cluster_ids,
        signals=told.signals,
        lasting=told.lasting,
        added=dict(Counter(str(signal.cluster_id) for signal in _added(event))),
        ended=len(updated.ended) if updated else 0,
        resumed=len(updated.resumed) if updated else 0,
        moved=len(parted.moved) if parted else 0,
        other_id=event.other_id if isinstance(event, IncidentMerged | IncidentSplit) else None,
    )


def _added(event: IncidentEvent) -> list[Signal]:
    match event:
        case IncidentOpened():
            return list(event.added)
        case IncidentUpdated() | IncidentReopened():
            return [joined.signal for joined in event.added]
        case IncidentAcknowledged() | IncidentResolved() | IncidentMerged() | IncidentSplit():
            return []
        case _:
            assert_never(event)


def _version(at: Position) -> int:
    return parse(at.delivery.subject).version or 0
