"""Which users may do what with which clusters, by their groups; and what becomes of changes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import connect

from contracts.access import AccessBindingsChanged, Binding
from gateway.auth.bindings import Bindings, granted
from gateway.auth.credentials import SESSION_COOKIE
from gateway.directory import Directory
from gateway.live.live import Live
from services.runtime.ids import new_id
from services.runtime.principals import EVERYWHERE, NOWHERE, Grant, Role, Scope
from services.runtime.settings import Settings
from services.runtime.settings_access import AccessSettings
from tests.gateway.access.users import browser, logged_in
from tests.gateway.live.tailing import serving_tails
from tests.kit.gateway import API, Json, Platform, platform_on, refused
from tests.kit.live import Client
from tests.kit.runtime import eventually, running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SOON = 20.0
"""Seconds within which a change counts everywhere; by itself a login is checked each minute."""


@dataclass
class Bound:
    """A platform that reads a file of bindings."""

    platform: Platform
    file: Path

    @property
    def bindings(self) -> Bindings:
        bindings = self.platform.gate.bindings
        assert bindings is not None
        return bindings

    def write(self, text: str) -> None:
        """The file holds this now, at once as a mounted ConfigMap does."""
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    async def bind(self, *bindings: Json) -> None:
        """Only these from now on."""
        self.write(json.dumps(bindings))
        wanted = tuple(Binding.model_validate(each) for each in bindings)
        await until(lambda: self.bindings._bindings == wanted)

    async def team(self) -> tuple[Json, str]:
        """A cluster with a label that no other has, and the label's value."""
        team = f"team-{new_id().hex[-8:]}"
        return await self.platform.register(name=f"of-{team}", labels={"team": team}), team


def bind(group: str, role: Role, **selector: str) -> Json:
    return {"group": group, "role": role.value, "selector": selector}


@pytest.fixture(scope="module")
async def bound(platform_settings: Settings) -> AsyncGenerator[Bound]:
    file = platform_settings.data_dir / "bindings.yaml"
    file.write_text("[]")
    access = AccessSettings(bindings_file=file)
    settings = platform_settings.model_copy(update={"access": access})
    async with platform_on(settings) as platform:
        found = Bound(platform, file)
        async with running(found.bindings.run), running(platform.gate.trail.run):
            yield found


async def _names(client: httpx.AsyncClient) -> set[str]:
    answer = await client.get(f"{API}/clusters", params={"page_size": 100})
    return {each["name"] for each in answer.json()["items"]} if answer.is_success else set()


async def test_somebody_of_two_groups_may_change_one_cluster_and_read_another(
    bound: Bound,
) -> None:
    (one, first), (other, second), (third, _) = [await bound.team() for _ in range(3)]
    await bound.bind(bind("a", Role.ADMIN, team=first), bind("b", Role.VIEWER, team=second))
    session = await logged_in(bound.platform, "ada", "a", "b", "not-bound")
    async with browser(bound.platform, session) as ada:
        assert await _names(ada) == {one["name"], other["name"]}
        told = (await ada.get("/auth/me")).json()
        assert (told["user"], told["role"]) == ("ada", "admin")
        assert set(told["clusters"]) == {one["id"], other["id"]}
        changed = await ada.patch(f"{API}/clusters/{one['id']}", json={"region": "north"})
        assert changed.status_code == 200, changed.text
        answer = await ada.patch(f"{API}/clusters/{other['id']}", json={"region": "north"})
        refused(answer, "PERMISSION_DENIED")
        assert (await ada.get(f"{API}/clusters/{other['id']}")).json()["region"] is None
        for path in (f"{third['id']}", f"by-name/{third['name']}", f"{third['id']}/status"):
            refused(await ada.get(f"{API}/clusters/{path}"), "CLUSTER_NOT_FOUND")
        refused(await ada.post(f"{API}/clusters", json={}), "PERMISSION_DENIED")


async def test_somebody_of_no_group_that_is_bound_may_nothing(bound: Bound) -> None:
    await bound.bind(bind("a", Role.ADMIN))
    for groups in ((), ("b",), ("A",)):
        async with browser(bound.platform, await logged_in(bound.platform, "bob", *groups)) as bob:
            refused(await bob.get(f"{API}/clusters"), "PERMISSION_DENIED")
            told = (await bob.get("/auth/me")).json()
            assert (told["role"], told["clusters"], told["everywhere"]) == (None, [], False)


async def test_without_a_selector_it_is_all_clusters_also_those_to_come(bound: Bound) -> None:
    await bound.bind(bind("a", Role.ADMIN))
    async with browser(bound.platform, await logged_in(bound.platform, "ada", "a")) as ada:
        new, _ = await bound.team()
        assert new["name"] in await _names(ada)
        assert (await ada.get(f"{API}/tokens")).status_code == 200


async def test_who_logs_in_by_a_code_needs_no_binding(bound: Bound) -> None:
    await bound.bind()
    code = await bound.platform.gate.access.mint_login_code()
    session = await bound.platform.gate.access.redeem(code)
    assert session is not None
    async with browser(bound.platform, session) as admin:
        assert (await admin.get(f"{API}/tokens")).status_code == 200


async def test_a_cluster_comes_into_sight_with_its_label_and_goes_with_it(bound: Bound) -> None:
    (mine, team), (other, _) = await bound.team(), await bound.team()
    await bound.bind(bind("a", Role.VIEWER, team=team))
    async with browser(bound.platform, await logged_in(bound.platform, "ada", "a")) as ada:
        assert await _names(ada) == {mine["name"]}
        await _label(bound, other, team=team)
        await until_names(ada, {mine["name"], other["name"]})
        await _label(bound, mine, team="another")
        await until_names(ada, {other["name"]})
        refused(await ada.get(f"{API}/clusters/{mine['id']}"), "CLUSTER_NOT_FOUND")


async def until_names(client: httpx.AsyncClient, wanted: set[str]) -> None:
    async def so() -> bool:
        return await _names(client) == wanted

    await eventually(so, within=SOON)


async def _label(bound: Bound, cluster: Json, **labels: str) -> None:
    answer = await bound.platform.http.patch(
        f"{API}/clusters/{cluster['id']}", json={"labels": labels}
    )
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def _sockets(bound: Bound, secret: str) -> AsyncGenerator[tuple[Client, Client, Live]]:
    """One that is a user's, by the session, and one of the administrator, by token."""
    async with serving_tails(bound.platform) as served:
        bound.bindings.changed.append(served.live.recheck)
        options: Any = {"additional_headers": {"cookie": f"{SESSION_COOKIE}={secret}"}}
        try:
            async with (
                _connected(
                    served.port, origin=f"http://127.0.0.1:{served.port}", **options
                ) as user,
                _connected(served.port) as admin,
            ):
                assert (await user.next())["type"] == "auth_response"
                await admin.say(type="auth", token=bound.platform.admin)
                assert (await admin.next())["type"] == "auth_response"
                yield user, admin, served.live
        finally:
            bound.bindings.changed.remove(served.live.recheck)


@asynccontextmanager
async def _connected(port: int, **options: Any) -> AsyncGenerator[Client]:
    async with connect(f"ws://127.0.0.1:{port}/ws", compression=None, **options) as socket:
        yield Client(socket)


async def test_a_binding_that_is_removed_counts_at_once_for_open_sessions_and_sockets(
    bound: Bound,
) -> None:
    mine, team = await bound.team()
    await bound.bind(bind("a", Role.VIEWER, team=team), bind("b", Role.VIEWER))
    session = await logged_in(bound.platform, "ada", "a")
    async with (
        browser(bound.platform, session) as ada,
        _sockets(bound, session.secret) as (socket, admin, _),
    ):
        await socket.subscribe(cluster_filter=[mine["id"]])
        assert await _names(ada) == {mine["name"]}
        async with asyncio.timeout(SOON):
            bound.write(json.dumps([bind("b", Role.VIEWER)]))
            code, frames = await socket.closed()
        assert code == 4401
        assert frames[-1]["code"] == "AUTH_EXPIRED"
        refused(await ada.get(f"{API}/clusters"), "PERMISSION_DENIED")
        await admin.quiet()


async def test_a_socket_ends_with_the_label_that_showed_it_a_cluster_and_with_no_other(
    bound: Bound,
) -> None:
    (mine, team), (other, _) = await bound.team(), await bound.team()
    await bound.bind(bind("a", Role.VIEWER, team=team))
    session = await logged_in(bound.platform, "ada", "a")
    async with _sockets(bound, session.secret) as (socket, admin, live):
        before = bound.platform.gate.clock.monotonic()
        await _label(bound, other, team="a-third")
        await until(lambda: all(guest.checked > before for guest in live.guests), within=SOON)
        await socket.quiet()
        await _label(bound, mine, team="nobody")
        async with asyncio.timeout(SOON):
            assert (await socket.closed())[0] == 4401
        await admin.quiet()


async def test_a_changed_file_is_told_once_whoever_reads_it(bound: Bound) -> None:
    gate = bound.platform.gate
    other = Bindings(bound.bindings.settings, gate.directory, gate.trail, gate.log)
    await other.read()
    async with running(other.run):
        await bound.bind(bind("told", Role.OPERATOR, team="ran"))
        await until(lambda: other._told == bound.bindings._told == bound.bindings._bindings)
        await gate.trail.tell(gate.clock.monotonic())
        await bound.platform.settle()
        events = await eventually(lambda: _audited(bound, "told"))
    assert len(events) == 1
    payload = AccessBindingsChanged.model_validate(events[0]["payload"])
    assert payload.reason == "file"
    assert payload.bindings == (
        Binding(group="told", role=Role.OPERATOR, selector={"team": "ran"}),
    )


async def _audited(bound: Bound, group: str) -> list[Json]:
    query = {"event_type": "ACCESS_BINDINGS_CHANGED", "limit": 100}
    answer = await bound.platform.http.get(f"{API}/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return [each for each in items if f'"{group}"' in json.dumps(each["payload"])]


async def test_a_start_with_others_than_were_told_is_told_and_one_with_the_same_is_not(
    bound: Bound,
) -> None:
    gate = bound.platform.gate
    bindings = (Binding(group="restarted", role=Role.VIEWER),)
    for _ in range(2):
        started = Bindings(AccessSettings(bindings=bindings), gate.directory, gate.trail, gate.log)
        async with running(started.run):
            await until(lambda started=started: started._told == bindings)
        await gate.trail.tell(gate.clock.monotonic())
        await bound.platform.settle()
    events = await eventually(lambda: _audited(bound, "restarted"))
    assert [each["payload"]["reason"] for each in events] == ["start"]


BROKEN = {
    "no YAML": "[{",
    "a secret in the wrong place": "password: hunter2: [",
    "no list": "group: a",
    "empty, as while it is written": "",
    "a role that is none": '[{"group": "a", "role": "king"}]',
    "too much": json.dumps([bind("a", Role.VIEWER)] * 501),
    "too large": "# " + "x" * 300_000,
    "not text": "\x00\x01",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_file_leaves_what_was_there_and_is_told_once(
    bound: Bound, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    mine, team = await bound.team()
    await bound.bind(bind("a", Role.VIEWER, team=team))
    capfd.readouterr()
    async with browser(bound.platform, await logged_in(bound.platform, "ada", "a")) as ada:
        bound.write(text)
        await until(lambda: bound.bindings.finding().detail)
        for _ in range(3):
            await bound.bindings.read()
        assert await _names(ada) == {mine["name"]}
        finding = bound.bindings.finding()
        assert finding.ready, "what was good is still in force"
        assert str(bound.file) in finding.detail
        ready = await bound.platform.http.get("/ready")
        assert ready.json()["checks"]["access_bindings"]["detail"] == finding.detail
        said = "".join(capfd.readouterr())
        assert said.count("bindings_unreadable") == 1
        assert "hunter2" not in said + finding.detail
        bound.write(json.dumps([bind("a", Role.VIEWER, team=team)]))
        await until(lambda: not bound.bindings.finding().detail)
        assert await _names(ada) == {mine["name"]}


async def test_a_file_that_goes_and_comes_back_as_it_was_is_good_again(bound: Bound) -> None:
    await bound.bind(bind("a", Role.VIEWER))
    held = bound.file.read_text()
    bound.file.unlink()
    await until(lambda: bound.bindings.finding().detail)
    assert bound.bindings.grants(frozenset({"a"})) == (Grant(Role.VIEWER),)
    bound.write(held)
    await until(lambda: not bound.bindings.finding().detail)


async def test_without_a_good_file_from_the_start_nobody_is_let_in_and_it_is_not_ready(
    bound: Bound, tmp_path: Path
) -> None:
    gate, file = bound.platform.gate, tmp_path / "bindings.yaml"
    access = AccessSettings(bindings_file=file)
    bindings = Bindings(access, gate.directory, gate.trail, gate.log)
    await bindings.read()
    assert not bindings.finding().ready
    assert bindings.grants(frozenset({"a"})) == ()
    file.write_text("- {group: a, role: admin}")
    await bindings.read()
    assert bindings.finding().ready
    assert bindings.grants(frozenset({"a"})) == (Grant(Role.ADMIN),)


async def test_roles_of_several_bindings_are_joined(bound: Bound) -> None:
    (one, first), (other, second) = await bound.team(), await bound.team()
    directory = bound.platform.gate.directory
    bindings = tuple(
        Binding.model_validate(each)
        for each in (
            bind("a", Role.VIEWER, team=first),
            bind("b", Role.VIEWER, team=second),
            bind("c", Role.OPERATOR),
            bind("d", Role.INGEST, team="no-such-team"),
            bind("d", Role.VIEWER, team=first, tier="1"),
        )
    )
    ids = frozenset({UUID(one["id"]), UUID(other["id"])})

    def of(*groups: str) -> tuple[Grant, ...]:
        return granted(bindings, frozenset(groups), directory)

    assert of("a", "b") == (Grant(Role.VIEWER, Scope(ids)),)
    assert of("b", "c") == (
        Grant(Role.OPERATOR, EVERYWHERE),
        Grant(Role.VIEWER, Scope(frozenset({UUID(other["id"])}))),
    )
    assert of("d") == (Grant(Role.VIEWER, NOWHERE), Grant(Role.INGEST, NOWHERE))
    assert of() == of("e") == ()


async def test_what_was_found_for_groups_is_remembered_and_bounded(
    bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound.bind(bind("a", Role.VIEWER))
    monkeypatch.setattr("gateway.auth.bindings._REMEMBERED", 10)
    bindings, groups = bound.bindings, frozenset({"a"})
    assert bindings.grants(groups) is bindings.grants(groups)
    for number in range(50):
        bindings.grants(frozenset({"a", str(number)}))
    assert len(bindings._known) == 10
    assert bindings.grants(groups) == (Grant(Role.VIEWER),)


async def test_a_deleted_cluster_keeps_its_labels_for_its_history(bound: Bound) -> None:
    cluster, team = await bound.team()
    await bound.platform.http.delete(f"{API}/clusters/{cluster['id']}")
    await bound.platform.settle()
    gate, ids = bound.platform.gate, {UUID(cluster["id"])}
    await until(lambda: not gate.directory.has(UUID(cluster["id"])))
    assert gate.directory.matching({"team": team}) == ids
    anew = Directory(gate.runtime.bus, gate.database)
    async with running(anew.run):
        await until(anew.loaded.is_set)
        assert anew.matching({"team": team}) == ids
        assert ids <= anew.matching({})
        assert anew.matching({"team": team, "tier": "1"}) == frozenset()
