"""What the routes over logs and traces share: whom they ask, for how long, and how they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of
from gateway.federation.completeness import completeness
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.gathering import Room, Round, gather
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.gate import Gate
from gateway.rest.shared import AnyRequest, errors, field_error, ids, raw
from projections.fleet.metrics_only_queries import metrics_only

SECONDS = 30.0
"""How long clusters have for their answers."""
_BACK = timedelta(hours=1)
Clusters = Annotated[
    list[str] | None,
    QueryParameter(description="May be repeated; without it, every one that is not OFFLINE."),
]
Start = Annotated[datetime | None, QueryParameter(description="RFC 3339.")]
End = Annotated[datetime | None, QueryParameter(description="RFC 3339.")]


@dataclass(frozen=True, slots=True)
class Asking:
    """The clusters that a request asks, and since when."""

    gate: Gate
    clusters: tuple[ClusterRef, ...]
    refused: tuple[ClusterAnswer, ...]
    """Of clusters that were named but have nothing of the kind."""
    began: float
    traceparent: str | None

    async def ask(self, question: Query) -> list[ClusterAnswer]:
        """Put a question to all of them."""
        asked = Round(self.clusters, question, self.left, self.traceparent)
        return [*await gather(self.gate, asked, Room()), *self.refused]

    @property
    def left(self) -> float:
        """Seconds until everything must be there."""
        return max(SECONDS - (self.gate.clock.monotonic() - self.began), 0.001)

    def answer(self, answers: Sequence[ClusterAnswer], fields: dict[str, Any]) -> Response[Any]:
        """These fields and how whole they are: 200 or 206; Refused if no cluster has answered."""
        whole = completeness(answers)
        took = round((self.gate.clock.monotonic() - self.began) * 1000, 1)
        warnings = [
            f"{answer.cluster.name}: {warning}"
            for answer in answers
            for warning in answer.told.get("warnings") or ()
        ]
        said = {"warnings": warnings, "total_query_time_ms": took}
        body = {**fields, **whole.fields(), **said}
        return raw(msgspec.json.encode(body), status=whole.or_refused(body).status)


async def asking(gate: Gate, request: AnyRequest, wanted: Sequence[UUID], backend: str) -> Asking:
    """Whom a request asks; without ids every cluster that has the backend.

    CLUSTER_NOT_FOUND for one that there is not, or that is none of who is asking.
    """
    began = gate.clock.monotonic()
    mine = principal_of(request).clusters
    foreign = set(wanted) - mine if mine else set[UUID]()
    if foreign:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {min(map(str, foreign))}")
    found = [each for each in await chosen(gate, wanted, backend) if not mine or each.id in mine]
    bare = await metrics_only(gate.database, [each.id for each in found])
    clusters = tuple(each for each in found if each.id not in bare)
    refused = tuple(_bare(each, backend) for each in found if each.id in bare) if wanted else ()
    traceparent: str | None = request.scope["state"].get("traceparent")
    return Asking(gate, clusters, refused, began, traceparent)


def _bare(cluster: ClusterRef, backend: str) -> ClusterAnswer:
    what = "traces" if backend == "tempo" else "logs"
    message = f"a FAR_EDGE cluster has metrics only, no {what}"
    return ClusterAnswer(cluster, Status.ERROR, code=Code.CLUSTER_UNREACHABLE, message=message)


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
    ours = errors(Code.CLUSTER_NOT_FOUND, Code.UPSTREAM_FAILED, Code.QUERY_TIMEOUT, *codes)
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
