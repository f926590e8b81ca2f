"""What people decide about incidents, from their heads and what belongs to them: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, assert_never
from uuid import UUID

from contracts.alerts import Severity
from contracts.incidents import (
    MOST_CLUSTERS,
    AcknowledgeIncident,
    Incident,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentState,
    MergeIncidents,
    ReopenIncident,
    ResolveIncident,
    Signal,
    SplitIncident,
)
from contracts.refusals import Code, Refused

_WORST = tuple(Severity)
_LONGEST_TITLE = 200
_MOST_PLACES = 16
_NAMED = 5
"""Signals that a refusal names."""

Alone = AcknowledgeIncident | ResolveIncident | ReopenIncident
"""What is asked of one incident."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and when."""

    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A signal that belongs to an incident."""

    signal: Signal
    lasting: bool
    since: datetime
    """When it was added."""


def evolve(_: Incident | None, event: IncidentEvent) -> Incident:
    """The incident after one more event, whatever came before."""
    return event.incident


def require_usable(incident: Incident, version: int, expected: int | None) -> None:
    """Refused for one that is another's part by now, or not at the version that was seen."""
    if incident.merged_into is not None:
        text = f"incident {incident.id} went into incident {incident.merged_into}"
        raise Refused(Code.VERSION_CONFLICT, text, {"merged_into": str(incident.merged_into)})
    if expected is not None and expected != version:
        text = f"the incident is at version {version}, not {expected}"
        details = {"expected_version": expected, "version": version}
        raise Refused(Code.VERSION_CONFLICT, text, details)


def decide(now: Incident, command: Alone, asked: Asked) -> list[IncidentEvent]:
    """What follows from a command about one incident; none where it is so by the same actor."""
    match command:
        case AcknowledgeIncident():
            return _acknowledge(now, command, asked)
        case ResolveIncident():
            return _resolve(now, command, asked)
        case ReopenIncident():
            return _reopen(now, command, asked)
        case _:
            assert_never(command)


def _acknowledge(now: Incident, command: AcknowledgeIncident, asked: Asked) -> list[IncidentEvent]:
    if now.state is IncidentState.ACKNOWLEDGED and now.acknowledged_by == asked.actor:
        return []
    if now.state is not IncidentState.OPEN:
        raise _not_now(now)
    taken = {
        "state": IncidentState.ACKNOWLEDGED,
        "acknowledged_by": asked.actor,
        "acknowledged_at": asked.at,
    }
    reason = command.comment or f"{asked.actor} works on it"
    return [IncidentAcknowledged(incident=_changed(now, taken), reason=reason)]


def _resolve(now: Incident, command: ResolveIncident, asked: Asked) -> list[IncidentEvent]:
    if now.state is IncidentState.RESOLVED and now.resolved_by == asked.actor:
        return []
    if now.state is IncidentState.RESOLVED:
        raise _not_now(now)
    reason = command.comment or f"{asked.actor} says that it is over"
    return [IncidentResolved(incident=_changed(now, _over(asked)), reason=reason)]


def _reopen(now: Incident, command: ReopenIncident, asked: Asked) -> list[IncidentEvent]:
    if now.state is not IncidentState.RESOLVED:
        raise _not_now(now)
    reason = command.comment or f"{asked.actor} says that it is not over"
    return [IncidentReopened(incident=_changed(now, _ANEW), reason=reason)]


_ANEW: Mapping[str, Any] = {
    "state": IncidentState.OPEN,
    "acknowledged_by": None,
    "acknowledged_at": None,
    "resolved_by": None,
    "resolved_at": None,
}
_STANDING = tuple(_ANEW)


def _over(asked: Asked) -> dict[str, Any]:
    return {
        "state": IncidentState.RESOLVED,
        "resolved_by": asked.actor,
        "resolved_at": asked.at,
    }


def _not_now(now: Incident) -> Refused:
    by = now.resolved_by if now.state is IncidentState.RESOLVED else now.acknowledged_by
    text = f"the incident is {now.state.value.lower()}{f' by {by}' if by else ''}"
    return Refused(Code.VERSION_CONFLICT, text, {"state": now.state.value})


def _changed(incident: Incident, changes: Mapping[str, Any]) -> Incident:
    """With other values, which are as they must be."""
    return incident.model_copy(update=changes)


def merge(
    stays: Incident, ends: Incident, command: MergeIncidents, asked: Asked
) -> tuple[IncidentMerged, IncidentMerged]:
    """One incident of two: what is told of the one that ends, and of the one that stays.

    Resolved it is only if both were; acknowledged if somebody works on either of them.
    """
    clusters = tuple(dict.fromkeys((*stays.cluster_ids, *ends.cluster_ids)))
    if len(clusters) > MOST_CLUSTERS:
        text = f"an incident is about {MOST_CLUSTERS:,} clusters at most"
        raise Refused(Code.LIMIT_REACHED, text)
    reason = command.comment or f"{asked.actor} says that the two are one"
    whole = {
        **_standing(stays, ends),
        "severity": _worst(stays.severity, ends.severity),
        "cluster_ids": clusters,
        "where": _common(stays, ends),
        "signals": stays.signals + ends.signals,
        "lasting": stays.lasting + ends.lasting,
        "opened_at": min(stays.opened_at, ends.opened_at),
        "last_signal_at": max(stays.last_signal_at, ends.last_signal_at),
    }
    over = {} if ends.state is IncidentState.RESOLVED else _over(asked)
    gone = {**over, "merged_into": stays.id, "signals": 0, "lasting": 0}
    return (
        IncidentMerged(incident=_changed(ends, gone), reason=reason, other_id=stays.id),
        IncidentMerged(incident=_changed(stays, whole), reason=reason, other_id=ends.id),
    )


def _standing(stays: Incident, ends: Incident) -> dict[str, Any]:
    """State and who has set it: that of the one on which somebody works, or which is not over."""
    ranks = (IncidentState.ACKNOWLEDGED, IncidentState.OPEN, IncidentState.RESOLVED)
    of = min((stays, ends), key=lambda each: ranks.index(each.state))
    return {name: getattr(of, name) for name in _STANDING}


def _common(stays: Incident, ends: Incident) -> tuple[str, ...]:
    """What they share, or else where the one with more signals is."""
    shared = tuple(each for each in stays.where if each in ends.where)
    return shared or max((stays, ends), key=lambda each: each.signals).where


def _worst(*severities: Severity) -> Severity:
    return min(severities, key=_WORST.index)


def split(
    whole: Incident,
    members: Mapping[UUID, Member],
    new_id: UUID,
    command: SplitIncident,
    asked: Asked,
) -> tuple[IncidentSplit, IncidentSplit]:
    """Two incidents of one: what is told of the one that signals leave, and of the new one.

    The new one is as the other one is: open, acknowledged or resolved.
    """
    moved = tuple(dict.fromkeys(command.signal_ids))
    _require_part(whole, members, moved)
    leaving = [members[each] for each in moved]
    staying = [member for each, member in members.items() if each not in set(moved)]
    reason = command.comment or f"{asked.actor} says that these are another matter"
    signals = [each.signal for each in leaving]
    new = {**_sums(leaving), "id": new_id, "title": _title(signals), "where": _shared(signals)}
    left, came = _changed(whole, _sums(staying)), _changed(whole, new)

    def told(incident: Incident, other: UUID, *, from_other: bool) -> IncidentSplit:
        return IncidentSplit(
            incident=incident, reason=reason, other_id=other, moved=moved, from_other=from_other
        )

    return told(left, new_id, from_other=False), told(came, whole.id, from_other=True)


def _require_part(whole: Incident, members: Mapping[UUID, Member], moved: Sequence[UUID]) -> None:
    foreign = [str(each) for each in moved if each not in members]
    if foreign:
        text = f"do not belong to incident {whole.id}: {', '.join(foreign[:_NAMED])}"
        raise _wrong_signals(text + (" and others" if len(foreign) > _NAMED else ""))
    if len(moved) == len(members):
        raise _wrong_signals("are all that belong to the incident: nothing would be left of it")


def _wrong_signals(text: str) -> Refused:
    details = {"fields": [{"field": "signal_ids", "message": text}]}
    return Refused(Code.VALIDATION_FAILED, f"signal_ids {text}", details)


def _sums(members: Sequence[Member]) -> dict[str, Any]:
    """What follows for an incident from all that belongs to it."""
    signals = [each.signal for each in members]
    return {
        "severity": _worst(*(each.severity for each in signals)),
        "cluster_ids": tuple(dict.fromkeys(each.cluster_id for each in signals)),
        "signals": len(signals),
        "lasting": sum(each.lasting for each in members),
        "opened_at": min(each.started_at for each in signals),
        "last_signal_at": max(each.since for each in members),
    }


def _title(signals: Sequence[Signal]) -> str:
    """By the earliest of the worst: ``KubeNodeNotReady on worker-3 and 4 more``."""
    first = min(signals, key=lambda each: (_WORST.index(each.severity), each.started_at))
    place = first.where[0].partition("/")[2] if first.where else ""
    more = f" and {len(signals) - 1} more" if len(signals) > 1 else ""
    return f"{first.name}{f' on {place}' if place else ''}"[:_LONGEST_TITLE] + more


def _shared(signals: Sequence[Signal]) -> tuple[str, ...]:
    """What more than half of them have, as those have it who come first."""
    all_of_them = chain.from_iterable(dict.fromkeys(each.where) for each in signals)
    counts: dict[str, int] = {}
    for each in all_of_them:
        counts[each] = counts.get(each, 0) + 1
    return tuple(each for each, count in counts.items() if 2 * count > len(signals))[:_MOST_PLACES]
