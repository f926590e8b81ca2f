"""Tokens, login codes and sessions: known by their hash, good for as long as they should be."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.runtime import database as databases
from services.runtime.access import Access, TokenRequest, digest
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.ids import new_id
from services.runtime.principals import Principal, Role
from services.runtime.settings import DatabaseSettings
from tests.kit import builders
from tests.kit.embedded import PostgresServer, start_postgres

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

HOUR = 3600.0
ADMIN = TokenRequest("ada", Role.ADMIN)


@dataclass
class FakeClock:
    """Time that moves when it is told to."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return builders.at(self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(fresh_database: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database(fresh_database, "test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def access(database: Database, clock: FakeClock) -> Access:
    return Access(database, clock)


@pytest.fixture
def elsewhere(database: Database, clock: FakeClock) -> Access:
    """The same tables, as another process sees them."""
    return Access(database, clock)


def _of_token(token_id: UUID, principal: Principal) -> Principal:
    return replace(principal, token_id=token_id)


async def test_a_token_says_who_asks(access: Access) -> None:
    request = TokenRequest("berlin", Role.INGEST, (builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID))
    token_id, secret = await access.mint_token(request)
    principal = await access.principal(secret)
    clusters = frozenset({builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID})
    assert principal == _of_token(token_id, Principal.of("berlin", Role.INGEST, clusters))
    assert principal is not None
    assert principal.actor == "berlin"
    assert principal.owner == f"token:{token_id}"


async def test_a_token_without_clusters_is_for_all(access: Access) -> None:
    token_id, secret = await access.mint_token(ADMIN)
    assert await access.principal(secret) == _of_token(token_id, Principal.of("ada", Role.ADMIN))


async def test_tokens_can_be_told_in_a_leak(access: Access) -> None:
    (_, one), (_, other) = await access.mint_token(ADMIN), await access.mint_token(ADMIN)
    assert one.startswith("aiops_")
    assert len(one) >= 40
    assert one != other


async def test_the_tables_hold_hashes_only(access: Access, database: Database) -> None:
    _, token = await access.mint_token(ADMIN)
    code = await access.mint_login_code()
    other = await access.mint_login_code()
    session = await access.redeem(code)
    assert session is not None
    told = ""
    for table in ("token", "login_code", "session"):
        rows = await database.fetch_all(f"select t::text from aiops.{table} t")
        told += repr(rows)
    for secret in (token, code, other, session.secret):
        assert secret not in told
        assert secret.removeprefix("aiops_") not in told
    assert digest(token).hex() in told


@pytest.mark.parametrize("secret", ["", "aiops_", "x" * 10_000, "aiops_\0", "ü", "' or true --"])
async def test_nothing_else_is_a_token(access: Access, secret: str) -> None:
    await access.mint_token(ADMIN)
    assert await access.principal(secret) is None


async def test_a_token_ends_when_it_is_old(access: Access, clock: FakeClock) -> None:
    _, secret = await access.mint_token(TokenRequest("ada", Role.ADMIN, age=timedelta(hours=1)))
    clock.seconds = HOUR - 1
    assert await access.principal(secret) is not None
    clock.seconds = HOUR + 5
    assert await access.principal(secret) is None


async def test_a_revoked_token_is_worthless_here_at_once(access: Access) -> None:
    _, secret = await access.mint_token(ADMIN)
    assert await access.principal(secret) is not None
    await access.revoke(secret)
    assert await access.principal(secret) is None


async def test_a_token_revoked_by_its_id_is_worthless_here_at_once(access: Access) -> None:
    token_id, secret = await access.mint_token(ADMIN)
    assert await access.principal(secret) is not None
    assert await access.revoke_by_id(token_id)
    assert await access.principal(secret) is None
    assert not await access.revoke_by_id(token_id)
    assert not await access.revoke_by_id(new_id())


async def test_elsewhere_a_revoked_token_lives_five_seconds_at_most(
    access: Access, elsewhere: Access, clock: FakeClock
) -> None:
    _, secret = await access.mint_token(ADMIN)
    assert await elsewhere.principal(secret) is not None
    await access.revoke(secret)
    clock.seconds = 4.9
    assert await elsewhere.principal(secret) is not None
    clock.seconds = 5.1
    assert await elsewhere.principal(secret) is None


async def test_revoking_one_token_leaves_the_others(access: Access) -> None:
    _, one = await access.mint_token(ADMIN)
    _, other = await access.mint_token(ADMIN)
    await access.revoke(one)
    assert await access.principal(other) is not None


async def test_a_new_token_is_known_although_it_was_asked_for_before(
    access: Access, clock: FakeClock, database: Database
) -> None:
    _, secret = await access.mint_token(ADMIN)
    await database.execute("update aiops.token set hash = %s", (digest("other"),))
    assert await access.principal(secret) is None
    await database.execute("update aiops.token set hash = %s", (digest(secret),))
    clock.seconds = 5.1
    assert await access.principal(secret) is not None


async def test_a_login_code_becomes_one_session(access: Access) -> None:
    code = await access.mint_login_code()
    session = await access.redeem(code)
    assert session is not None
    assert await access.principal(session.secret) == Principal.of("admin", Role.ADMIN)
    assert await access.redeem(code) is None
    assert await access.redeem("another") is None


async def test_of_two_who_redeem_a_code_at_once_one_gets_in(access: Access) -> None:
    code = await access.mint_login_code()
    sessions = await asyncio.gather(*(access.redeem(code) for _ in range(8)))
    assert len([session for session in sessions if session]) == 1


async def test_a_login_code_lives_ten_minutes(access: Access, clock: FakeClock) -> None:
    code = await access.mint_login_code()
    clock.seconds = 601
    assert await access.redeem(code) is None


async def test_a_code_is_no_session_and_no_token(access: Access) -> None:
    assert await access.principal(await access.mint_login_code()) is None


async def test_a_session_ends_after_half_a_day(access: Access, clock: FakeClock) -> None:
    session = await access.redeem(await access.mint_login_code())
    assert session is not None
    clock.seconds = 12 * HOUR - 6
    assert await access.principal(session.secret) is not None
    clock.seconds = 12 * HOUR + 1
    assert await access.principal(session.secret) is None


async def test_who_logs_out_is_out(access: Access) -> None:
    session = await access.redeem(await access.mint_login_code())
    assert session is not None
    assert await access.principal(session.secret) is not None
    await access.end_session(session.secret)
    assert await access.principal(session.secret) is None


async def test_the_memory_for_secrets_is_bounded(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.access._CACHE_SIZE", 10)
    for number in range(50):
        await access.principal(f"guess-{number}")
    assert len(access._known) == 10


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Generator[PostgresServer]:
    """A database that may go away."""
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    asyncio.run(databases.migrate(DatabaseSettings(url=SecretStr(server.url))))
    yield server
    server.stop()


async def test_without_the_database_known_tokens_are_good_for_a_while(
    mortal: PostgresServer, clock: FakeClock
) -> None:
    database = Database(DatabaseSettings(url=SecretStr(mortal.url), timeout=0.5), "test")
    await database.open()
    access = Access(database, clock)
    token_id, known = await access.mint_token(ADMIN)
    _, strange = await access.mint_token(ADMIN)
    assert await access.principal(known) is not None
    assert await access.principal("a guess") is None
    mortal.kill()
    clock.seconds = 60
    assert await access.principal(known) == _of_token(token_id, Principal.of("ada", Role.ADMIN))
    for unknown in (strange, "a guess"):
        with pytest.raises(DatabaseUnavailable):
            await access.principal(unknown)
    clock.seconds = 901
    with pytest.raises(DatabaseUnavailable):
        await access.principal(known)
    mortal.start()
    assert await access.principal(known) is not None
    assert await access.principal(strange) is not None
    await database.close()
