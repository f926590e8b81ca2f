"""Secrets in PostgreSQL: sealed, each in its own place, brought under a new key step by step."""

from datetime import datetime
from uuid import UUID

import pytest

from services.runtime.database import Database
from services.runtime.vault.keys import Keys
from services.runtime.vault.material import fingerprint
from services.runtime.vault.sealing import CannotOpen, Key, KeyRing, UnknownKey
from services.runtime.vault.store import Resealed
from services.runtime.vault.table import _BEFORE_ALL, TableSecrets
from tests.kit import builders
from tests.kit.builders import CLUSTER_ID, OTHER_CLUSTER_ID

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

OLD, NEW, LOST = Key(b"o" * 32), Key(b"n" * 32), Key(b"l" * 32)


class FakeClock:
    """Stands still."""

    def now(self) -> datetime:
        return builders.START

    def monotonic(self) -> float:
        return 0.0


def _table(database: Database, *keys: Key) -> TableSecrets:
    ring = KeyRing(keys)
    return TableSecrets(database, Keys(lambda: ring), FakeClock())


def _cluster(number: int) -> UUID:
    return UUID(int=number + 1)


async def _fill(table: TableSecrets, count: int) -> None:
    for number in range(count):
        await table.put(_cluster(number), "kubeconfig", b"secret-%d" % number)


async def _under(database: Database, key: Key) -> int:
    row = await database.fetch_one("select count(*) from aiops.secret where key_id = %s", (key.id,))
    assert row is not None
    return row[0]


async def test_a_row_says_which_key_it_is_under_and_what_may_be_shown(database: Database) -> None:
    await _table(database, NEW, OLD).put(CLUSTER_ID, "kubeconfig", b"planted")
    row = await database.fetch_one(
        "select cluster_id, name, key_id, fingerprint, updated_at, envelope from aiops.secret"
    )
    assert row is not None
    told = (CLUSTER_ID, "kubeconfig", NEW.id, fingerprint(b"planted"), builders.START)
    assert row[:5] == told
    assert b"planted" not in bytes(row[5])


@pytest.mark.parametrize("column", ["cluster_id", "name"])
async def test_an_envelope_that_was_moved_does_not_open(database: Database, column: str) -> None:
    table = _table(database, NEW)
    await table.put(CLUSTER_ID, "loki", b"one")
    value = {"cluster_id": OTHER_CLUSTER_ID, "name": "kubeconfig"}[column]
    await database.execute(f"update aiops.secret set {column} = %s", (value,))
    moved = (OTHER_CLUSTER_ID, "loki") if column == "cluster_id" else (CLUSTER_ID, "kubeconfig")
    with pytest.raises(CannotOpen):
        await table.get(*moved)


async def test_under_a_lost_key_a_secret_says_which(database: Database) -> None:
    await _table(database, LOST).put(CLUSTER_ID, "kubeconfig", b"one")
    with pytest.raises(UnknownKey, match=LOST.id):
        await _table(database, NEW).get(CLUSTER_ID, "kubeconfig")


async def test_a_new_key_takes_over_in_bounded_steps(database: Database) -> None:
    await _fill(_table(database, OLD), 7)
    table = _table(database, NEW, OLD)
    assert await table.reseal(3) == Resealed(done=3, left=4)
    assert await _under(database, OLD) == 4
    assert await table.reseal(3) == Resealed(done=3, left=1)
    assert await table.reseal(3) == Resealed(done=1, left=0)
    assert await table.reseal(3) == Resealed(done=0, left=0)
    without_the_old_one = _table(database, NEW)
    for number in range(7):
        opened = await without_the_old_one.get(_cluster(number), "kubeconfig")
        assert opened == b"secret-%d" % number


async def test_what_is_lost_or_damaged_stops_nothing_and_is_left_alone(database: Database) -> None:
    await _fill(_table(database, OLD), 6)
    await _table(database, LOST).put(CLUSTER_ID, "kubeconfig", b"lost")
    other = "set_byte(envelope, 20, 255 - get_byte(envelope, 20))"
    damaged = f"update aiops.secret set envelope = {other} where cluster_id <= %s"
    await database.execute(damaged, (_cluster(3),))
    table = _table(database, NEW, OLD)
    assert await table.reseal(2) == Resealed(done=2, left=0, unreadable=5)
    assert await _under(database, NEW) == 2
    assert await _under(database, OLD) == 4
    assert await _under(database, LOST) == 1


async def test_who_puts_a_secret_during_the_change_is_not_undone(database: Database) -> None:
    await _fill(_table(database, OLD), 1)
    table = _table(database, NEW, OLD)
    read = await table._older(_BEFORE_ALL, 10)
    await _table(database, OLD).put(_cluster(0), "kubeconfig", b"newer")
    assert [await table._reseal(row) for row in read] == [0]
    assert await table.get(_cluster(0), "kubeconfig") == b"newer"
    assert await table.reseal(10) == Resealed(done=1, left=0)
    assert await table.get(_cluster(0), "kubeconfig") == b"newer"


async def test_a_process_that_does_not_know_the_new_key_does_not_go_back(
    database: Database,
) -> None:
    await _fill(_table(database, NEW), 2)
    assert await _table(database, OLD).reseal(10) == Resealed(done=0, left=0, unreadable=2)
    assert await _under(database, NEW) == 2


async def test_the_change_begins_with_the_keys_that_are_there_now(database: Database) -> None:
    rings = [KeyRing((OLD,)), KeyRing((NEW, OLD))]
    table = TableSecrets(database, Keys(lambda: rings.pop(0)), FakeClock())
    await _fill(table, 2)
    assert await table.reseal(10) == Resealed(done=2, left=0)
    assert await _under(database, NEW) == 2
