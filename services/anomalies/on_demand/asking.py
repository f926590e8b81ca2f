"""Asks the Prometheus of each of some clusters for series over a time: here, or by its site."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.analysis import ClusterUnanswered, DetectAnomalies, MetricsToSearch
from contracts.clusters import (
    HUB,
    Checked,
    Cluster,
    ClusterRegistered,
    ClusterUpdated,
    cluster_key,
)
from contracts.refusals import Code, Refused
from contracts.telemetry import MOST_BYTES, Budget, QueryMetrics
from services.anomalies.on_demand import matrix
from services.anomalies.on_demand.series import LeftOut, Selection, Series, Span
from services.anomalies.on_demand.sources import Gathered
from services.anomalies.watching_series import Unreadable
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.backends.backend import backend_of
from services.runtime.backends.prometheus import Prometheus
from services.runtime.replies import Asked, Reply

_AT_ONCE = 32
"""Clusters whose answers are read at the same time."""
_BYTES = 128 * 1024 * 1024
"""Of the answers that are read at the same time."""
_LEAST_BYTES = 4 * 1024 * 1024
_SERIES = 20_000
"""Of one cluster: with more than are looked at it is told how many, with far more it is refused."""
_LEAST = 0.001
_TOLD_AS_IT_IS = frozenset({Code.QUERY_TIMEOUT, Code.LIMIT_REACHED, Code.INVALID_PROMQL})
_MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class _Answered:
    series: Sequence[Series]
    left_out: LeftOut
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Question:
    """What every cluster is asked."""

    query: QueryMetrics
    span: Span
    asked: Asked
    until: float
    """The loop's time."""

    @property
    def seconds(self) -> float:
        """How long there still is."""
        return max(self.until - asyncio.get_running_loop().time(), _LEAST)


async def gather(
    wanted: DetectAnomalies, metrics: MetricsToSearch, asked: Asked
) -> tuple[Selection, Gathered]:
    """The series of all clusters, as many as fit; Refused if none of the clusters has answered."""
    clusters = await _registered(metrics.cluster_ids, asked)
    question = _question(wanted, metrics, asked)
    turns, selection = asyncio.Semaphore(_AT_ONCE), Selection()
    missing: list[ClusterUnanswered] = []
    warnings: list[str] = []

    async def one(cluster_id: UUID, cluster: Cluster | None) -> None:
        try:
            async with asyncio.timeout_at(question.until), turns:
                found = await _ask(cluster_id, cluster, question)
        except TimeoutError:
            missing.append(
                _unanswered(cluster_id, cluster, Code.QUERY_TIMEOUT, "no answer in time")
            )
        except (Refused, Unanswered) as refused:
            missing.append(_unanswered(cluster_id, cluster, refused.code, refused.message))
        else:
            selection.add(cluster_id, found.series)
            selection.left_out.update(found.left_out)
            name = "" if cluster is None else cluster.name
            warnings.extend(f"{name}: {each}" for each in found.warnings)

    async with asyncio.TaskGroup() as group:
        for cluster_id, cluster in clusters.items():
            group.create_task(one(cluster_id, cluster))
    missing.sort(key=lambda each: (each.cluster_name or "", each.cluster_id))
    if missing and len(missing) == len(clusters):
        raise _nobody(missing)
    return selection, Gathered(len(clusters), missing, sorted(warnings)[:_MOST_WARNINGS])


async def _registered(ids: Sequence[UUID], asked: Asked) -> dict[UUID, Cluster | None]:
    """The clusters with these ids; None for one that there is not."""
    heads = await asked.log.heads([cluster_key(each) for each in ids])
    found: dict[UUID, Cluster | None] = dict.fromkeys(ids)
    for last in heads.values():
        match last.event:
            case ClusterRegistered() | ClusterUpdated() as told:
                found[told.cluster.id] = told.cluster
            case _:
                continue
    return found


def _question(wanted: DetectAnomalies, metrics: MetricsToSearch, asked: Asked) -> _Question:
    share = _BYTES // max(min(len(metrics.cluster_ids), _AT_ONCE), 1)
    budget = Budget(bytes=max(min(share, MOST_BYTES), _LEAST_BYTES), series=_SERIES)
    query = QueryMetrics(
        query=metrics.query,
        start=wanted.learn_from,
        end=wanted.end,
        step_seconds=metrics.step_seconds,
        budget=budget,
    )
    until = asyncio.get_running_loop().time() + metrics.seconds
    return _Question(query, Span.of(wanted), asked, until)


async def _ask(cluster_id: UUID, cluster: Cluster | None, question: _Question) -> _Answered:
    if cluster is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, "there is no such cluster any more")
    try:
        if cluster.site == HUB:
            return await _here(cluster_id, question)
        return await _there(cluster, question)
    except Unreadable as error:
        raise Refused(Code.UPSTREAM_FAILED, f"Prometheus' answer: {error}") from None


async def _here(cluster_id: UUID, question: _Question) -> _Answered:
    asked, budget = question.asked, question.query.budget
    # The series are looked at first: nobody waits for parts of this answer.
    nobody = Reply(asked.log.bus, "")
    about = Asked(
        str(cluster_id), question.seconds, asked.log, asked.settings, asked.outside, nobody
    )
    async with backend_of(about, Checked.PROMETHEUS, budget) as backend:
        answer = await Prometheus(backend, budget.series).query(question.query)
        return await _read(cluster_id, answer.kind, answer.data, question, answer.warnings)


async def _there(cluster: Cluster, question: _Question) -> _Answered:
    asker = Asker(question.asked.log.bus, question.asked.outside.clock)
    place, body = Place(cluster.site, str(cluster.id)), bytearray()
    async with asker.ask(place, question.query, seconds=question.seconds) as answer:
        async for part in answer:
            body += part
            if len(body) > question.query.budget.bytes:
                raise Refused(Code.LIMIT_REACHED, "its answer is too large; ask for less")
        told = answer.trailer
    warnings = tuple(str(each) for each in told.get("warnings", ()))
    return await _read(cluster.id, str(told.get("kind", "")), bytes(body), question, warnings)


async def _read(
    cluster_id: UUID,
    kind: str,
    data: bytes | memoryview,
    question: _Question,
    warnings: Sequence[str],
) -> _Answered:
    text, span = question.query.query, question.span
    series, left_out = await asyncio.to_thread(matrix.read, text, cluster_id, kind, data, span)
    return _Answered(series, left_out, warnings)


def _unanswered(
    cluster_id: UUID, cluster: Cluster | None, code: Code, reason: str
) -> ClusterUnanswered:
    name = None if cluster is None else cluster.name
    return ClusterUnanswered(
        cluster_id=cluster_id, cluster_name=name, code=code.name, reason=reason
    )


def _nobody(missing: Sequence[ClusterUnanswered]) -> Refused:
    codes = {Code[each.code] for each in missing}
    code = codes.pop() if len(codes) == 1 else Code.UPSTREAM_FAILED
    first, details = missing[0], [each.model_dump(mode="json") for each in missing]
    text = f"none of the clusters has answered; {first.cluster_name}: {first.reason}"
    told = code if code in _TOLD_AS_IT_IS else Code.UPSTREAM_FAILED
    return Refused(told, text, {"missing": details})
