"""Tells what follows from samples: each event once, whoever else decides on the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.envelope import Recorded
from contracts.gpu import GpuEvent, GpuUpdate, GpuXidError, gpu_key
from contracts.refusals import TryLater
from contracts.subjects import EntityKey, parse
from services.gpu.domain import Stand, decide
from services.gpu.thresholds import levels
from services.runtime import streams
from services.runtime.bus import TooManySubjects
from services.runtime.context import log_time, recorded
from services.runtime.log import NOTHING, Conflict, Head
from services.runtime.store import Store

_TRIES = 8
_PER_READ = 200
"""Each GPU has up to four last events, and one read brings 1,024."""


async def tell(samples: Sequence[GpuUpdate], store: Store) -> None:
    """Append what is to be told of a cluster's samples, as they are stored.

    TryLater if others are always faster; BusUnavailable.
    """
    if not samples:
        return
    for _ in range(_TRIES):
        stands = await _standings(samples, store)
        decided = decide(
            samples,
            {uuid: each.stand for uuid, each in stands.items()},
            levels(store.settings.gpu),
        )
        chains = [
            chain
            for chain in decided
            # What was decided on a later sample stands.
            if (last := stands.get(chain[0].gpu_uuid)) is None or last.stand.at <= store.at
        ]
        if await _appended(chains, stands, store):
            return
    raise TryLater("the standing of these GPUs is being changed by many at once", delay=0.5)


@dataclass(frozen=True, slots=True)
class _Last:
    """The last event of a GPU."""

    stand: Stand
    head: Head


async def _standings(samples: Sequence[GpuUpdate], store: Store) -> dict[str, _Last]:
    """What stands of the GPUs, by UUID; only of those that anything was ever told of."""
    cluster_id = samples[0].cluster_id
    try:
        heads = await _heads(cluster_id, store)
    except TooManySubjects:
        heads = await _heads_of(samples, store)
    found: dict[str, _Last] = {}
    for last in heads:
        event = last.event
        if isinstance(event, GpuEvent):
            told = isinstance(event, GpuXidError) and last.command_id == store.context.command_id
            stand = Stand(event.standing, last.time, xid_told=told)
            found[event.gpu_uuid] = _Last(stand, Head(last.sequence))
    return found


async def _heads(cluster_id: UUID, store: Store) -> list[Recorded]:
    """Those of a whole cluster in one read."""
    log = store.log
    stored = await log.bus.get_last(streams.EVENTS, [f"evt.{cluster_id}.gpu.>"])
    # In their order: the last one of each GPU remains.
    newest = {parse(each.subject).key: each for each in stored}
    return [
        recorded(
            log.catalog,
            each.subject,
            each.headers,
            each.data,
            (each.sequence, log_time(each.time)),
        )
        for each in newest.values()
    ]


async def _heads_of(samples: Sequence[GpuUpdate], store: Store) -> list[Recorded]:
    keys: dict[EntityKey, None] = {}
    for update in samples:
        for each in (*update.gpus, *update.absent):
            keys[gpu_key(update.cluster_id, each.uuid)] = None
    wanted, found = list(keys), list[Recorded]()
    for start in range(0, len(wanted), _PER_READ):
        found += (await store.log.heads(wanted[start : start + _PER_READ])).values()
    return found


async def _appended(
    chains: Sequence[tuple[GpuEvent, ...]], stands: Mapping[str, _Last], store: Store
) -> bool:
    """Append the events of each GPU one behind the other; False if somebody was in between.

    Each has all that stands after it, so that what is cut off half-way is gone on with later.
    """
    heads = {uuid: each.head for uuid, each in stands.items()}
    waiting, all_told = [list(chain) for chain in chains], True
    while waiting:
        changes = [(chain[0], heads.get(chain[0].gpu_uuid, NOTHING)) for chain in waiting]
        answers = await store.log.append_each(changes, store.context, store.at)
        following: list[list[GpuEvent]] = []
        for chain, answer in zip(waiting, answers, strict=True):
            if isinstance(answer, Conflict):
                all_told = False
            elif isinstance(answer, Exception):
                raise answer
            else:
                heads[chain[0].gpu_uuid] = Head(answer)
                following.append(chain[1:])
        waiting = [chain for chain in following if chain]
    return all_told
