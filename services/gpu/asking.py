"""Has the GPUs of a cluster sampled by its site, where the hub does not reach it."""

from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from contracts.clusters import Cluster
from contracts.gpu import GpuUpdate, ReadGpus
from contracts.refusals import Refused
from services.gpu.sampling import Sampled
from services.runtime.asking import Answer, Asker, Place, Unanswered
from services.runtime.store import Store

UPDATES = TypeAdapter(list[GpuUpdate])
_LARGEST = 32 * 1024 * 1024
"""Bytes of an answer."""
_NUL = rb"\u0000"
"""As JSON has it: no database keeps a text with one."""


async def from_site(cluster: Cluster, interval: int, seconds: float, store: Store) -> Sampled:
    """What its collector has found, as that tells it."""
    place, trace = Place(cluster.site, str(cluster.id)), store.context.traceparent
    question = ReadGpus(interval_seconds=interval)
    asker = Asker(store.log.bus, store.outside.clock)
    try:
        async with asker.ask(place, question, seconds=seconds, traceparent=trace) as answer:
            body = await _whole(answer)
            told = answer.trailer
    except (Unanswered, Refused) as nothing:
        return _nothing(f"its site does not answer ({nothing.code.name})", nothing.message)
    try:
        updates = _read(body, cluster, store.outside.clock.now())
    except ValueError as error:
        return _nothing(f"its site's answer {error}")
    why, said = str(told.get("why", "")), str(told.get("said", ""))
    return Sampled(updates, why, bool(told.get("failed")), said)


def _read(body: bytearray | None, cluster: Cluster, now: datetime) -> list[GpuUpdate]:
    """The samples of an answer; ValueError says what is wrong with it."""
    if body is None:
        raise ValueError("is too large")
    try:
        updates = UPDATES.validate_json(body)
    except ValidationError:
        raise ValueError("cannot be read") from None
    if _NUL in body:
        raise ValueError("holds what cannot be kept")
    if any(update.cluster_id != cluster.id for update in updates):
        raise ValueError("is of another cluster")
    # A clock that is ahead of ours would make the node look fresh when it is not.
    return [
        each.model_copy(update={"sampled_at": now}) if each.sampled_at > now else each
        for each in updates
    ]


async def _whole(answer: Answer) -> bytearray | None:
    body = bytearray()
    async for part in answer:
        body += part
        if len(body) > _LARGEST:
            return None
    return body


def _nothing(why: str, said: str = "") -> Sampled:
    return Sampled([], why, failed=True, said=said)
