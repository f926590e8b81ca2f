"""Asks a cluster's Prometheus what a watch wants to know: here, or by the site that reaches it."""

from contracts.clusters import HUB, Checked
from contracts.refusals import Refused
from contracts.telemetry import Budget, QueryMetrics
from services.anomalies.watching_series import Found, Unreadable, found, metric_of
from services.anomalies.watching_watched import Watched
from services.runtime.asking import Answer, Asker, Place, Unanswered
from services.runtime.backends.backend import backend_of
from services.runtime.backends.prometheus import Prometheus
from services.runtime.replies import Asked, Reply
from services.runtime.store import Store

_BUDGET = Budget(bytes=8 * 1024 * 1024, series=20_000)
"""Of one answer: with more series than are watched it is told how many, with far more it is
refused."""


class Failed(Exception):
    """Nothing is known: the code of a refusal, and a text for people."""

    def __init__(self, code: str, text: str) -> None:
        self.told = f"{code}: {text}"[:500].replace("\0", "")
        super().__init__(self.told)


async def ask(watched: Watched, store: Store, seconds: float) -> Found:
    """The series of a watch within so many seconds; Failed."""
    query = QueryMetrics(query=watched.watch.query, time=watched.at, budget=_BUDGET)
    try:
        if watched.cluster.site == HUB:
            return await _here(watched, query, store, seconds)
        return await _there(watched, query, store, seconds)
    except (Refused, Unanswered) as refused:
        raise Failed(refused.code.name, refused.message) from None
    except Unreadable as error:
        raise Failed("UPSTREAM_FAILED", f"Prometheus' answer: {error}") from None


async def _here(watched: Watched, query: QueryMetrics, store: Store, seconds: float) -> Found:
    # What is found is stored: nobody waits for parts of an answer.
    nobody = Reply(store.log.bus, "")
    cluster = str(watched.cluster.id)
    asked = Asked(cluster, seconds, store.log, store.settings, store.outside, nobody)
    async with backend_of(asked, Checked.PROMETHEUS, _BUDGET) as backend:
        answer = await Prometheus(backend, _BUDGET.series).query(query)
        return _found(watched, answer.kind, answer.data)


async def _there(watched: Watched, query: QueryMetrics, store: Store, seconds: float) -> Found:
    place, trace = Place(watched.cluster.site, str(watched.cluster.id)), store.context.traceparent
    asker = Asker(store.log.bus, store.outside.clock)
    async with asker.ask(place, query, seconds=seconds, traceparent=trace) as answer:
        body = await _whole(answer)
        return _found(watched, str(answer.trailer.get("kind", "")), body)


def _found(watched: Watched, kind: str, data: bytes | memoryview) -> Found:
    return found(kind, data, named=metric_of(watched.watch.query)[1])


async def _whole(answer: Answer) -> bytes:
    body = bytearray()
    async for part in answer:
        body += part
        if len(body) > _BUDGET.bytes:
            raise Unreadable("it is too large")
    return bytes(body)
