"""One-time references: material for one command, found again by it alone, gone in ten minutes."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.refusals import Code, Refused
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.vault.keys import Keys
from services.runtime.vault.references import References
from services.runtime.vault.sealing import CannotOpen
from tests.kit.builders import CLUSTER_ID, COMMAND_ID, EVENT_ID, OTHER_CLUSTER_ID, START, at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

PLACE = str(CLUSTER_ID)
OTHER_COMMAND = EVENT_ID


@pytest.fixture
def references(database: Database, keys: Keys) -> References:
    return References(database, keys)


async def _rows(database: Database) -> int:
    row = await database.fetch_one("select count(*) from aiops.deposit")
    assert row is not None
    return row[0]


async def test_the_command_gets_what_was_laid_down(references: References) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    taken = await references.withdraw(reference, PLACE, COMMAND_ID, at(1))
    assert taken == b"planted"
    assert "planted" not in repr(taken)


async def test_a_command_that_comes_again_finds_it_again(references: References) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    for second in (1, 2, 599):
        assert await references.withdraw(reference, PLACE, COMMAND_ID, at(second)) == b"planted"


async def test_another_command_gets_nothing(references: References) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    assert await references.withdraw(reference, PLACE, COMMAND_ID, at(1)) is not None
    assert await references.withdraw(reference, PLACE, OTHER_COMMAND, at(2)) is None
    assert await references.withdraw(reference, PLACE, COMMAND_ID, at(3)) is not None


async def test_for_another_cluster_it_is_nothing_and_is_not_used_up(references: References) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    other = str(OTHER_CLUSTER_ID)
    assert await references.withdraw(reference, other, OTHER_COMMAND, at(1)) is None
    assert await references.withdraw(reference, PLACE, COMMAND_ID, at(2)) == b"planted"


async def test_after_ten_minutes_nobody_gets_it(references: References) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    taken = await references.deposit(b"planted", PLACE, START)
    assert await references.withdraw(taken, PLACE, COMMAND_ID, at(599)) is not None
    for each in (reference, taken):
        assert await references.withdraw(each, PLACE, COMMAND_ID, at(600)) is None


@pytest.mark.parametrize("guess", ["", "x", "\0", "\ud800", "' or true --", "x" * 100_000])
async def test_nothing_else_is_a_reference(references: References, guess: str) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    for wrong in (guess, reference[:-1], reference + "=", reference.swapcase()):
        assert await references.withdraw(wrong, PLACE, COMMAND_ID, at(1)) is None


async def test_references_cannot_be_guessed_from_each_other(references: References) -> None:
    told = {await references.deposit(b"same", PLACE, START) for _ in range(20)}
    assert len(told) == 20
    assert min(map(len, told)) >= 43


async def test_what_is_settled_is_gone(references: References, database: Database) -> None:
    reference = await references.deposit(b"planted", PLACE, START)
    other = await references.deposit(b"other", PLACE, START)
    assert await references.withdraw(reference, PLACE, COMMAND_ID, at(1)) is not None
    await references.settle(reference)
    await references.settle(reference)
    assert await references.withdraw(reference, PLACE, COMMAND_ID, at(2)) is None
    assert await _rows(database) == 1
    assert await references.withdraw(other, PLACE, COMMAND_ID, at(2)) == b"other"


async def test_what_has_expired_is_swept_and_nothing_else(
    references: References, database: Database
) -> None:
    for second in (0, 1, 2):
        await references.deposit(b"planted", PLACE, at(second))
    assert await references.sweep(at(599)) == 0
    assert await references.sweep(at(601)) == 2
    assert await references.sweep(at(601)) == 0
    assert await _rows(database) == 1


async def test_a_sweep_is_bounded(references: References, database: Database) -> None:
    await references.deposit(b"planted", PLACE, START)
    await database.execute(
        "insert into aiops.deposit (id, hash, bound_to, envelope, expires_at)"
        " select gen_random_uuid(), sha256(n::text::bytea), 'x', '', %s"
        " from generate_series(1, 1500) n",
        (START + timedelta(minutes=1),),
    )
    swept = [await references.sweep(at(300)) for _ in range(3)]
    assert swept == [1000, 500, 0]


async def test_of_commands_that_ask_at_once_one_gets_it(references: References) -> None:
    for _ in range(10):
        reference = await references.deposit(b"planted", PLACE, START)
        commands = [new_id() for _ in range(8)]

        async def ask(command: UUID, wanted: str = reference) -> bytes | None:
            return await references.withdraw(wanted, PLACE, command, at(1))

        # Each command asks twice, as if it had been delivered twice at once.
        got = await asyncio.gather(*map(ask, commands * 2))
        winners = [command for command, each in zip(commands * 2, got, strict=True) if each]
        assert len(winners) == 2
        assert len(set(winners)) == 1


async def test_a_deposit_moved_to_another_place_or_row_does_not_open(
    references: References, database: Database
) -> None:
    reference = await references.deposit(b"one", PLACE, START)
    await database.execute("update aiops.deposit set bound_to = 'elsewhere'")
    with pytest.raises(CannotOpen):
        await references.withdraw(reference, "elsewhere", COMMAND_ID, at(1))
    await database.execute("update aiops.deposit set bound_to = %s, id = %s", (PLACE, new_id()))
    with pytest.raises(CannotOpen):
        await references.withdraw(reference, PLACE, COMMAND_ID, at(1))


async def test_too_much_is_refused(references: References, database: Database) -> None:
    with pytest.raises(Refused) as told:
        await references.deposit(b"x" * 1_500_001, PLACE, START)
    assert told.value.code is Code.LIMIT_REACHED
    assert await _rows(database) == 0
    assert await references.deposit(b"x" * 1_500_000, PLACE, START)
