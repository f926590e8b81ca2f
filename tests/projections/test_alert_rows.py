"""What becomes of an alert's row: over events of any age, repeats, restarts and rebuilds."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertRepeat, AlertRepeats, Ending
from contracts.envelope import Event
from projections.alerts.projector import projection
from projections.alerts.view import OPEN, PAST, OccurrenceRow
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.projections.measures import MeasureRunner
from services.runtime.projections.projection import Rows
from services.runtime.pull import Delivery
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import eventually, running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


def _folded(event: Event, *without: str) -> Rows:
    """The rows that an event leaves which was written before it had these fields."""
    body = json.loads(event.model_dump_json())
    for name in without:
        del body[name]
    headers = {"ce-type": event.names.type}
    data = json.dumps(body).encode()
    rows = Rows(projection.tables)
    projection.fold(Delivery("evt", headers, data, "", 1, "", 1, 1, 0, 0), rows)
    return rows


def _only(rows: Rows, table: str) -> OccurrenceRow:
    ((row, _),) = rows.changes[table].values()
    return OccurrenceRow(*row)


def test_events_of_before_say_nothing_of_expiry_and_were_reported_to_end() -> None:
    assert _only(_folded(builders.fired(), "expires_at"), OPEN.name).expires_at is None
    assert _only(_folded(builders.resolved(), "ending"), PAST.name).ending == "REPORTED"


def test_how_it_ended_is_kept() -> None:
    expired = builders.resolved().model_copy(update={"ending": Ending.EXPIRED})
    assert _only(_folded(expired), PAST.name).ending == "EXPIRED"


async def _append(log: EventLog, *events: Event) -> int:
    """One after the other; the last sequence."""
    heads: dict[Any, Head] = {}
    sequence = 0
    for number, event in enumerate(events):
        context = builders.context(command_id=UUID(int=number))
        head = heads.get(event.key, NOTHING)
        appended = await log.append([event], {event.key: head}, context, builders.at(number))
        heads[event.key], sequence = Head(appended.sequence), appended.sequence
    return sequence


def _rows(settings: Settings) -> list[tuple[Any, ...]]:
    """State and fingerprint of all occurrences."""
    return sorted(ask(settings, "select state, fingerprint from alerts.occurrence"))


async def test_an_alert_is_pending_or_fires_or_has_ended(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    own, fired = UUID(int=1), builders.fired()
    name = fired.alert.fingerprint
    one, two = builders.pending(id=own), builders.pending_ended(id=own)
    async with hosting(bus, settings, projection):
        heads = [NOTHING]
        for event, expected in (
            (one, [("PENDING", name)]),
            (two, []),
            (one, [("PENDING", name)]),
        ):
            context = builders.context(command_id=UUID(int=len(heads)))
            appended = await log.append([event], {event.key: heads[-1]}, context, builders.at())
            heads.append(Head(appended.sequence))
            await reached(settings, projection, appended.sequence)
            assert _rows(settings) == expected
        await reached(settings, projection, await _append(log, fired))
        assert _rows(settings) == [("FIRING", name)], "though nobody said that it is not pending"
        counted = "select state, sum(n)::int from alerts.tally group by 1"
        assert ask(settings, counted) == [("FIRING", 1)]


async def test_what_ends_takes_along_how_often_it_was_told(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    fired, ended = builders.fired(), builders.resolved()
    measuring = MeasureRunner(projection, bus, settings.database)
    async with hosting(bus, settings, projection):
        await reached(settings, projection, await _append(log, fired))
        async with running(measuring.run):
            await _repeat(bus, count=4, seconds=30, expires=90)
            await eventually(lambda: _expiring(settings, builders.at(95)))
            await _repeat(bus, count=1, seconds=20, expires=80)
            await eventually(lambda: _told(settings, "open", 6))
            assert await _expiring(settings, builders.at(95)), "an older word changes nothing"
            context = builders.context(command_id=UUID(int=9))
            head = await log.head(ended.key)
            assert head is not None
            heads = {ended.key: Head(head.sequence)}
            appended = await log.append([ended], heads, context, builders.at(600))
            await reached(settings, projection, appended.sequence)
            assert await _told(settings, "past", 6)
            assert not ask(settings, "select from alerts.open")
            await _repeat(bus, count=2, seconds=40, expires=None)
            await eventually(lambda: _told(settings, "past", 8))


async def _repeat(bus: Bus, *, count: int, seconds: int, expires: int | None) -> None:
    """Told again, so long after it was first seen."""
    alert = builders.fired().alert
    seen = alert.first_seen_at + timedelta(seconds=seconds)
    repeat = AlertRepeat(
        alert_id=alert.id,
        fingerprint=alert.fingerprint,
        count=count,
        last_seen_at=seen,
        expires_at=None if expires is None else alert.first_seen_at + timedelta(seconds=expires),
    )
    message = AlertRepeats(cluster_id=alert.cluster_id, repeats=(repeat,))
    await bus.publish(f"tel.alert_repeats.{alert.cluster_id}.-", message.model_dump_json().encode())


async def _told(settings: Settings, table: str, occurrences: int) -> bool:
    return ask(settings, f"select occurrences from alerts.{table}") == [(occurrences,)]


async def _expiring(settings: Settings, at: datetime) -> bool:
    return ask(settings, "select expires_at from alerts.open") == [(at,)]


async def test_a_rebuild_leaves_the_same_rows_of_every_kind(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    own = UUID(int=1)
    events = [
        builders.pending(id=own),
        builders.fired(),
        builders.silenced(),
        builders.resolved(),
        builders.fired(id=UUID(int=2), starts_at=builders.at(900)),
        builders.pending_ended(id=own),
        builders.pending(id=UUID(int=3), fingerprint="e" * 5000),
        builders.silenced(fingerprint="e" * 5000, labels={"alertname": "x" * 9000}),
        builders.silenced(fingerprint="c" * 16),
        builders.unsilenced(fingerprint="c" * 16),
    ]
    async with hosting(bus, settings, projection) as hosts:
        await reached(settings, projection, await _append(log, *events))
        live = dump(settings, projection)
        hosts["alerts"].rebuild()
        await until(lambda: hosts["alerts"].rebuilds == 1)
        assert dump(settings, projection) == live
    counts = {name: len(rows) for name, rows in live.items()}
    assert (counts["open"], counts["past"], counts["muting"]) == (2, 1, 2)
