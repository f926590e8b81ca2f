"""Stores what watches have found, each message only behind the one that it is compared with.

So a due message that comes again stores nothing twice, and workers that take turns, or get into
each other's way, make one chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from contracts.anomalies import MetricUpdate
from contracts.refusals import TryLater
from services.anomalies.watching_series import Found, Labels, in_parts, series
from services.anomalies.watching_watched import Watched
from services.runtime import streams
from services.runtime.bus import Ack, JetStreamRefused, Outgoing, Stored
from services.runtime.store import Store

_TRIES = 5
# A lost race; replicated streams tell one on the same subject by the second code.
_WRONG_SEQUENCE = frozenset({10071, 10164})


class _Series(msgspec.Struct, frozen=True):
    labels: dict[str, str]
    value: float | None


class _Update(msgspec.Struct, frozen=True):
    """What is read again of a `MetricUpdate`."""

    watch_version: int
    sampled_at: datetime
    series: list[_Series]
    parts: int
    error: str | None


_UPDATE = msgspec.json.Decoder(_Update)


@dataclass(frozen=True, slots=True)
class End:
    """The last message on one subject."""

    sequence: int
    update: _Update | None
    """None for what another version of this program has written."""


Ends = Mapping[str, End]
"""By subject: each part of an answer has its own."""


def subject(watched: Watched, part: int = 1) -> str:
    """Where what a watch has found in a cluster is stored."""
    first = f"tel.metric.{watched.cluster.id}.{watched.watch.id}"
    return first if part == 1 else f"{first}.{part}"


async def ends(watched: Watched, store: Store) -> Ends:
    """What was found last."""
    first = subject(watched)
    last = await store.log.bus.get_last(streams.TELEMETRY, [first, f"{first}.*"])
    return {each.subject: End(each.sequence, _read(each)) for each in last}


def is_stored(known: Ends, watched: Watched) -> bool:
    """Whether all of what is found at this moment is stored already."""
    begun = _begun(known, watched)
    return begun is not None and sum(_is_of(each, watched) for each in known.values()) >= begun


async def store_found(watched: Watched, found: Found, store: Store) -> bool:
    """Store it, compared with what was found last; False if that was done before.

    BusUnavailable; TryLater if others are always faster.
    """
    for _ in range(_TRIES):
        known = await ends(watched, store)
        if is_stored(known, watched):
            return False
        compared = series(watched.watch, found, _before(known, watched))
        update = watched.update(series=compared, left_out=found.left_out)
        waiting = in_parts(update, _begun(known, watched))
        if await _published(waiting, known, watched, store):
            return True
    raise TryLater("other workers ask the same watch", delay=1)


async def store_error(watched: Watched, error: str, store: Store) -> bool:
    """Tell why nothing is known, unless that was told last or something is known."""
    known = await ends(watched, store)
    last = known.get(subject(watched))
    if _begun(known, watched) is not None or (last and _code(last) == error.partition(":")[0]):
        return False
    return await _published([watched.update(error=error)], known, watched, store)


async def _published(
    updates: Sequence[MetricUpdate], known: Ends, watched: Watched, store: Store
) -> bool:
    """False if the end of one was another one."""
    messages = [
        _message(update, known.get(subject(watched, update.part)), watched) for update in updates
        if not _is_there(known, watched, update.part)
    ]  # fmt: skip
    won = True
    for answer in await store.log.bus.publish_each(messages):
        match answer:
            case Ack():
                continue
            case JetStreamRefused() if answer.code in _WRONG_SEQUENCE:
                won = False
            case Exception():
                raise answer
    return won


def _message(update: MetricUpdate, end: End | None, watched: Watched) -> Outgoing:
    expected = {"Nats-Expected-Last-Subject-Sequence": str(end.sequence if end else 0)}
    return Outgoing(subject(watched, update.part), update.model_dump_json().encode(), expected)


def _is_there(known: Ends, watched: Watched, part: int) -> bool:
    end = known.get(subject(watched, part))
    return end is not None and _is_of(end, watched)


def _is_of(end: End, watched: Watched) -> bool:
    """Whether it is of this moment, or of a later one."""
    return end.update is not None and end.update.sampled_at >= watched.at


def _begun(known: Ends, watched: Watched) -> int | None:
    """In how many parts this moment, or a later one, is being stored; None if it is not."""
    found = [each.update for each in known.values() if each.update and _is_of(each, watched)]
    return max(found, key=lambda each: each.sampled_at).parts if found else None


def _before(known: Ends, watched: Watched) -> Mapping[Labels, float | None]:
    """What the watch, as it is defined, has found at the evaluation before this one."""
    earlier = [each.update for each in known.values() if each.update and not _is_of(each, watched)]
    last = max((each.sampled_at for each in earlier), default=None)
    return {
        tuple(sorted(each.labels.items())): each.value
        for update in earlier
        if update.sampled_at == last and update.watch_version == watched.version
        for each in update.series
    }


def _code(end: End) -> str | None:
    return end.update.error.partition(":")[0] if end.update and end.update.error else None


def _read(stored: Stored) -> _Update | None:
    try:
        return _UPDATE.decode(stored.data)
    except msgspec.DecodeError:
        return None
