"""Asks the clusters that a request is for, and says who is missing from the answer and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar import Response

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.auth.guards import reads_of
from gateway.ecosystem.prometheus.parameters import Parameters, parameters
from gateway.federation.answers import Made, fielded
from gateway.federation.completeness import completeness
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.gathering import Round, gather, side_by_side
from gateway.federation.memory import Room
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.federation.sharing import DESCRIBED, Inquiry, Matter, answered, put_together
from gateway.gate import Gate
from gateway.rest.federated import fresh, shown
from gateway.rest.shared import AnyRequest, raw

T = TypeVar("T")
_ANSWERED = frozenset({Status.SUCCESS, Status.PARTIAL})
_MOST_WARNINGS = 50
_NOBODY = "no cluster with a Prometheus is registered here"
_TRUNCATED = "results truncated due to limit"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one cluster has answered."""

    cluster: str
    data: T
    kind: str


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What those have answered that did."""

    each: Sequence[Answer[T]]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Fleet:
    """A request, and the clusters that it may ask."""

    gate: Gate
    path: str
    given: Parameters
    clusters: tuple[ClusterRef, ...]
    seconds: float
    fresh: bool
    """Not from the cache."""
    traceparent: str | None
    warnings: list[str] = field(default_factory=list[str])

    async def ask(
        self,
        asked: Mapping[UUID, Query],
        shape: type[T],
        tell: Callable[[Answers[T]], Any],
        *,
        keep: float = DESCRIBED,
    ) -> Response[Any]:
        """What is told of these clusters' answers; Refused when none of them has answered.

        ``tell`` may add to their warnings. ``keep``: seconds that it counts for the same request.
        """

        def put(answers: Sequence[ClusterAnswer]) -> Made:
            read = [_read(answer, shape) for answer in answers]
            told = [answer for answer, _ in read]
            _refuse_nothing(told)
            found = [
                Answer(answer.cluster.name, data, str(answer.told.get("kind", "")))
                for answer, data in read
                if data is not None
            ]
            given = Answers(found, [*self.warnings, *_warnings(told)])
            data = tell(given)
            return fielded(_body(data, given.warnings), told)

        async def ask(room: Room) -> Made:
            return await put_together(put, await self._gathered(asked, room))

        # All parameters, as they came: whatever they are for, another is another request.
        told = sorted(each for each in self.given.told.items() if each[0] != "timeout")
        matter = Matter("prometheus", (self.path, *told), keep)
        found = await answered(
            self.gate, Inquiry(matter, self.clusters, ask, self.seconds, self.fresh)
        )
        return shown(self.gate, found, iter(found.results[0].data), 200)

    async def _gathered(self, asked: Mapping[UUID, Query], room: Room) -> list[ClusterAnswer]:
        """All answers in the order of the clusters, within one budget."""
        together: dict[Query, list[ClusterRef]] = {}
        for each in self.clusters:
            if each.id in asked:
                together.setdefault(asked[each.id], []).append(each)
        rounds = (
            gather(self.gate, Round(clusters, question, self.seconds, self.traceparent), room)
            for question, clusters in together.items()
        )
        told = [answer for answers in await side_by_side(rounds) for answer in answers]
        return sorted(told, key=lambda answer: answer.cluster.name)

    async def ask_all(
        self,
        query: Query,
        shape: type[T],
        tell: Callable[[Answers[T]], Any],
        *,
        keep: float = DESCRIBED,
    ) -> Response[Any]:
        """Ask every cluster the same."""
        return await self.ask({each.id: query for each in self.clusters}, shape, tell, keep=keep)


async def fleet(gate: Gate, request: AnyRequest) -> Fleet:
    """Read a request, and see whom it may ask."""
    given = await parameters(request)
    clusters = await chosen(gate, (), "prometheus", reads_of(request))
    warnings = [] if clusters else [_NOBODY]
    traceparent = request.scope["state"].get("traceparent")
    path, seconds = request.scope["path"], given.seconds()
    return Fleet(gate, path, given, clusters, seconds, fresh(request), traceparent, warnings)


def _read(answer: ClusterAnswer, shape: type[T]) -> tuple[ClusterAnswer, T | None]:
    if answer.status not in _ANSWERED:
        return answer, None
    try:
        return answer, msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, RecursionError):
        text = "its Prometheus has answered something else than was asked"
        told = ClusterAnswer(answer.cluster, Status.ERROR, code=Code.UPSTREAM_FAILED, message=text)
        return told, None


def _refuse_nothing(answers: Sequence[ClusterAnswer]) -> None:
    """Refused when clusters were asked and none has answered."""
    whole = completeness(answers)
    if whole.code is None:
        return
    reasons = sorted({f"{each.cluster_name}: {each.reason}" for each in whole.missing})
    more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
    codes = {each.code for each in whole.missing}
    if len(codes) == 1 and Code.LIMIT_REACHED.name in codes:
        raise Refused(Code.LIMIT_REACHED, "; ".join(reasons[:3]) + more)
    raise Refused(whole.code, "; ".join(reasons[:3]) + more)


def _warnings(answers: Sequence[ClusterAnswer]) -> list[str]:
    missing = [
        f"{answer.cluster.name} is missing: {answer.message} ({answer.code and answer.code.name})"
        for answer in answers
        if answer.status not in _ANSWERED
    ]
    told = [f"{answer.cluster.name}: {warning}" for answer in answers for warning in answer.notes]
    return [*_bounded(missing, "clusters are missing"), *_bounded(told, "warnings")]


def _bounded(texts: Sequence[str], what: str) -> list[str]:
    more = len(texts) - _MOST_WARNINGS
    return [*texts[:_MOST_WARNINGS], *([f"{more} more {what}"] if more > 0 else [])]


def success(data: Any, warnings: Sequence[str] = ()) -> Response[Any]:
    """An answer that no cluster was asked for."""
    return raw(msgspec.json.encode(_body(data, warnings)))


def _body(data: Any, warnings: Sequence[str]) -> dict[str, Any]:
    told = list(dict.fromkeys(warnings))
    return {"status": "success", "data": data, **({"warnings": told} if told else {})}


def limited(items: list[T], given: Parameters, warnings: list[str]) -> list[T]:
    """No more than ``limit``; it is said when there are more."""
    limit = given.count("limit")
    if limit is None or len(items) <= limit:
        return items
    warnings.append(_TRUNCATED)
    return items[:limit]
