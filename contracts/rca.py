"""Root cause analysis: which entity is behind it, how sure that is, and which events say so."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.envelope import Command, Event, Message, Timestamp
from contracts.incidents import MOST_CLUSTERS, NOT_SHOWN, Text
from contracts.rca_seen import MOST_SEEN, RcaLive
from contracts.subjects import NO_CLUSTER, EntityKey

MOST_CAUSES = 10
MOST_CLAIMS = 20
"""Of one cause."""
MOST_CITED = 50
"""Events that one claim cites; of more, the first ones."""
MOST_MOMENTS = 200
MOST_EDGES = 200
LONGEST_WINDOW = timedelta(days=1)

Share = Annotated[float, Field(ge=0, le=1)]
Cited = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=MOST_CITED)]
SeenAt = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=MOST_SEEN)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class RcaTrigger(StrEnum):
    """What an analysis is of."""

    INCIDENT = "INCIDENT"
    ALERT = "ALERT"
    ANOMALY = "ANOMALY"
    WINDOW = "WINDOW"
    """All that was wrong with a cluster in a time."""


class RcaEntity(Message):
    """Something in a cluster, by the word that signals have for its place."""

    cluster_id: UUID
    place: Text
    """Such as ``node/worker-3``, ``workload/shop/cart``; ``cluster`` for the whole of it."""


class RcaClaim(Message):
    """Something that is said of an entity, with the events that say so."""

    text: Sentence
    cited: Cited
    """Positions in the log of the events that tell of the entity; of what was found of earlier
    incidents, of the analyses."""
    effects: Cited = ()
    """Of those that tell what it has led to, where it says that."""
    seen: SeenAt = ()
    """What was seen live that tells of the entity: numbers in ``live.seen``, from 0."""
    effects_seen: SeenAt = ()
    """What was seen live that tells what it has led to."""
    is_fact: bool
    """Whether each cited event exists, is about the entity or about what it led to, and came before
    that by its source's clock and in the log; of what was seen live, by its source's clock alone.
    What is not borne out so is a hypothesis."""


class RcaCause(Message):
    """An entity that may be the cause."""

    entity: RcaEntity
    kind: Text
    """What is broken, such as ``node``, ``name resolution``, ``workload``."""
    score: Share
    """How much speaks for it; 1: as much as can."""
    claims: Annotated[tuple[RcaClaim, ...], Field(max_length=MOST_CLAIMS)]
    doubts: Annotated[tuple[Sentence, ...], Field(max_length=MOST_CLAIMS)] = ()
    """What speaks against it."""


class RcaEdgeKind(StrEnum):
    """What connects two entities."""

    TEMPORAL = "TEMPORAL"
    """One may have led to the other, and was there first."""
    TOPOLOGY = "TOPOLOGY"
    """One runs on the other, or is a part of it."""
    CORRELATION = "CORRELATION"
    """One may have led to the other, but was told of later."""
    CALLS = "CALLS"
    """The source is called by the target, so that what is wrong with it is felt there."""


class RcaEdge(Message):
    """An edge of the graph, from what may be the cause."""

    kind: RcaEdgeKind
    source: RcaEntity
    """What may be the cause."""
    target: RcaEntity
    """What it may have led to."""
    weight: Share


class RcaMoment(Message):
    """Something that happened, on the timeline."""

    at: Timestamp
    entity: RcaEntity
    text: Text
    sequence: Annotated[int, Field(ge=1)] | None
    """Of the event that told it; null: it was seen live."""
    seen: Annotated[int, Field(ge=0)] | None = None
    """Its number in ``live.seen``, if it was seen live."""


class RcaAction(Message):
    """A step for people; nothing is carried out."""

    text: Sentence
    command: Annotated[str, StringConstraints(max_length=500)] = ""
    """To read more by, in a shell that is logged in to the cluster."""


class RcaResult(Message):
    """What an analysis has found. The same range of the log, with what was seen live, gives the
    same."""

    id: UUID
    trigger: RcaTrigger
    trigger_id: UUID
    """Of the incident, the alert's occurrence, the anomaly; of a window, its cluster."""
    incident_id: UUID | None = None
    """The incident that it is about, or that the alert or anomaly belongs to."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)]
    window_start: Timestamp
    window_end: Timestamp
    first_sequence: Annotated[int, Field(ge=0)]
    last_sequence: Annotated[int, Field(ge=0)]
    """The positions of the log that were looked at."""
    signals: Annotated[int, Field(ge=0)]
    """That it rests on."""
    is_known: bool
    """Whether the first cause is the cause; false: it is unknown, and causes are hypotheses."""
    causes: Annotated[tuple[RcaCause, ...], Field(max_length=MOST_CAUSES)]
    """The most likely first."""
    edges: Annotated[tuple[RcaEdge, ...], Field(max_length=MOST_EDGES)] = ()
    timeline: Annotated[tuple[RcaMoment, ...], Field(max_length=MOST_MOMENTS)] = ()
    explanation: Sentence
    """In words: what it was, or why that is not known."""
    actions: Annotated[tuple[RcaAction, ...], Field(max_length=20)] = ()
    """For the first cause, if it is known."""
    live: RcaLive = RcaLive()

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody sees it who may see these clusters alone."""
        shown = tuple(each for each in self.cluster_ids if each in clusters)
        hidden = {"causes": (), "edges": (), "timeline": (), "actions": (), "live": RcaLive()}
        return self.model_copy(update={"cluster_ids": shown, "explanation": NOT_SHOWN, **hidden})


class RcaComplete(Event):
    """The root cause of something was looked for."""

    entity: ClassVar[str] = "rca"
    aggregate: ClassVar[bool] = False
    spans: ClassVar[bool] = True

    result: RcaResult

    @property
    def key(self) -> EntityKey:
        """The analysis; it may be about several clusters."""
        return rca_key(self.result.id)

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters of what was analysed."""
        return frozenset(self.result.cluster_ids)

    def only(self, clusters: Collection[UUID]) -> Self:
        """Without anything that may speak of other clusters."""
        return self.model_copy(update={"result": self.result.only(clusters)})


class AnalyzeRootCause(Command):
    """Look for the root cause of an incident, an alert, an anomaly, or a cluster's bad time."""

    area: ClassVar[str] = "rca"

    incident_id: UUID | None = None
    alert_id: UUID | None = None
    """The occurrence of an alert."""
    anomaly_id: UUID | None = None
    cluster_id: UUID | None = None
    """With ``start`` and ``end``: all that was wrong there in that time, at most a day."""
    start: Timestamp | None = None
    end: Timestamp | None = None

    @property
    def window(self) -> "tuple[UUID, datetime, datetime] | None":
        """The cluster and the time, where that is asked for."""
        if self.cluster_id is None or self.start is None or self.end is None:
            return None
        return self.cluster_id, self.start, self.end

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = (self.incident_id, self.alert_id, self.anomaly_id, self.cluster_id)
        if sum(each is not None for each in given) != 1:
            raise ValueError("name one of incident_id, alert_id, anomaly_id and cluster_id")
        times = (self.start, self.end)
        if self.cluster_id is None and times != (None, None):
            raise ValueError("start and end go with cluster_id alone")
        if self.cluster_id is None:
            return self
        if self.start is None or self.end is None:
            raise ValueError("cluster_id needs start and end")
        if not timedelta(0) < self.end - self.start <= LONGEST_WINDOW:
            raise ValueError("end must be after start, by a day at most")
        return self


def rca_key(rca_id: UUID) -> EntityKey:
    """The entity of an analysis."""
    return EntityKey(NO_CLUSTER, "rca", str(rca_id))
