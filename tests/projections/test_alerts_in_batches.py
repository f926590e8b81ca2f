"""However events fall into batches, alerts as of any of them are what they were after it."""

import random
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from contracts.alerts import AlertFired, pending_id
from contracts.envelope import Event
from projections.alerts.projector import projection
from projections.alerts.sources import Sources, sources
from services.runtime.database import connect
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer
from services.runtime.pull import Delivery
from services.runtime.queries import AsOf
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.alert_life import CLUSTERS, FINGERPRINTS, Life

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

Told = tuple[int, Event]
Batch = list[Told]
Connection = psycopg.Connection[tuple[Any, ...]]

_SAME = {"cluster_id": CLUSTERS[0], "fingerprint": FINGERPRINTS[0]}
_WRITER = Writer(projection.tables, "alerts")
_HISTORIES = 40


@pytest.fixture
async def connection(settings: Settings) -> AsyncGenerator[Connection]:
    made = await connect(settings.database, "test")
    await catalog.create(made, projection, "live")
    await made.close()
    with psycopg.connect(settings.database.url.get_secret_value()) as opened:
        yield opened


def _delivery(sequence: int, event: Event) -> Delivery:
    data, headers = event.model_dump_json().encode(), {"ce-type": event.names.type}
    return Delivery("evt.test", headers, data, "", sequence, "test", sequence, 1, 0, 0)


def _fold(connection: Connection, batch: Batch) -> None:
    rows = Rows(projection.tables)
    for sequence, event in batch:
        projection.fold(_delivery(sequence, event), rows)
    for sql, parameters in _WRITER.statements(rows):
        connection.execute(sql, parameters)


def _read(connection: Connection, read: Sources) -> list[tuple[Any, ...]]:
    """All that a read of alerts knows of them, besides what repeats tell."""
    return connection.execute(
        "select a.id, a.cluster_id, a.fingerprint, a.state, a.severity, a.starts_at, a.ends_at,"
        " a.ending, a.alertname, a.labels::text, a.annotations::text, m.silenced_by::text"
        f" from {read.occurrence} a left join {read.muted} order by a.id, a.state".encode()
    ).fetchall()


def _as_of(connection: Connection, sequence: int) -> list[tuple[Any, ...]]:
    return _read(connection, sources(AsOf(sequence, None)))


def _check(connection: Connection, batches: Sequence[Batch], what: object) -> None:
    """As of each event is what is read after it when it comes alone; leaves no rows."""
    events = [each for batch in batches for each in batch]
    then = {0: _read(connection, sources())}
    for each in events:
        _fold(connection, [each])
        then[each[0]] = _read(connection, sources())
    found = {sequence: _as_of(connection, sequence) for sequence in then}
    connection.rollback()
    assert found == then, (what, "one by one")
    for batch in batches:
        _fold(connection, batch)
    assert _read(connection, sources()) == then[events[-1][0]], (what, "now")
    found = {sequence: _as_of(connection, sequence) for sequence in then}
    connection.rollback()
    for sequence, alerts in found.items():
        assert alerts == then[sequence], (what, f"as of {sequence}")


def _split(events: Sequence[Told], chance: random.Random) -> list[Batch]:
    left, batches = list(events), list[Batch]()
    while left:
        size = chance.choice([1, 2, 3, 5, 8, 13])
        batches.append(left[:size])
        left = left[size:]
    return batches


async def test_any_history_in_any_batches(connection: Connection) -> None:
    for seed in range(_HISTORIES):
        chance = random.Random(seed)
        life, most = Life(chance), chance.choice([12, 25])
        batches = _split([(3 * at, life.next()) for at in range(1, most + 1)], chance)
        sizes = [len(batch) for batch in batches]
        _check(connection, batches, f"seed {seed}, batches of {sizes}")


def _fired(number: int, **changes: Any) -> Event:
    return AlertFired(alert=builders.alert(id=UUID(int=number), **_SAME, **changes))


def _resolved(number: int, **changes: Any) -> Event:
    return builders.resolved(id=UUID(int=number), **_SAME, **changes)


def _pending() -> Event:
    return builders.pending(id=pending_id(CLUSTERS[0], FINGERPRINTS[0]), **_SAME)


def _pending_ended() -> Event:
    return builders.pending_ended(id=pending_id(CLUSTERS[0], FINGERPRINTS[0]), **_SAME)


_RARE: dict[str, list[Batch]] = {
    "pending ends when it fires, though the batch tells it later": [
        [(3, _pending())],
        [(18, _fired(1)), (21, _pending_ended()), (36, _pending())],
    ],
    "an end of what did not fire, twice in a batch, ends nothing that is pending": [
        [(33, _pending())],
        [(45, _resolved(1)), (63, _resolved(1, severity="INFO"))],
    ],
    "what ends otherwise than it fired, and fires again in the same batch, was as it fired": [
        [(9, _fired(1, severity="INFO"))],
        [(48, _resolved(1, severity="CRITICAL")), (51, _fired(1, severity="CRITICAL"))],
    ],
    "what fires again and ends otherwise in one batch is there once in between": [
        [(27, _resolved(1))],
        [(42, _fired(1)), (60, _resolved(1, severity="INFO"))],
    ],
}


@pytest.mark.parametrize("name", _RARE)
async def test_what_hardly_ever_happens(connection: Connection, name: str) -> None:
    _check(connection, _RARE[name], name)
