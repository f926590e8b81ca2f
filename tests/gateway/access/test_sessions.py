"""Logins in browsers: who sees which of them, and who ends them."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest

from contracts.access import LoginMethod
from gateway.auth.credentials import SESSION_COOKIE
from gateway.rest.documented_access import SessionList, SessionView
from services.runtime.access import Access, Session
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.principals import Grant, Role
from tests.gateway.access.users import browser, logged_in
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually, running

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

OPENSHIFT = LoginMethod.OPENSHIFT
ROLES = {"viewers": Role.VIEWER, "admins": Role.ADMIN}


class _Later(SystemClock):
    def __init__(self, **by: float) -> None:
        self._by = timedelta(**by)

    def now(self) -> datetime:
        return super().now() + self._by

    def monotonic(self) -> float:
        return super().monotonic() + self._by.total_seconds()


def _granted(groups: frozenset[str]) -> tuple[Grant, ...]:
    return tuple(Grant(ROLES[each]) for each in sorted(groups & ROLES.keys()))


@pytest.fixture(scope="module")
async def users(platform: Platform) -> AsyncGenerator[Platform]:
    """A platform where groups have roles, and what happens at the doors is told."""
    access = platform.gate.access
    before, access.granted = access.granted, _granted
    async with running(platform.gate.trail.run):
        yield platform
    access.granted = before


def _name() -> str:
    return f"user-{new_id().hex[-8:]}"


async def _listed(platform: Platform, session: Session, **query: object) -> SessionList:
    async with browser(platform, session) as client:
        answer = await client.get("/auth/sessions", params={k: str(v) for k, v in query.items()})
    assert answer.status_code == 200, answer.text
    assert session.secret not in answer.text
    return SessionList.model_validate_json(answer.text)


def _ids(found: SessionList) -> list[str]:
    return [str(each.id) for each in found.items]


async def test_a_user_sees_their_own_sessions_and_which_one_it_is(users: Platform) -> None:
    name = _name()
    first = await logged_in(users, name, "viewers", "others")
    second = await logged_in(users, name, "viewers")
    await logged_in(users, _name(), "viewers")
    await logged_in(users, name, "viewers", method=OPENSHIFT)
    found = await _listed(users, second)
    assert _ids(found) == [str(second.id), str(first.id)], "the newest first"
    assert (found.total, found.total_pages) == (2, 1)
    assert [each.current for each in found.items] == [True, False]
    last = found.items[1]
    assert isinstance(last, SessionView)
    assert (last.user, last.method, last.groups) == (name, LoginMethod.OIDC, ["others", "viewers"])
    assert last.address == "192.0.2.7"
    assert last.expires_at - last.created_at == timedelta(hours=12)


async def test_they_come_in_pages(users: Platform) -> None:
    name = _name()
    made = [await logged_in(users, name, "viewers") for _ in range(5)]
    pages = [await _listed(users, made[0], page=number, page_size=2) for number in (1, 2, 3)]
    assert [each for page in pages for each in _ids(page)] == [str(each.id) for each in made[::-1]]
    assert [page.total_pages for page in pages] == [3, 3, 3]


async def test_an_administrator_sees_those_of_everybody_and_nobody_else_does(
    users: Platform,
) -> None:
    admin, other = await logged_in(users, _name(), "admins"), await logged_in(users, _name())
    assert _ids(await _listed(users, admin)) == [str(admin.id)]
    everybody = await _listed(users, admin, everybody=True, page_size=100)
    assert {str(admin.id), str(other.id)} <= {*_ids(everybody)}
    viewer = await logged_in(users, _name(), "viewers")
    async with browser(users, viewer) as client:
        answer = await client.get("/auth/sessions", params={"everybody": "true"})
        refused(answer, "PERMISSION_DENIED")


async def test_an_administrator_of_one_cluster_is_none_of_everything(users: Platform) -> None:
    cluster = await users.register()
    session = await logged_in(users, _name(), "viewers")
    async with users.client(await users.token(Role.ADMIN, cluster["id"])) as client:
        answer = await client.get("/auth/sessions", params={"everybody": "true"})
        refused(answer, "PERMISSION_DENIED")
        refused(await client.delete(f"/auth/sessions/{session.id}"), "NOT_FOUND")
    assert await users.gate.access.principal(session.secret) is not None


async def test_a_token_has_no_sessions_even_of_a_user_with_its_name_and_in_their_browser(
    users: Platform,
) -> None:
    session = await logged_in(users, "somebody", "viewers")
    cookies = {SESSION_COOKIE: session.secret}
    async with users.client(await users.token(Role.VIEWER), cookies=cookies) as client:
        assert (await client.get("/auth/me")).json()["user"] == "somebody"
        assert (await client.get("/auth/sessions")).json()["items"] == []
        refused(await client.delete(f"/auth/sessions/{session.id}"), "NOT_FOUND")
    assert await users.gate.access.principal(session.secret) is not None


async def test_a_user_ends_another_session_of_theirs_and_keeps_this_one(users: Platform) -> None:
    name = _name()
    lost, mine = await logged_in(users, name, "viewers"), await logged_in(users, name, "viewers")
    async with browser(users, lost) as thief, browser(users, mine) as client:
        assert (await thief.get("/auth/me")).status_code == 200
        answer = await client.delete(f"/auth/sessions/{lost.id}")
        assert (answer.status_code, answer.text) == (204, "")
        refused(await thief.get("/auth/me"), "AUTH_FAILED")
        assert (await client.get("/auth/me")).json()["user"] == name
        refused(await client.delete(f"/auth/sessions/{lost.id}"), "NOT_FOUND")
    (told,) = await eventually(lambda: _told(users, name, "LOGGED_OUT"))
    assert told["actor"] == f"oidc:{name}"
    assert told["payload"]["session_id"] == str(lost.id)
    assert told["payload"]["reason"] == "ended"


async def _told(platform: Platform, name: str, event_type: str) -> list[Json]:
    items = (await platform.list("/audit", event_type=event_type, limit=100))["items"]
    return [each for each in items if each["payload"]["user"] == name]


async def test_nobody_ends_those_of_others_but_an_administrator(users: Platform) -> None:
    name = _name()
    victim = await logged_in(users, name, "viewers")
    for other in (
        await logged_in(users, _name(), "viewers"),
        await logged_in(users, name, "viewers", method=OPENSHIFT),
    ):
        async with browser(users, other) as client:
            refused(await client.delete(f"/auth/sessions/{victim.id}"), "NOT_FOUND")
    assert await users.gate.access.principal(victim.secret) is not None
    boss = await logged_in(users, _name(), "admins")
    async with browser(users, boss) as client:
        assert (await client.delete(f"/auth/sessions/{victim.id}")).status_code == 204
    assert await users.gate.access.principal(victim.secret) is None
    (told,) = await eventually(lambda: _told(users, name, "LOGGED_OUT"))
    assert told["actor"] == boss.actor_told


async def test_a_foreign_page_ends_no_session(users: Platform) -> None:
    session = await logged_in(users, _name(), "viewers")
    async with browser(users, session) as client:
        for origin in ("https://evil.example.com", "null"):
            path = f"/auth/sessions/{session.id}"
            refused(await client.delete(path, headers={"origin": origin}), "AUTH_FAILED")
    assert await users.gate.access.principal(session.secret) is not None


async def test_one_that_has_run_out_is_in_no_list_and_not_kept(users: Platform) -> None:
    access, name = users.gate.access, _name()
    clock, access.clock = access.clock, _Later(hours=-13)
    try:
        old = await logged_in(users, name, "viewers")
    finally:
        access.clock = clock
    assert await access.principal(old.secret) is None
    new = await logged_in(users, name, "viewers")
    assert _ids(await _listed(users, new)) == [str(new.id)]
    row = await users.gate.database.fetch_one(
        "select count(*) from aiops.session where id = %s", (old.id,)
    )
    assert row == (0,)


async def test_the_settings_say_how_long_a_session_is(users: Platform) -> None:
    gate = users.gate
    access = Access(gate.database, gate.clock, session_age=timedelta(hours=1))
    session = await access.begin_session("ada", LoginMethod.OIDC, frozenset(), None)
    assert await access.principal(session.secret) is not None
    access.clock = _Later(minutes=61)
    assert await access.principal(session.secret) is None


async def test_it_is_known_when_a_session_was_shown_last(users: Platform) -> None:
    session = await logged_in(users, _name(), "viewers")
    (before,) = (await _listed(users, session)).items
    assert before.last_used_at is None
    await users.gate.access.keep_used()
    (after,) = (await _listed(users, session)).items
    assert after.last_used_at is not None
    assert after.last_used_at >= after.created_at


async def test_what_groups_may_do_is_asked_anew_at_every_request(users: Platform) -> None:
    access, name = users.gate.access, _name()
    session = await logged_in(users, name, "viewers")
    async with browser(users, session) as client:
        assert (await client.get(f"{API}/clusters")).status_code == 200
        access.granted = lambda _: ()
        try:
            refused(await client.get(f"{API}/clusters"), "PERMISSION_DENIED")
        finally:
            access.granted = _granted
        assert (await client.get(f"{API}/clusters")).status_code == 200


async def test_elsewhere_an_ended_session_lives_five_seconds_at_most(users: Platform) -> None:
    gate = users.gate
    elsewhere = Access(gate.database, gate.clock, granted=_granted)
    session = await logged_in(users, "ada", "admins")
    assert await elsewhere.principal(session.secret) == session.principal((Grant(Role.ADMIN),))
    assert await gate.access.end_session_by_id(session.id, None) is not None
    elsewhere.clock = _Later(seconds=5.1)
    assert await elsewhere.principal(session.secret) is None


async def test_logging_out_everywhere_can_spare_who_shares_the_name_only(users: Platform) -> None:
    access, name = users.gate.access, _name()
    mine, other = await logged_in(users, name), await logged_in(users, name, method=OPENSHIFT)
    ended = await access.end_sessions(name, LoginMethod.OIDC)
    assert [each.id for each in ended] == [mine.id]
    assert await access.session(mine.secret) is None
    assert await access.session(other.secret) == Session(other.id, name, OPENSHIFT)
