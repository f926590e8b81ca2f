"""Puts a slice of a log into an empty hub, which from then on is a copy: it shows and does nothing.

Events keep their order, types, ids and times; the log's own time, which nobody can set, stands in
a header (`context.LOGGED_AT`) and counts in its place. Positions are counted anew from 1.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from contracts.refusals import Code, Refused
from services.runtime import streams
from services.runtime.bus import Ack, Bus, BusUnavailable, JetStreamRefused, Outgoing
from services.runtime.context import LOGGED_AT
from services.runtime.logging import logger
from services.runtime.replay_file import Checked, Line, Reader, outgoing_headers

T = TypeVar("T")

_MARK = "aiops_copy_of"
_PAGE = 500
_PAUSE, _PATIENCE = 0.5, 30.0


async def copy_of(bus: Bus) -> str | None:
    """Which file the log is a copy of, by its digest; None for a log of its own.

    A copy's services must not run: they would act on what happened elsewhere.
    """
    return _mark(await bus.api(f"STREAM.INFO.{streams.EVENTS}"))


async def may_act(bus: Bus) -> bool:
    """False in a copy; waits for the bus, as who does not know must not act."""
    while True:
        try:
            mark = await copy_of(bus)
        except BusUnavailable:
            await asyncio.sleep(_PAUSE)
            continue
        if mark is not None:
            logger("process").warning("copy_of_another_hub", reason="no service runs here")
        return mark is None


def _mark(info: dict[str, Any]) -> str | None:
    metadata: dict[str, str] = info["config"].get("metadata") or {}
    return metadata.get(_MARK)


async def load(
    bus: Bus, reader: Reader, checked: Checked, told: Callable[[int], None] = lambda _: None
) -> int:
    """Append every event of a file that was checked; how many were still missing.

    Interrupted, it goes on where it was when it is called again with the same file. Refused with
    PRECONDITION_FAILED if the hub has events of its own or services that would react to these,
    with VERSION_CONFLICT if somebody else writes to it; BusUnavailable if the bus is away for half
    a minute. ``told`` hears of the progress.
    """
    before = await _patiently(lambda: _claim(bus, checked))
    unsure = max(0, before - _PAGE)
    lines = islice(reader.lines(), unsure, None)
    known = list(islice(lines, before - unsure))
    await _patiently(lambda: _compare(bus, known, unsure))
    done = before
    while page := list(islice(lines, _PAGE)):
        await _append(bus, page, done)
        done += len(page)
        told(done)
    return done - before


async def _claim(bus: Bus, checked: Checked) -> int:
    """Make this hub the copy of this file; how many of its events are there already."""
    info = await bus.api(f"STREAM.INFO.{streams.EVENTS}")
    last = int(info["state"]["last_seq"])
    mark = _mark(info)
    if mark == checked.digest and last <= checked.events:
        return last
    if mark is not None or last:
        raise Refused(Code.PRECONDITION_FAILED, "the hub is not empty: load it into a new one")
    if await _reactions(bus):
        raise Refused(
            Code.PRECONDITION_FAILED,
            "services run in this hub and would act on what happened elsewhere: load the file"
            " with `aiops up --replay FILE` and a new data directory",
        )
    metadata: dict[str, str] = info["config"].get("metadata") or {}
    metadata[_MARK] = checked.digest
    await bus.api(f"STREAM.UPDATE.{streams.EVENTS}", info["config"] | {"metadata": metadata})
    return 0


async def _reactions(bus: Bus) -> bool:
    """True if a service has ever reacted to this log."""
    listed = await bus.api(f"CONSUMER.LIST.{streams.EVENTS}")
    consumers: list[dict[str, Any]] = listed.get("consumers") or []
    return any(consumer["config"].get("durable_name") for consumer in consumers)


async def _append(bus: Bus, page: list[Line], before: int) -> None:
    """Store all of a page, each once and in its place, also over an outage of the bus."""
    done, end = before, before + len(page)
    deadline = _deadline()
    while done < end:
        left = _messages(page[done - before :], done)
        answers = await bus.publish_each(list(left))
        failed = next((each for each in answers if not isinstance(each, Ack)), None)
        if failed is None:
            return
        reached = await _reached(bus, failed, deadline, page, before)
        if not done <= reached <= end:
            raise _meddled()
        if reached > done:
            deadline = _deadline()
        elif isinstance(failed, JetStreamRefused) or asyncio.get_running_loop().time() > deadline:
            raise failed
        done = reached


def _messages(lines: list[Line], before: int) -> Iterator[Outgoing]:
    for position, line in enumerate(lines, start=before):
        headers = {**outgoing_headers(line), "Nats-Expected-Last-Sequence": str(position)}
        yield Outgoing(line.subject, bytes(line.payload), headers)


async def _reached(
    bus: Bus, failed: Exception, deadline: float, page: list[Line], before: int
) -> int:
    """How far the log is after a failure, once the bus answers again."""
    while True:
        try:
            info = await bus.api(f"STREAM.INFO.{streams.EVENTS}")
            last = int(info["state"]["last_seq"])
            await _compare(bus, page[: max(0, last - before)], before)
        except BusUnavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise failed from None
            await asyncio.sleep(_PAUSE)
        else:
            return last


async def _compare(bus: Bus, lines: list[Line], before: int) -> None:
    """Refused unless these are what stands behind a position, less what has aged out.

    The end alone does not tell: an event of somebody else in the place of one line lets the next
    line in.
    """
    reads = (bus.get(streams.EVENTS, {"seq": before + n}) for n in range(1, len(lines) + 1))
    for stored, line in zip(await asyncio.gather(*reads), lines, strict=True):
        headers = outgoing_headers(line)
        if stored is not None and any(
            stored.headers.get(name) != headers[name] for name in ("ce-id", LOGGED_AT)
        ):
            raise _meddled()


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What comes of it, done again while the bus does not answer; BusUnavailable in the end."""
    deadline = _deadline()
    while True:
        try:
            return await work()
        except BusUnavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_PAUSE)


def _meddled() -> Refused:
    return Refused(Code.VERSION_CONFLICT, "somebody else writes to this hub")


def _deadline() -> float:
    return asyncio.get_running_loop().time() + _PATIENCE
