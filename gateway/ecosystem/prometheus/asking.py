"""Asks the clusters that a request is for, and says who is missing from the answer and why."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar import Response

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of
from gateway.ecosystem.prometheus.parameters import Parameters, parameters
from gateway.federation.completeness import completeness
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.gathering import Room, Round, gather
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.gate import Gate
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
    given: Parameters
    clusters: tuple[ClusterRef, ...]
    seconds: float
    traceparent: str | None
    warnings: list[str] = field(default_factory=list[str])

    async def ask(self, asked: Mapping[UUID, Query], shape: type[T]) -> Answers[T]:
        """Ask these clusters; Refused when none of them has answered."""
        told = await self._gathered(asked)
        answers = [_read(answer, shape) for answer in told]
        _refuse_nothing([answer for answer, _ in answers])
        found = [
            Answer(answer.cluster.name, data, str(answer.told.get("kind", "")))
            for answer, data in answers
            if data is not None
        ]
        return Answers(found, [*self.warnings, *_warnings([answer for answer, _ in answers])])

    async def _gathered(self, asked: Mapping[UUID, Query]) -> list[ClusterAnswer]:
        """All answers in the order of the clusters, within one budget."""
        together: dict[Query, list[ClusterRef]] = {}
        for each in self.clusters:
            if each.id in asked:
                together.setdefault(asked[each.id], []).append(each)
        room = Room()
        rounds = [
            gather(self.gate, Round(clusters, question, self.seconds, self.traceparent), room)
            for question, clusters in together.items()
        ]
        told = [answer for answers in await asyncio.gather(*rounds) for answer in answers]
        return sorted(told, key=lambda answer: answer.cluster.name)

    async def ask_all(self, query: Query, shape: type[T]) -> Answers[T]:
        """Ask every cluster the same."""
        return await self.ask({each.id: query for each in self.clusters}, shape)


async def fleet(gate: Gate, request: AnyRequest) -> Fleet:
    """Read a request, and see whom it may ask."""
    given = await parameters(request)
    mine = principal_of(request).clusters
    found = await chosen(gate, (), "prometheus")
    clusters = tuple(each for each in found if not mine or each.id in mine)
    traceparent = request.scope["state"].get("traceparent")
    warnings = [] if clusters else [_NOBODY]
    return Fleet(gate, given, clusters, given.seconds(), traceparent, warnings)


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
    told = [
        f"{answer.cluster.name}: {warning}"
        for answer in answers
        for warning in answer.told.get("warnings", ())
    ]
    return [*_bounded(missing, "clusters are missing"), *_bounded(told, "warnings")]


def _bounded(texts: Sequence[str], what: str) -> list[str]:
    more = len(texts) - _MOST_WARNINGS
    return [*texts[:_MOST_WARNINGS], *([f"{more} more {what}"] if more > 0 else [])]


class _Success(msgspec.Struct):
    data: Any
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET
    status: str = "success"


def success(data: Any, warnings: Sequence[str] = ()) -> Response[Any]:
    """An answer."""
    told = list(dict.fromkeys(warnings))
    return raw(msgspec.json.encode(_Success(data, told or msgspec.UNSET)))


def limited(items: list[T], given: Parameters, warnings: list[str]) -> list[T]:
    """No more than ``limit``; it is said when there are more."""
    limit = given.count("limit")
    if limit is None or len(items) <= limit:
        return items
    warnings.append(_TRUNCATED)
    return items[:limit]
