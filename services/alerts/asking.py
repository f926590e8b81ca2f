"""Asks on the bus: the collector what a cluster has, the projection what is known to be open."""

from contracts.alerts import OpenAlert, OpenAlerts
from contracts.envelope import Query
from contracts.refusals import Refused
from services.alerts import answers
from services.runtime.asking import PROJECTIONS, Asker, Place, Unanswered
from services.runtime.store import Store

_SECONDS = 10.0


class NoAnswer(Exception):
    """Nothing can be said about what was asked; the text says why."""


async def ask(place: Place, question: Query, store: Store, seconds: float = _SECONDS) -> bytes:
    """The whole answer, NoAnswer if there is none."""
    asker = Asker(store.log.bus, store.outside.clock)
    trace = store.context.traceparent
    try:
        async with asker.ask(place, question, seconds=seconds, traceparent=trace) as answer:
            return b"".join([part async for part in answer])
    except (Unanswered, Refused) as nothing:
        raise NoAnswer(nothing.message) from None


async def open_alerts(question: OpenAlerts, store: Store) -> list[OpenAlert]:
    """Which alerts are known to be open; NoAnswer."""
    try:
        return answers.open_ones(await ask(PROJECTIONS, question, store))
    except answers.Unreadable as error:
        raise NoAnswer(f"the projection's answer cannot be read: {error}") from None
