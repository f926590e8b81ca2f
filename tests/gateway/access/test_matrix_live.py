"""Everything that a client may say on the live socket, and the same by server-sent events, said by
everybody about clusters of theirs and of others.

What is said is written down in `SUBSCRIPTIONS` and the tests below; a message or filter that nobody
has thought about fails.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

import pytest

from contracts.access import LoginMethod
from contracts.catalog import MEASURED_NAMES
from gateway.auth.credentials import SESSION_COOKIE
from gateway.live import incoming
from gateway.live.messages import Auth, Ping, Subscribe, Subscription, Unsubscribe
from gateway.live.replay_messages import Replay, ReplayControl
from gateway.rest import events_stream
from services.runtime.access import Session
from services.runtime.principals import EVERYWHERE, Grant, Role, Scope
from tests.gateway.access.doors import (
    SPANNING,
    Doors,
    Listener,
    assert_hidden,
    doors_on,
    events_of,
    read_stream,
)
from tests.gateway.access.world import MARK, World
from tests.kit.gateway import Json, Platform
from tests.kit.live import Frame

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ADMIN, OPERATOR, VIEWER, INGEST = Role
READERS = (ADMIN, OPERATOR, VIEWER)
BEGINNING = "2020-01-01T00:00:00Z"
Shown = frozenset[str | None]
"""Clusters whose things somebody sees; None: also what is of no cluster."""
BARRIER = "CNF_STATUS_CHANGED"


@dataclass(frozen=True)
class Case:
    """A subscription, and whose things are in it for those who may see them."""

    asked: Callable[[World], Json]
    mine: bool = True
    foreign: bool = True


SUBSCRIPTIONS: Mapping[str, Case] = {
    "everything": Case(lambda _: {}),
    "event types": Case(lambda _: {"event_types": ["ALERT_FIRED", "ACCESS_DENIED"]}),
    "measurements": Case(lambda _: {"event_types": sorted(MEASURED_NAMES)}),
    "both clusters": Case(lambda world: {"cluster_filter": [world.mine.id, world.foreign.id]}),
    "the foreign cluster": Case(lambda world: {"cluster_filter": [world.foreign.id]}, mine=False),
    "my cluster": Case(lambda world: {"cluster_filter": [world.mine.id]}, foreign=False),
    "the foreign namespace": Case(
        lambda world: {"namespace_filter": [world.foreign.name]}, mine=False
    ),
    "both namespaces": Case(
        lambda world: {"namespace_filter": [world.foreign.name, world.mine.name]}
    ),
    "a foreign entity": Case(
        lambda world: {"entity_filter": [f"gpu_node:{world.foreign.node}"]}, mine=False
    ),
    "entities of both": Case(
        lambda world: {"entity_filter": [f"gpu_node:{each.node}" for each in _both(world)]}
    ),
    "since the beginning": Case(lambda _: {"since_sequence": 0}),
    "since a foreign event": Case(lambda world: {"since_sequence": world.foreign.sequence}),
    "since before a foreign event": Case(
        lambda world: {
            "since_sequence": world.foreign.sequence - 1,
            "cluster_filter": [world.foreign.id, world.mine.id],
        }
    ),
    "since a time": Case(lambda _: {"since_time": BEGINNING}),
}
FILTERS = set(Subscription.model_fields)


def _both(world: World) -> tuple[Any, Any]:
    return world.foreign, world.mine


@pytest.fixture(scope="module")
async def doors(platform: Platform, world: World) -> AsyncGenerator[Doors]:
    async with doors_on(platform, world) as served:
        yield served


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reader of server-sent events stands is told more often than people want it."""
    monkeypatch.setattr(events_stream, "HEARTBEAT_SECONDS", 0.05)


async def test_every_message_and_filter_is_in_the_matrix(world: World) -> None:
    assert set(get_args(incoming.Incoming)) == SAID.keys()
    asked = {name for case in SUBSCRIPTIONS.values() for name in case.asked(world)}
    assert asked == FILTERS
    actions = set(get_args(ReplayControl.model_fields["action"].annotation))
    assert actions == {each["action"] for each in _controls("now")}


@pytest.mark.parametrize("batch", [False, True], ids=["alone", "in batches"])
@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_subscribe(doors: Doors, name: str, batch: bool) -> None:
    case, world = SUBSCRIPTIONS[name], doors.world
    async with AsyncExitStack() as stack:
        listening: list[tuple[bool, Listener]] = []
        for role in READERS:
            for everywhere in (True, False):
                token = await world.token(role, everywhere=everywhere)
                one = await stack.enter_async_context(doors.listen(token))
                await _subscribe(one, world, case.asked(world), batch=batch)
                listening.append((everywhere, one))
        news = await doors.news()
        for everywhere, one in listening:
            await one.until_event(news.before)
            await _measured(one)
            _judge(world, case, one.heard, everywhere=everywhere)


async def _subscribe(one: Listener, world: World, asked: Json, *, batch: bool) -> None:
    """To this, and to what proves that all before it was told, if it was for this client."""
    barrier = {"cluster_filter": [world.mine.id], "event_types": [BARRIER, *MEASURED_NAMES]}
    await one.say(type="subscribe", id="barrier", subscription=barrier, batch=batch)
    await one.find("caught_up")
    await one.say(type="subscribe", id="asked", subscription=asked, batch=batch)
    # Refused if there is nothing in it that is theirs: then there is nothing to wait for.
    while (await one.next())["type"] not in {"caught_up", "error"}:
        pass


async def _measured(one: Listener) -> None:
    """The last measurement of `mine` has come: one of a score that only `Doors.news` gives."""
    while not any(each["payload"].get("health_score") == 1 for each in _measures(one.heard)):
        await one.next()


def _measures(frames: list[Frame]) -> list[Frame]:
    return [each for each in events_of(frames) if each["sequence"] is None]


def _judge(world: World, case: Case, frames: list[Frame], *, everywhere: bool) -> None:
    if not everywhere:
        assert_hidden(world, frames, json.dumps(case.asked(world)))
    shown = {each["cluster_id"] for each in events_of(frames)}
    assert world.mine.id in shown
    assert (world.foreign.id in shown) == (everywhere and case.foreign)
    if everywhere and case.asked(world).keys() <= {"since_sequence", "since_time"}:
        assert None in shown, "what is of no cluster"


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_server_sent_events(doors: Doors, name: str) -> None:
    case, world = SUBSCRIPTIONS[name], doors.world
    for role in Role:
        for everywhere in (True, False):
            token = await world.token(role, everywhere=everywhere)
            headers = {"authorization": f"Bearer {token}"}
            async with doors.stream(headers, case.asked(world)) as answer:
                if role is INGEST or (name == "the foreign cluster" and not everywhere):
                    assert answer.status_code == 403
                    assert MARK not in (await answer.aread()).decode()
                    continue
                assert answer.status_code == 200, await answer.aread()
                frames = await read_stream(answer, (await doors.news()).last)
                _judge_stream(world, case, frames, everywhere=everywhere)


def _judge_stream(world: World, case: Case, frames: list[Frame], *, everywhere: bool) -> None:
    if not everywhere:
        assert_hidden(world, frames, json.dumps(case.asked(world)))
    shown = {each["cluster_id"] for each in events_of(frames)}
    assert (world.mine.id in shown) == case.mine
    assert (world.foreign.id in shown) == (everywhere and case.foreign)


async def test_a_stream_that_goes_on_after_a_foreign_event(doors: Doors) -> None:
    world = doors.world
    token = await world.token(VIEWER, everywhere=False)
    headers = {"authorization": f"Bearer {token}", "last-event-id": str(world.foreign.sequence)}
    async with doors.stream(headers, {}) as answer:
        frames = await read_stream(answer, (await doors.news()).last)
    assert_hidden(world, frames, "")
    assert _shown(frames) == {world.mine.id}


def _controls(moment: str) -> list[Json]:
    return [
        {"action": "pause"},
        {"action": "resume"},
        {"action": "speed", "speed": 2},
        {"action": "seek", "to": moment},
        {"action": "speed", "speed": "max"},
        {"action": "stop"},
    ]


def _window(filters: Json) -> Json:
    return {"type": "replay", "id": "r", "from": BEGINNING, "telemetry": True, "filters": filters}


async def _replayed(one: Listener, asked: Json) -> None:
    await one.say(**asked)
    while (frame := await one.next())["type"] != "error":
        if frame["type"] == "replay_state" and frame["state"] == "ended":
            return


@pytest.mark.parametrize("batch", [False, True], ids=["alone", "in batches"])
@pytest.mark.parametrize("name", [each for each in SUBSCRIPTIONS if "since" not in each])
async def test_replay(doors: Doors, name: str, batch: bool) -> None:
    case, world = SUBSCRIPTIONS[name], doors.world
    asked = _window(case.asked(world)) | {"speed": "max", "batch": batch}
    await doors.news()
    for role in READERS:
        for everywhere in (True, False):
            token = await world.token(role, everywhere=everywhere)
            async with doors.listen(token) as one:
                await _replayed(one, asked)
            _judge_stream(world, case, one.heard, everywhere=everywhere)


async def test_replay_control_shows_no_more_than_the_replay_and_reaches_no_other(
    doors: Doors,
) -> None:
    world = doors.world
    news = await doors.news()
    all_of_it = await world.token(ADMIN, everywhere=True)
    async with doors.listen(all_of_it) as theirs:
        await theirs.say(**_window({}), speed=1)
        assert (await theirs.find("replay_state"))["state"] == "playing"
        for role in READERS:
            token = await world.token(role, everywhere=False)
            async with doors.listen(token) as one:
                for control in _controls(BEGINNING):
                    await one.say(type="replay_control", id="r", **control)
                    assert (await one.find("error"))["message"] == "there is no such replay"
                await one.say(**_window({}), speed=0.001)
                for control in _controls(BEGINNING)[:-1]:
                    await one.say(type="replay_control", id="r", **control)
                await one.until_event(news.last)
            assert_hidden(world, one.heard, "")
        await theirs.say(type="replay_control", id="r", action="pause")
        while (await theirs.find("replay_state"))["state"] != "paused":
            pass


async def test_unsubscribe_leaves_what_was_allowed_and_reaches_no_other(doors: Doors) -> None:
    world = doors.world
    all_of_it = await world.token(ADMIN, everywhere=True)
    async with doors.listen(all_of_it) as theirs:
        await theirs.say(type="subscribe", id="theirs")
        await theirs.find("caught_up")
        for role in READERS:
            token = await world.token(role, everywhere=False)
            async with doors.listen(token) as one:
                await one.say(type="unsubscribe", id="theirs")
                assert (await one.find("error"))["code"] == "INVALID_SUBSCRIPTION"
                await _subscribe(one, world, {}, batch=False)
                await one.say(type="unsubscribe", id="asked", event_types=["ALERT_FIRED"])
                told = await one.find("subscribed")
                assert told["cluster_filter"] == [world.mine.id]
                news = await doors.news()
                await one.until_event(news.before)
                await one.say(type="unsubscribe")
                await doors.news()
                await one.say(type="ping")
                await one.find("pong")
            assert_hidden(world, one.heard, "")
        await theirs.until_event((await doors.news()).first)


async def test_auth_a_second_time_gives_no_more_rights(doors: Doors) -> None:
    world = doors.world
    all_of_it = await world.token(ADMIN, everywhere=True)
    for role in READERS:
        async with doors.listen(await world.token(role, everywhere=False)) as one:
            await one.say(type="auth", token=all_of_it)
            assert (await one.next())["code"] == "INVALID_MESSAGE"
            await _subscribe(one, world, {"since_sequence": 0}, batch=False)
            news = await doors.news()
            await one.until_event(news.before)
        assert_hidden(world, one.heard, "")


@pytest.mark.parametrize("everywhere", [True, False])
async def test_who_posts_alerts_is_told_nothing_but_that_the_gateway_is_there(
    doors: Doors, everywhere: bool
) -> None:
    world = doors.world
    token = await world.token(INGEST, everywhere=everywhere)
    asked = [{"type": "subscribe", "subscription": SUBSCRIPTIONS[name].asked(world)}
             for name in SUBSCRIPTIONS]  # fmt: skip
    for frame in (*asked, _window({})):
        async with doors.listen(token) as one:
            await one.say(type="ping")
            await one.find("pong")
            await one.say(type="unsubscribe")
            await one.say(type="replay_control", action="stop")
            await one.say(**frame)
            code, frames = await one.closed()
        assert (code, frames[-1]["code"]) == (4401, "PERMISSION_DENIED")
        assert events_of(one.heard) == []
        assert_hidden(world, one.heard, "")


@pytest.mark.parametrize("token", [None, "aiops_wrong", ""])
async def test_whom_nobody_knows_is_told_nothing(doors: Doors, token: str | None) -> None:
    for said in ({"type": "subscribe"}, _window({}), {"type": "ping"}):
        async with doors.listen(None) as one:
            await doors.news()
            await one.say(**({"type": "auth", "token": token} if token is not None else said))
            code, frames = await one.closed()
            assert (code, [each.get("code") for each in frames]) == (4401, ["AUTH_FAILED"])


def _grants(world: World) -> Mapping[str, tuple[tuple[Grant, ...], Shown]]:
    """What somebody with two roles may do, and the clusters whose things they see."""
    mine, foreign = (Scope(frozenset({UUID(each)})) for each in (world.mine.id, world.foreign.id))
    own, both = Shown({world.mine.id}), Shown({world.mine.id, world.foreign.id})
    return {
        "viewer and ingest": ((Grant(VIEWER, mine), Grant(INGEST, foreign)), own),
        "ingest and viewer": ((Grant(INGEST, EVERYWHERE), Grant(VIEWER, mine)), own),
        "viewer and operator": ((Grant(VIEWER, mine), Grant(OPERATOR, foreign)), both),
        "admin and viewer": ((Grant(ADMIN, mine), Grant(VIEWER, foreign)), both),
        "admin and all": ((Grant(ADMIN, mine), Grant(VIEWER, EVERYWHERE)), both | {None}),
        "admin and none": ((Grant(ADMIN, mine), Grant(VIEWER, Scope(frozenset()))), own),
    }


async def _logged_in(platform: Platform, user: str) -> Session:
    groups = frozenset({user})
    return await platform.gate.access.begin_session(user, LoginMethod.OIDC, groups, None)


@pytest.mark.parametrize("who", [
    "viewer and ingest", "ingest and viewer", "viewer and operator", "admin and viewer",
    "admin and all", "admin and none",
])  # fmt: skip
async def test_a_user_with_two_roles_sees_what_one_of_them_shows(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    world, known = doors.world, _grants(doors.world)
    assert len(known) == 6
    grants, expected = known[who]
    access = world.platform.gate.access

    def granted(groups: frozenset[str]) -> tuple[Grant, ...]:
        return grants if who in groups else ()

    monkeypatch.setattr(access, "granted", granted)
    session = await _logged_in(world.platform, who)
    cookie = {"cookie": f"{SESSION_COOKIE}={session.secret}"}
    async with doors.browse(session) as one, doors.stream(cookie, {}) as stream:
        await _subscribe(one, world, {}, batch=False)
        news = await doors.news()
        await one.until_event(news.last)
        await _measured(one)
        streamed = await read_stream(stream, news.last)
    async with doors.browse(session) as again:
        await _replayed(again, _window({}) | {"speed": "max"})
    for frames in (one.heard, streamed, again.heard):
        assert _shown(frames) == expected
        if world.foreign.id not in expected:
            assert_hidden(world, frames, "")


def _shown(frames: Iterable[Frame]) -> Shown:
    """Less what is of none because it is about both."""
    events = [
        each for each in events_of(list(frames)) if not each["event_type"].startswith(SPANNING)
    ]
    return Shown(each["cluster_id"] for each in events)


SAID = {
    Auth: test_auth_a_second_time_gives_no_more_rights,
    Subscribe: test_subscribe,
    Unsubscribe: test_unsubscribe_leaves_what_was_allowed_and_reaches_no_other,
    Replay: test_replay,
    ReplayControl: test_replay_control_shows_no_more_than_the_replay_and_reaches_no_other,
    Ping: test_who_posts_alerts_is_told_nothing_but_that_the_gateway_is_there,
}
"""Every message, and where it is said by everybody."""
