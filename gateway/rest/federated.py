"""What the routes over logs and traces share: whom they ask, for how long, and how they answer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from litestar.datastructures import ResponseHeader
from litestar.enums import MediaType
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from contracts.envelope import Query
from contracts.refusals import Code
from contracts.telemetry import DescribeLogs, DescribeTraces
from gateway.auth.guards import reads_of
from gateway.federation import logs, sharing
from gateway.federation.answers import Federated, Made, fielded
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.gathering import Round, gather
from gateway.federation.memory import Room
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.federation.sharing import Inquiry, Matter, Process, Put, answered, put_together
from gateway.gate import Gate
from gateway.rest.shared import AnyRequest, errors, field_error, ids, raw
from projections.fleet.metrics_only_queries import metrics_only

SECONDS = 30.0
"""How long clusters have for their answers."""
_BACK = timedelta(hours=1)
_CODES = (Code.CLUSTER_NOT_FOUND, Code.UPSTREAM_FAILED, Code.QUERY_TIMEOUT, Code.OVERLOADED)
_NOT_AT_THE_FAR_EDGE = frozenset({"tempo", "loki"})
_LARGE = 1024 * 1024
"""Bytes: what is larger goes out in pieces of this size at most."""
HEADERS = [
    ResponseHeader(
        name="X-Cache",
        description="HIT, MISS, or BYPASS after Cache-Control: no-cache.",
        documentation_only=True,
    )
]
"""``response_headers`` of a route that asks clusters."""
Clusters = Annotated[
    list[str] | None,
    QueryParameter(description="May be repeated; without it, every one that is not OFFLINE."),
]
Start = Annotated[datetime | None, QueryParameter(description="RFC 3339.")]
End = Annotated[datetime | None, QueryParameter(description="RFC 3339.")]


Asked = Callable[[Room], Awaitable[Made]]
"""Asks clusters, and puts their answers together."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The clusters that a request asks, and since when."""

    gate: Gate
    clusters: tuple[ClusterRef, ...]
    refused: tuple[ClusterAnswer, ...]
    """Of clusters that were named but have nothing of the kind."""
    began: float
    fresh: bool
    """Not from the cache."""
    traceparent: str | None

    async def about(self, matter: Matter, question: Query, put: Put) -> Federated:
        """What all of them say to a question."""

        async def ask(room: Room) -> Made:
            return await put_together(put, await self.ask(question, room))

        return await self.shared(matter, ask)

    async def names(
        self, kind: str, question: DescribeLogs | DescribeTraces, *times: datetime | None
    ) -> Response[Any]:
        """The names that any of them has; ``times`` are those that were given."""
        told = (question.model_dump_json(exclude={"start", "end"}), *times)
        matter = Matter(kind, told, sharing.DESCRIBED)
        return telling(self.gate, await self.about(matter, question, _names))

    async def shared(self, matter: Matter, ask: Asked) -> Federated:
        """What comes of asking them, unless it is known already; as `answered`."""
        everybody = (*self.clusters, *(each.cluster for each in self.refused))
        return await answered(self.gate, Inquiry(matter, everybody, ask, SECONDS, self.fresh))

    async def ask(self, question: Query, room: Room) -> list[ClusterAnswer]:
        """Put a question to all of them."""
        asked = Round(self.clusters, question, self.left, self.traceparent)
        return [*await gather(self.gate, asked, room), *self.refused]

    @property
    def left(self) -> float:
        """Seconds until everything must be there."""
        return max(SECONDS - (self.gate.clock.monotonic() - self.began), 0.001)


async def asking(gate: Gate, request: AnyRequest, wanted: Sequence[UUID], backend: str) -> Asking:
    """Whom a request asks; without ids every cluster that has the backend.

    CLUSTER_NOT_FOUND for one that there is not, or that is none of who is asking.
    """
    began = gate.clock.monotonic()
    found = await chosen(gate, wanted, backend, reads_of(request))
    bare = frozenset[UUID]()
    if backend in _NOT_AT_THE_FAR_EDGE:
        bare = await metrics_only(gate.database, [each.id for each in found])
    clusters = tuple(each for each in found if each.id not in bare)
    refused = tuple(_bare(each, backend) for each in found if each.id in bare) if wanted else ()
    traceparent: str | None = request.scope["state"].get("traceparent")
    return Asking(gate, clusters, refused, began, fresh(request), traceparent)


def _names(answers: Sequence[ClusterAnswer]) -> Made:
    read, found = logs.names(answers)
    return fielded({"data": found}, read)


def _bare(cluster: ClusterRef, backend: str) -> ClusterAnswer:
    what = "traces" if backend == "tempo" else "logs"
    message = f"a FAR_EDGE cluster has metrics only, no {what}"
    return ClusterAnswer(cluster, Status.ERROR, code=Code.CLUSTER_UNREACHABLE, message=message)


def fresh(request: AnyRequest) -> bool:
    """Whether an answer that was kept will not do."""
    told = request.headers.get("cache-control", "").lower()
    return "no-cache" in told or "no-store" in told


def shown(
    gate: Gate, found: Federated, pieces: Iterator[bytes], status: int | None = None
) -> Response[Any]:
    """An answer with these pieces, and where it is from; 206 if not whole and no other is said."""
    headers = {"X-Cache": found.cache.value}
    status = status or found.completeness.status
    if found.size < _LARGE:
        return raw(b"".join(pieces), status=status, headers=headers)
    body = _sent(gate, found, pieces)
    return Stream(body, status_code=status, media_type=MediaType.JSON, headers=headers)


async def _sent(gate: Gate, found: Federated, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    with Process.of(gate).memory.while_sent(found.kept):
        for piece in pieces:
            for start in range(0, len(piece), _LARGE):
                yield piece[start : start + _LARGE]


def telling(gate: Gate, found: Federated) -> Response[Any]:
    """An answer that has fields of its own; Refused if no cluster has answered."""
    return shown(gate, found, found.fields_or_refused().telling())


def cluster_ids(given: list[str] | None) -> tuple[UUID, ...]:
    """The clusters that a parameter names."""
    return ids("cluster_id", given)


def window(gate: Gate, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """From when to when: without an end until now, without a start the hour before the end."""
    until = _zoned("end_time", end) or gate.clock.now()
    since = _zoned("start_time", start) or _an_hour_before(until)
    if since >= until:
        raise field_error("start_time", "must be before end_time")
    return since, until


def span_of(
    gate: Gate, start: datetime | None, end: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """`window`, or nothing if nothing is given: what the backend takes then is up to it."""
    return (None, None) if start is end is None else window(gate, start, end)


def answers_of(shape: type[Any], *codes: Code) -> dict[int, ResponseSpec]:
    """``responses`` of a route that asks clusters."""
    text = "Some clusters have not answered: see missing."
    partial = ResponseSpec(shape, generate_examples=False, description=text)
    ours = errors(*_CODES, *codes)
    return {206: partial} | ours


def _an_hour_before(until: datetime) -> datetime:
    try:
        return until - _BACK
    except OverflowError:
        raise field_error("end_time", "is too early") from None


def _zoned(name: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise field_error(name, "must have a time zone, for example 2026-01-31T12:00:00Z")
    return moment


def duration_seconds(text: str) -> float:
    """Seconds of a duration such as 30s, 5m, 1h, 7d or 1w, whose shape was checked."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    return float(int(text[:-1]) * units[text[-1]])
