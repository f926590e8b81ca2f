"""Incidents: what belongs together of all that is wrong, why so, and what people do about it."""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.alerts import Severity
from contracts.envelope import Command, Event, Message, Query, Timestamp
from contracts.subjects import NO_CLUSTER, EntityKey

MOST_AT_ONCE = 500
"""Signals that one event tells: it stays far below what one message may hold."""
MOST_CLUSTERS = 1000
MOST_RULES = 200
NOT_SHOWN = "not shown: this incident is also about clusters that you do not see"
"""In place of words that may speak of such clusters."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
# PostgreSQL's text cannot hold U+0000.
Comment = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]


class SignalKind(StrEnum):
    """What a signal was in the log."""

    ALERT = "ALERT"
    ANOMALY = "ANOMALY"
    STATUS = "STATUS"
    """A state that the hub has seen itself: of a cluster, a GPU, a network function, a backend."""


class Signal(Message):
    """Something that is wrong, as far as it matters for what belongs together."""

    id: UUID
    """Of the alert's occurrence or of the anomaly; of a state, made from its entity and event."""
    kind: SignalKind
    cluster_id: UUID
    name: Text
    """The name of the alert, the metric of an anomaly, the state, such as ``CLUSTER_OFFLINE``."""
    severity: Severity
    where: Annotated[tuple[Text, ...], Field(max_length=16)] = ()
    """What it is about inside of its cluster, the most particular first: ``pod/shop/cart-5d8f``,
    ``workload/shop/cart``, ``node/worker-3``, ``namespace/shop``."""
    started_at: Timestamp
    """When it began, as its source tells it."""
    sequence: Annotated[int, Field(ge=1)]
    """Of the event that told it."""


class IncidentState(StrEnum):
    """What is done about an incident."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    """Somebody has taken it up."""
    RESOLVED = "RESOLVED"


class Incident(Message):
    """What is known of an incident after an event; its signals are told by the events alone."""

    id: UUID
    title: Text
    """Made of its signals."""
    state: IncidentState
    severity: Severity
    """The worst of the signals that belong to it, whether they last or not."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)]
    where: Annotated[tuple[Text, ...], Field(max_length=16)] = ()
    """What most of its signals share, the most particular first; as in `Signal`."""
    signals: Annotated[int, Field(ge=0)]
    """That belong to it, ended or not."""
    lasting: Annotated[int, Field(ge=0)]
    """Of these, the ones that have not ended."""
    opened_at: Timestamp
    """When its first signal began."""
    last_signal_at: Timestamp
    """When a signal was added last."""
    acknowledged_by: str | None = None
    """Null: nobody has, since it was opened last."""
    acknowledged_at: Timestamp | None = None
    resolved_by: str | None = None
    """Null where it was resolved because all of it had ended."""
    resolved_at: Timestamp | None = None
    merged_into: UUID | None = None
    """The incident that it has ended in."""

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody sees it who may see these clusters alone; its numbers are of the whole."""
        shown = tuple(each for each in self.cluster_ids if each in clusters)
        return self.model_copy(update={"title": NOT_SHOWN, "cluster_ids": shown, "where": ()})


class _IncidentFact(Event):
    entity: ClassVar[str] = "incident"
    spans: ClassVar[bool] = True

    incident: Incident
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Why: what its signals have in common, in numbers, or what somebody wrote."""

    @property
    def key(self) -> EntityKey:
        """The incident; it may be about several clusters."""
        return incident_key(self.incident.id)

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters of its signals."""
        return frozenset(self.incident.cluster_ids)

    def only(self, clusters: Collection[UUID]) -> Self:
        """Without signals of other clusters, and ids of which it is not known whose they are."""
        left = {"incident": self.incident.only(clusters), "reason": NOT_SHOWN}
        return self.model_copy(update={**left, **self._only(clusters)})

    def _only(self, clusters: Collection[UUID]) -> dict[str, Any]:
        """What is left of the fields of its own."""
        return {}


class IncidentOpened(_IncidentFact):
    """Something is wrong that belongs to nothing that is known."""

    added: Annotated[tuple[Signal, ...], Field(max_length=MOST_AT_ONCE)]

    def _only(self, clusters: Collection[UUID]) -> dict[str, Any]:
        return {"added": tuple(each for each in self.added if each.cluster_id in clusters)}


class Joined(Message):
    """A signal that belongs to an incident now, and why."""

    signal: Signal
    reason: Text
    likeness: Annotated[float, Field(ge=0, le=1)]
    """How much it has in common with what was there; 1: all of it."""


def _of(clusters: Collection[UUID], joined: tuple[Joined, ...]) -> tuple[Joined, ...]:
    """Those of these clusters; why they joined may speak of others."""
    return tuple(
        each.model_copy(update={"reason": NOT_SHOWN})
        for each in joined
        if each.signal.cluster_id in clusters
    )


class IncidentUpdated(_IncidentFact):
    """Signals were added to an incident, have ended, or do not belong to it any more."""

    added: Annotated[tuple[Joined, ...], Field(max_length=MOST_AT_ONCE)] = ()
    ended: Annotated[tuple[UUID, ...], Field(max_length=MOST_AT_ONCE)] = ()
    """Signals of it that have ended."""
    resumed: Annotated[tuple[UUID, ...], Field(max_length=MOST_AT_ONCE)] = ()
    """Signals of it that had ended, and are there again."""

    def _only(self, clusters: Collection[UUID]) -> dict[str, Any]:
        return {"added": _of(clusters, self.added), "ended": (), "resumed": ()}


class IncidentAcknowledged(_IncidentFact):
    """Somebody has taken an incident up."""


class IncidentResolved(_IncidentFact):
    """An incident is over: all of it has ended for a while, or somebody says so."""


class IncidentReopened(_IncidentFact):
    """What was resolved is there again, or somebody says that it never ended."""

    added: Annotated[tuple[Joined, ...], Field(max_length=MOST_AT_ONCE)] = ()

    def _only(self, clusters: Collection[UUID]) -> dict[str, Any]:
        return {"added": _of(clusters, self.added)}


class IncidentMerged(_IncidentFact):
    """Two incidents turned out to be one. Told of both: of what stays, and of what ends in it."""

    other_id: UUID
    """Of the other one. The signals of the one that has ``merged_into`` belong to that now."""


class IncidentSplit(_IncidentFact):
    """Signals of an incident belong to another one. Told of both."""

    other_id: UUID
    moved: Annotated[tuple[UUID, ...], Field(max_length=MOST_AT_ONCE)]
    """Signals that left, if `from_other` is false; that came, if it is true."""
    from_other: bool
    """True for the one that they came to."""

    def _only(self, clusters: Collection[UUID]) -> dict[str, Any]:
        return {"moved": ()}


IncidentEvent = (
    IncidentOpened
    | IncidentUpdated
    | IncidentAcknowledged
    | IncidentResolved
    | IncidentReopened
    | IncidentMerged
    | IncidentSplit
)


class _OfIncident(Command):
    area: ClassVar[str] = "incidents"

    incident_id: UUID
    expected_version: Annotated[int, Field(ge=1)] | None = None
    """That the asker has seen; refused if there is a newer one. Null: whatever it is."""


class AcknowledgeIncident(_OfIncident):
    """Take an incident up: say that somebody works on it."""

    comment: Comment = ""


class ResolveIncident(_OfIncident):
    """Say that an incident is over, whatever its signals say."""

    comment: Comment = ""


class ReopenIncident(_OfIncident):
    """Say that an incident which was resolved is not over."""

    comment: Comment = ""


class MergeIncidents(_OfIncident):
    """Make one incident of two: what belongs to the other one belongs to this one."""

    other_id: UUID
    comment: Comment = ""

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.other_id == self.incident_id:
            raise ValueError("an incident cannot be merged with itself")
        return self


class SplitIncident(_OfIncident):
    """Make an incident of its own of some signals of one."""

    signal_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    comment: Comment = ""


RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}[a-z0-9]$")]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
"""A text in which ``*`` stands for any others."""

PlaceKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]


class RuleEffect(StrEnum):
    """What follows for signals that a rule is about."""

    TOGETHER = "TOGETHER"
    """Those that are equal in what the rule names, and not too far apart, are one incident."""
    APART = "APART"
    """Those that differ in what the rule names are never one incident."""
    IGNORED = "IGNORED"
    """They open no incident, and belong to none."""


class CorrelationRule(Message):
    """What an operator knows about signals that the likeness of signals does not tell."""

    id: RuleId
    effect: RuleEffect
    names: Annotated[tuple[Glob, ...], Field(max_length=50)] = ()
    """It is about signals with one of these names; empty: with any."""
    where: Annotated[tuple[Glob, ...], Field(max_length=50)] = ()
    """It is about signals with one of these among their ``where``; empty: with any."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)] = ()
    """Empty: of any cluster."""
    equal: Annotated[tuple[PlaceKind, ...], Field(max_length=8)] = ()
    """Kinds that stand in ``where`` (``node``, ``namespace``, ``workload`` …), and ``cluster`` and
    ``name``."""
    within_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    """How far apart they may begin. Of TOGETHER only."""
    comment: Comment = ""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.effect is not RuleEffect.IGNORED and not self.equal:
            raise ValueError("equal is missing: it says what has to be the same")
        return self


class _RuleFact(Event):
    entity: ClassVar[str] = "correlation_rule"

    rule: CorrelationRule

    @property
    def key(self) -> EntityKey:
        """The rule."""
        return correlation_rule_key(self.rule.id)


class CorrelationRuleDefined(_RuleFact):
    """A rule says from now on what belongs together."""


class CorrelationRuleRemoved(_RuleFact):
    """A rule does not count any more."""


CorrelationRuleEvent = CorrelationRuleDefined | CorrelationRuleRemoved


class DefineCorrelationRule(Command):
    """Say what belongs together, or change what was said; it counts for what comes after."""

    area: ClassVar[str] = "incidents"

    rule: CorrelationRule
    expected_version: Annotated[int, Field(ge=0)] | None = None
    """0: only if there is none; null: whatever there is."""


class RemoveCorrelationRule(Command):
    """Let a rule count no more; incidents stay as they are."""

    area: ClassVar[str] = "incidents"

    rule_id: RuleId


def incident_key(incident_id: UUID) -> EntityKey:
    """An incident."""
    return EntityKey(NO_CLUSTER, "incident", str(incident_id))


def correlation_rule_key(rule_id: str) -> EntityKey:
    """A rule about what belongs together."""
    return EntityKey(NO_CLUSTER, "correlation_rule", rule_id)


class RehearseRules(Query):
    """Ask what incidents there would have been with other rules.

    The one part is a JSON object `Rehearsed`.
    """

    since: Timestamp
    until: Timestamp
    before: Annotated[tuple[CorrelationRule, ...], Field(max_length=MOST_RULES)]
    """The rules that count."""
    after: Annotated[tuple[CorrelationRule, ...], Field(max_length=MOST_RULES)]
    """Those that would."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=10_000)] = ()
    """Only what was wrong in these; empty: in any."""


class RehearsedIncident(Message):
    """An incident that there would have been."""

    title: Text
    severity: Severity
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)]
    where: tuple[Text, ...]
    signals: Annotated[int, Field(ge=0)]
    opened_at: Timestamp
    was: tuple[Text, ...]
    """Titles of the incidents that its signals belong to by the rules that count, the largest share
    first, ten at most."""


class Rehearsed(Message):
    """What incidents there would have been in a time."""

    events: Annotated[int, Field(ge=0)]
    """That were read of the log."""
    before: Annotated[int, Field(ge=0)]
    """Incidents by the rules that count; what people have done is not looked at."""
    after: Annotated[int, Field(ge=0)]
    signals_before: Annotated[int, Field(ge=0)]
    """Signals that belong to one of them."""
    signals_after: Annotated[int, Field(ge=0)]
    changed: tuple[RehearsedIncident, ...]
    """Incidents that there would have been, and are not by the rules that count: the largest first,
    a hundred at most."""
    gone: tuple[RehearsedIncident, ...]
    """Those that there would not be any more."""
    whole_from: Timestamp | None = None
    """Events before this time may have aged out; null if nothing is missing."""
