"""Everything that a client may say on the socket of a log tail, said by everybody about clusters of
theirs and of others."""

import json
from collections.abc import AsyncGenerator
from typing import get_args
from uuid import UUID

import pytest

from contracts.access import LoginMethod
from gateway.live import log_messages
from gateway.live.log_messages import StopTail, Tail
from gateway.live.messages import Auth, Ping
from services.runtime.ids import new_id
from services.runtime.principals import EVERYWHERE, Grant, Role, Scope
from tests.gateway.access.doors import LOGS, Doors, Listener, assert_hidden, doors_on
from tests.gateway.access.world import MARK, World, world_on
from tests.gateway.live.tailing import FakeTails, leading
from tests.kit.gateway import API, Json, Platform
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ADMIN, OPERATOR, VIEWER, INGEST = Role
READERS = (ADMIN, OPERATOR, VIEWER)


@pytest.fixture(scope="module")
async def world(platform: Platform) -> World:
    """Both clusters have a Loki."""
    made = await world_on(platform)
    patch = {"endpoints": {"loki_url": "https://loki.example.invalid:3100"}}
    for about in (made.mine, made.foreign):
        answer = await platform.http.patch(f"{API}/clusters/{about.id}", json=patch)
        assert answer.status_code == 200, answer.text
    await platform.settle()
    return made


@pytest.fixture(scope="module")
async def all_tails(platform: Platform, world: World) -> AsyncGenerator[FakeTails]:
    del world  # First of all: it needs the workers, who stop now.
    async with leading(platform) as tails:
        yield tails


@pytest.fixture
async def tails(all_tails: FakeTails) -> FakeTails:
    """Nothing was asked before a test."""
    all_tails.clear()
    return all_tails


@pytest.fixture(scope="module")
async def doors(platform: Platform, world: World, all_tails: FakeTails) -> AsyncGenerator[Doors]:
    del all_tails
    async with doors_on(platform, world) as served:
        yield served


def test_every_message_is_in_the_matrix() -> None:
    assert set(get_args(log_messages.Incoming)) == SAID.keys()
    clusters = {name for name in Tail.model_fields if "cluster" in name}
    assert clusters == {"cluster_ids"}, "another way to name clusters"


def _asked(world: World) -> dict[str, list[str]]:
    return {
        "all": [],
        "mine": [world.mine.id],
        "both": [world.mine.id, world.foreign.id],
        "foreign": [world.foreign.id],
        "foreign twice": [world.foreign.id] * 2,
        "none": [str(new_id())],
    }


@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "of one"])
@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("which", ["all", "mine", "both", "foreign", "foreign twice", "none"])
async def test_tail(
    doors: Doors, tails: FakeTails, which: str, role: Role, everywhere: bool
) -> None:
    world = doors.world
    ids = _asked(world)[which]
    theirs = {world.mine.id, world.foreign.id} if everywhere else {world.mine.id}
    expected = (set(ids) or theirs) if set(ids) <= theirs else set[str]()
    async with doors.listen(await world.token(role, everywhere=everywhere), LOGS) as one:
        await one.say(type="tail", query='{app="a"}', cluster_ids=ids)
        if expected:
            await _lines(one, tails, expected)
        else:
            error = await one.find("error")
            assert error["code"] == "CLUSTER_NOT_FOUND"
            # As of one that there is not.
            assert error["message"] == f"there is no cluster {min(set(ids) - theirs)}"
    assert tails.questions.keys() == expected, "nobody else is asked"
    _judge(world, one, json.dumps(ids), everywhere=everywhere)


async def _lines(one: Listener, tails: FakeTails, expected: set[str]) -> None:
    told = await one.find("tailing")
    assert {each["cluster_id"] for each in told["clusters"]} == expected
    for cluster in expected:
        question = await tails.question(cluster)
        question.say((1, f"line of {cluster}"))
        question.beat()
    texts = set[str]()
    while len(texts) < len(expected):
        texts |= {each["message"] for each in (await one.find("lines"))["entries"]}
    assert texts == {f"line of {cluster}" for cluster in expected}


def _judge(world: World, one: Listener, asked: str, *, everywhere: bool) -> None:
    if everywhere:
        seen = MARK in json.dumps(one.heard)
        assert seen or world.foreign.id not in asked, "the mark would be found"
    else:
        assert_hidden(world, one.heard, asked)


@pytest.mark.parametrize("everywhere", [True, False])
async def test_who_posts_alerts_follows_nothing(
    doors: Doors, tails: FakeTails, everywhere: bool
) -> None:
    world = doors.world
    token = await world.token(INGEST, everywhere=everywhere)
    for ids in _asked(world).values():
        async with doors.listen(token, LOGS) as one:
            await one.say(type="ping")
            await one.find("pong")
            await one.say(type="unsubscribe")
            await one.say(type="tail", query="{}", cluster_ids=ids)
            code, frames = await one.closed()
        assert (code, frames[-1]["code"]) == (4401, "PERMISSION_DENIED")
        assert_hidden(world, one.heard, "")
    assert tails.questions == {}


@pytest.mark.parametrize(
    "said",
    [
        {"type": "tail", "query": "{}"},
        {"type": "ping"},
        {"type": "unsubscribe"},
        {"type": "auth", "token": "wrong"},
    ],
)
async def test_whom_nobody_knows_follows_nothing(
    doors: Doors, tails: FakeTails, said: Json
) -> None:
    async with doors.listen(None, LOGS) as one:
        await one.say(**said)
        code, frames = await one.closed()
    assert (code, [each["code"] for each in frames]) == (4401, ["AUTH_FAILED"])
    assert tails.questions == {}


@pytest.mark.parametrize("role", READERS)
async def test_auth_a_second_time_gives_no_more_rights(
    doors: Doors, tails: FakeTails, role: Role
) -> None:
    world = doors.world
    async with doors.listen(await world.token(role, everywhere=False), LOGS) as one:
        await one.say(type="auth", token=await world.token(ADMIN, everywhere=True))
        assert (await one.next())["code"] == "INVALID_MESSAGE"
        await one.say(type="tail", query="{}")
        await _lines(one, tails, {world.mine.id})
    assert tails.questions.keys() == {world.mine.id}
    assert_hidden(world, one.heard, "")


@pytest.mark.parametrize("role", READERS)
async def test_unsubscribe_ends_ones_own_tail_and_no_other(
    doors: Doors, tails: FakeTails, role: Role
) -> None:
    world = doors.world
    async with (
        doors.listen(await world.token(ADMIN, everywhere=True), LOGS) as theirs,
        doors.listen(await world.token(role, everywhere=False), LOGS) as one,
    ):
        await theirs.say(type="tail", query="{}", cluster_ids=[world.foreign.id])
        other = await tails.question(world.foreign.id)
        await one.say(type="tail", query="{}")
        mine = await tails.question(world.mine.id)
        await one.say(type="unsubscribe")
        await until(lambda: mine.gone)
        assert not other.gone
        await _lines(theirs, tails, {world.foreign.id})


async def test_a_user_with_two_roles_follows_where_one_of_them_reads(
    doors: Doors, tails: FakeTails, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = doors.world
    access = world.platform.gate.access
    own = Scope(frozenset({UUID(world.mine.id)}))

    def granted(groups: frozenset[str]) -> tuple[Grant, ...]:
        reads = Grant(VIEWER, EVERYWHERE if "everywhere" in groups else own)
        return Grant(INGEST, EVERYWHERE), reads

    monkeypatch.setattr(access, "granted", granted)
    both = {world.mine.id, world.foreign.id}
    for group, expected in (("own", {world.mine.id}), ("everywhere", both)):
        tails.clear()
        session = await access.begin_session("two", LoginMethod.OIDC, frozenset({group}), None)
        async with doors.browse(session, LOGS) as one:
            await one.say(type="tail", query="{}")
            await _lines(one, tails, expected)
        assert tails.questions.keys() == expected


SAID = {
    Auth: test_auth_a_second_time_gives_no_more_rights,
    Tail: test_tail,
    StopTail: test_unsubscribe_ends_ones_own_tail_and_no_other,
    Ping: test_who_posts_alerts_follows_nothing,
}
"""Every message, and where it is said by everybody."""
