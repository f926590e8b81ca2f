"""What is refused on sockets and to publishers on the bus is told as what is refused over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from contracts.access import AccessDenied
from contracts.refusals import Code, Refused, TryLater
from services.runtime.access import TokenRequest
from services.runtime.bus import BusUnavailable
from services.runtime.clock import SystemClock
from services.runtime.denials import Denials
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.access.doors import LOGS, WS, Doors, doors_on
from tests.gateway.access.users import logged_in
from tests.gateway.access.world import World
from tests.gateway.bots import REGISTER, bot, publishers, unreachable
from tests.kit.gateway import Json, Platform
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
async def doors(platform: Platform, world: World) -> AsyncGenerator[Doors]:
    async with doors_on(platform, world, auth_seconds=3) as served:
        yield served


async def _told(platform: Platform, event_type: str) -> list[Json]:
    """What the audit log holds once all is told."""
    await platform.gate.trail.tell(float("inf"))
    await platform.settle()
    items = (await platform.list("/audit", event_type=event_type, limit=1000))["items"]
    return [each["payload"] for each in items]


async def _denied(platform: Platform, user: str) -> list[Json]:
    return [each for each in await _told(platform, "ACCESS_DENIED") if each["user"] == user]


async def _failures(platform: Platform) -> int:
    found = await _told(platform, "LOGINS_FAILED")
    return sum(each["times"] for each in found if each["address"] == ADDRESS)


async def _token(platform: Platform, role: Role, *clusters: str) -> tuple[str, str]:
    """A token, and whose it is: nobody else's."""
    name = f"somebody-{new_id().hex[-8:]}"
    request = TokenRequest(name, role, tuple(map(UUID, clusters)))
    return name, (await platform.gate.access.mint_token(request))[1]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (WS, {"type": "subscribe"}),
        (WS, {"type": "replay", "from": "2026-01-01T00:00:00Z"}),
        (LOGS, {"type": "tail", "query": "{}"}),
    ],
    ids=["subscribe", "replay", "tail"],
)
async def test_a_role_that_may_not_is_told_of_with_how_often(
    doors: Doors, path: str, said: Json
) -> None:
    platform = doors.world.platform
    name, token = await _token(platform, Role.INGEST)
    for _ in range(3):
        async with doors.listen(token, path) as one:
            await one.say(**said)
            assert (await one.closed())[0] == 4401
    (told,) = await _denied(platform, name)
    assert (told["method"], told["path"], told["times"]) == ("WS", path, 3)
    assert told["role"] == "ingest"
    assert told["first_at"] <= told["last_at"]


async def test_a_foreign_cluster_is_told_of_and_the_connection_goes_on(doors: Doors) -> None:
    world = doors.world
    name, token = await _token(world.platform, Role.VIEWER, world.mine.id)
    filters = {"cluster_filter": [world.foreign.id]}
    async with doors.listen(token) as one:
        await one.say(type="subscribe", subscription=filters)
        assert (await one.find("error"))["code"] == "PERMISSION_DENIED"
        await one.say(type="replay", filters=filters, **{"from": "2026-01-01T00:00:00Z"})
        assert (await one.find("error"))["code"] == "PERMISSION_DENIED"
        await one.quiet()
    (told,) = await _denied(world.platform, name)
    assert (told["method"], told["path"], told["times"]) == ("WS", "/ws", 2)
    assert world.foreign.id not in str(told)


async def test_what_is_merely_wrong_is_not_told_of(doors: Doors) -> None:
    platform = doors.world.platform
    name, token = await _token(platform, Role.VIEWER)
    for path in (WS, LOGS):
        async with doors.listen(token, path) as one:
            for said in ({"type": "what"}, {"type": "auth", "token": "x"}, {"type": "subscribe",
                         "subscription": {"event_types": ["NO_SUCH"]}}):  # fmt: skip
                await one.say(**said)
                assert (await one.find("error"))["code"] != "PERMISSION_DENIED"
    assert await _denied(platform, name) == []


@pytest.mark.parametrize("path", [WS, LOGS])
async def test_tokens_and_sessions_that_are_none_count_as_failed_logins(
    doors: Doors, path: str
) -> None:
    platform = doors.world.platform
    before = await _failures(platform)
    for token in ("aiops_wrong", ""):
        async with doors.listen(None, path) as one:
            await one.say(type="auth", token=token)
            assert (await one.closed())[0] == 4401
    assert await _failures(platform) == before + 2
    # A session that has ended, and then silence.
    session = await logged_in(platform, "ada")
    await platform.gate.access.end_session(session.secret)
    async with doors.show(session.secret, path) as one:
        assert (await one.closed())[0] == 4401
    assert await _failures(platform) == before + 3


@pytest.mark.parametrize("path", [WS, LOGS])
async def test_who_shows_nothing_has_not_failed_to_log_in(doors: Doors, path: str) -> None:
    platform = doors.world.platform
    before = await _failures(platform)
    _, good = await _token(platform, Role.VIEWER)
    async with doors.listen(good, path) as one:
        await one.quiet()
    async with doors.listen(None, path) as silent:
        assert (await silent.closed())[0] == 4401
    async with doors.listen(None, path) as early:
        await early.say(type="ping")
        assert (await early.closed())[0] == 4401
    assert await _failures(platform) == before


async def test_commands_refused_to_a_publisher_are_told_of_with_how_often(world: World) -> None:
    platform = world.platform
    someone = await bot(platform, Role.OPERATOR, world.mine.id)
    for _ in range(3):
        assert (await someone.give(REGISTER, unreachable())).code == "PERMISSION_DENIED"
    about_another = {"cluster_id": world.foreign.id}
    assert (await someone.give("fleet.refresh_cluster", about_another)).code == "PERMISSION_DENIED"
    # Whose clusters it is about, only its handler knows.
    of_another = {"incident_id": world.foreign.incident}
    done = await someone.give("incidents.acknowledge_incident", of_another)
    assert done.code == "PERMISSION_DENIED"
    await _end_of_work(platform)
    found = await eventually(lambda: _of_all(platform, someone.name, 3))
    told = {each["path"]: each for each in found}
    assert {path: each["times"] for path, each in told.items()} == {
        REGISTER: 3,
        "fleet.refresh_cluster": 1,
        "incidents.acknowledge_incident": 1,
    }
    assert {(each["method"], each["role"]) for each in found} == {("COMMAND", "operator")}
    assert world.foreign.id not in str(found)


async def _end_of_work(platform: Platform) -> None:
    """Workers tell what they have counted before they go."""
    await platform.workers.stop()
    await platform.workers.start()


async def _of_all(platform: Platform, user: str, count: int) -> list[Json]:
    found = await _denied(platform, user)
    return found if len(found) >= count else []


async def test_a_publisher_that_is_not_known_is_told_of_and_its_command_is_not(
    platform: Platform,
) -> None:
    gone = await bot(platform, Role.ADMIN)
    await publishers(platform).remove(gone.name)
    for command in ("clusters.made_up_1", "clusters.made_up_2"):
        assert (await gone.give(command, b"{")).code == "PERMISSION_DENIED"
    await _end_of_work(platform)
    (told,) = await eventually(lambda: _of_all(platform, gone.name, 1))
    assert (told["role"], told["path"], told["times"]) == (None, "clusters.unknown", 2)


async def test_what_a_publisher_may_but_cannot_is_not_told_of(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    for command, fields in (
        (REGISTER, b"{"),
        ("clusters.made_up", b"{}"),
        ("projections.rebuild_projection", {"name": "nothing"}),
        ("fleet.refresh_cluster", {"cluster_id": str(new_id())}),
    ):
        assert (await someone.give(command, fields)).outcome == "refused"
    assert (await someone.give(REGISTER, unreachable())).outcome == "accepted"
    await _end_of_work(platform)
    other = await bot(platform, Role.INGEST)
    await other.give(REGISTER, unreachable())
    await _end_of_work(platform)
    await eventually(lambda: _of_all(platform, other.name, 1))
    assert await _denied(platform, someone.name) == []


async def test_a_publisher_cannot_say_itself_what_was_refused(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    done = await someone.give("access.note_access", {"denied": {"user": "ada"}})
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")


@dataclass
class Log:
    """Keeps what it is told, unless it is away."""

    told: list[AccessDenied] = field(default_factory=list[AccessDenied])
    ids: list[UUID] = field(default_factory=list[UUID])
    failures: list[Exception] = field(default_factory=list[Exception])

    async def __call__(self, event_id: UUID, denied: AccessDenied) -> None:
        self.ids.append(event_id)
        if self.failures:
            raise self.failures.pop()
        self.told.append(denied)


def _deny(denials: Denials, publisher: str, command: str = "a.b", code: Code | None = None) -> None:
    with (
        pytest.raises(Refused, match="no"),
        denials.watch(publisher, Role.INGEST, command),
    ):
        raise Refused(code or Code.PERMISSION_DENIED, "no")


async def test_a_flood_is_one_event_with_a_number() -> None:
    log = Log()
    denials = Denials(log, SystemClock(), seconds=60)
    for _ in range(10_000):
        _deny(denials, "bot")
    await denials.close()
    (told,) = log.told
    assert (told.user, told.path, told.times) == ("bot", "a.b", 10_000)


async def test_only_a_thousand_things_are_counted_at_a_time() -> None:
    log = Log()
    denials = Denials(log, SystemClock(), seconds=60)
    for number in range(1_500):
        _deny(denials, f"bot-{number}")
    await denials.close()
    assert len(log.told) == 1_000


async def test_what_cannot_be_told_now_is_told_later_under_its_id() -> None:
    log = Log(failures=[BusUnavailable("away"), TryLater("busy")])
    denials = Denials(log, SystemClock(), seconds=0.01)
    _deny(denials, "bot")
    await until(lambda: log.told)
    assert len(log.ids) == 3
    assert len(set(log.ids)) == 1
    _deny(denials, "bot")
    await until(lambda: len(log.told) == 2)
    await denials.close()


async def test_other_refusals_are_not_counted_and_nothing_is_told_of_success() -> None:
    log = Log()
    denials = Denials(log, SystemClock(), seconds=60)
    _deny(denials, "bot", code=Code.VALIDATION_FAILED)
    with denials.watch("bot", Role.ADMIN, "a.b"):
        pass
    await denials.close()
    assert log.told == []


@pytest.mark.parametrize("name", ["x" * 300, "a\x01b", "ü"])
async def test_a_name_that_no_event_may_hold_is_told_as_one_it_may(name: str) -> None:
    log = Log()
    denials = Denials(log, SystemClock(), seconds=60)
    _deny(denials, name)
    await denials.close()
    assert len(log.told) == 1


async def test_where_the_log_does_not_answer_a_worker_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(_: UUID, __: AccessDenied) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("services.runtime.denials._GOODBYE", 0.05)
    denials = Denials(never, SystemClock(), seconds=60)
    _deny(denials, "bot")
    async with asyncio.timeout(10):
        await denials.close()
