"""Sessions: of whom they are, what is refused, and how they end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.runtime import schedules
from services.runtime.access import TokenRequest
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from services.runtime.principals import Role
from tests.kit.chat_builders import created, deleted
from tests.kit.chats import API, Chats
from tests.kit.gateway import Platform, refused
from tests.kit.llm_server import calls, says
from tests.kit.runtime import eventually, store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_a_session_is_begun_listed_and_read(chats: Chats, talking: Platform) -> None:
    cluster = (await talking.register())["id"]
    made = await chats.begin(title="Berlin", persona_id="telco-5g", cluster_ids=[cluster])

    assert made["title"] == "Berlin"
    assert made["persona_id"] == "telco-5g"
    assert made["cluster_ids"] == [cluster]
    assert made["is_answering"] is False
    listed = (await chats.http.get(f"{API}/sessions")).json()
    assert listed["items"][0] == made
    assert (await chats.http.get(f"{API}/sessions/{made['id']}")).json() == made


async def test_a_question_puts_the_end_of_a_session_off(chats: Chats) -> None:
    chats.script(says("Good."))
    session = await chats.begin()
    await chats.ask(session, "How are we?")
    later = (await chats.http.get(f"{API}/sessions/{session['id']}")).json()
    assert later["expires_at"] > session["expires_at"]


async def test_models_are_listed_by_the_names_that_they_are_asked_by(chats: Chats) -> None:
    told = (await chats.http.get(f"{API}/models")).json()
    assert told == {"items": [{"name": "default", "model": "qwen3-8b"}]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"persona_id": "nobody-such"}, "PERSONA_NOT_FOUND"),
        ({"persona_id": "Not an id"}, "VALIDATION_FAILED"),
        ({"cluster_ids": [str(new_id())]}, "CLUSTER_NOT_FOUND"),
        ({"provider": "other"}, "VALIDATION_FAILED"),
        ({"title": "x" * 201}, "VALIDATION_FAILED"),
        ({"more": 1}, "VALIDATION_FAILED"),
    ],
)
async def test_a_session_that_cannot_be(chats: Chats, body: Any, code: str) -> None:
    refused(await chats.http.post(f"{API}/sessions", json=body), code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "VALIDATION_FAILED"),
        (" \n\t ", "VALIDATION_FAILED"),
        ("\u200b\x00\x07", "VALIDATION_FAILED"),
        ("x" * 16_001, "CONTEXT_TOO_LARGE"),
        ("x" * 1_000_000, "CONTEXT_TOO_LARGE"),
        (7, "VALIDATION_FAILED"),
    ],
    ids=["empty", "blank", "unseen", "long", "megabyte", "number"],
)
async def test_a_question_that_cannot_be_asked_leaves_the_session_as_it_was(
    chats: Chats, content: Any, code: str
) -> None:
    session = await chats.begin()
    for path in ("messages", "stream"):
        url = f"{API}/sessions/{session['id']}/{path}"
        refused(await chats.http.post(url, json={"content": content}), code)
    assert await chats.messages(session) == []
    chats.script(says("Good."))
    assert (await chats.ask(session, "How are we?"))["content"] == "Good."


async def test_bytes_that_are_no_text_are_refused(chats: Chats) -> None:
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}/messages"
    for body in (b'{"content": "\xff\xfe"}', b"\x00\x01", b'{"content": "a'):
        answer = await chats.http.post(
            url, content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code in {400, 422}, answer.text
    assert await chats.messages(session) == []


async def test_a_session_is_nobody_elses(chats: Chats, talking: Platform) -> None:
    chats.script(says("Secret."))
    session = await chats.begin()
    await chats.ask(session, "How are we?")
    url = f"{API}/sessions/{session['id']}"
    # Another token of the same name.
    twin = await talking.gate.access.mint_token(TokenRequest("ada", Role.ADMIN))
    async with talking.client(twin[1]) as other:
        assert (await other.get(f"{API}/sessions")).json()["items"] == []
        for path in ("", "/messages", "/stream", "/comparison"):
            refused(await other.get(f"{url}{path}"), "SESSION_NOT_FOUND")
        asked = {"content": "And?"}
        refused(await other.post(f"{url}/messages", json=asked), "SESSION_NOT_FOUND")
        refused(await other.post(f"{url}/stream", json=asked), "SESSION_NOT_FOUND")
        refused(await other.post(f"{url}/cancel"), "SESSION_NOT_FOUND")
        refused(await other.post(f"{url}/rerun", json={}), "SESSION_NOT_FOUND")
        refused(await other.delete(url), "SESSION_NOT_FOUND")
    assert len(await chats.messages(session)) == 2


async def test_tools_see_what_who_asks_may_see(chats: Chats, talking: Platform) -> None:
    mine, foreign = await talking.register(), await talking.register()
    chats.script(calls([("list_clusters", {})]), says("Those."))
    token = await talking.token(Role.VIEWER, mine["id"])
    async with talking.client(token) as client:
        theirs = Chats(client, chats.model)
        answer = await theirs.ask(await theirs.begin(), "Which clusters are there?")
        names = [one["name"] for one in answer["steps"][0]["calls"][0]["result"]["data"]["items"]]
        assert names == [mine["name"]]
        refused(
            await client.post(f"{API}/sessions", json={"cluster_ids": [foreign["id"]]}),
            "CLUSTER_NOT_FOUND",
        )


async def test_a_cluster_that_was_deleted_is_left_out_and_the_chat_goes_on(
    chats: Chats, talking: Platform
) -> None:
    cluster = await talking.register()
    session = await chats.begin(cluster_ids=[cluster["id"]])
    gone = await talking.http.delete(f"/api/v1/clusters/{cluster['id']}")
    assert gone.status_code in {200, 202, 204}, gone.text
    await talking.settle()
    url = f"{API}/sessions/{session['id']}/messages"

    told = refused(await chats.http.post(url, json={"content": "How?"}), "CLUSTER_NOT_FOUND")
    assert cluster["id"] in told["message"]
    chats.script(says("Good."))
    assert (await chats.ask(session, "How?", cluster_ids=[]))["content"] == "Good."


async def test_an_expired_session_is_gone_and_then_erased(chats: Chats, talking: Platform) -> None:
    session_id, user = new_id(), (await chats.begin())["user_id"]
    keys = await talking.gate.runtime.outside.chat_keys()
    sealer = await keys.make(session_id)
    past = talking.gate.clock.now() - timedelta(seconds=1)
    event = created(
        session_id=session_id,
        user=user,
        title=sealer.seal("Old", "title"),
        cluster_ids=(),
        expires_at=past,
    )
    last = (await store(talking.gate.log, event, after=NOTHING)).sequence
    assert await talking.gate.positions.wait("conversations", last, 20)
    url = f"{API}/sessions/{session_id}"

    for asked in (chats.http.get(url), chats.http.get(f"{url}/messages")):
        refused(await asked, "SESSION_EXPIRED")
    refused(await chats.http.post(f"{url}/messages", json={"content": "And?"}), "SESSION_EXPIRED")
    await schedules.wake(talking.gate.runtime.bus, "chat_expiry", [str(session_id)], b"{}")

    async def is_erased() -> bool:
        return await keys.find(session_id) is None

    await eventually(is_erased)
    await eventually(lambda: _is_gone(chats, url))


async def test_keys_of_sessions_that_never_began_or_are_over_are_destroyed(
    chats: Chats, talking: Platform
) -> None:
    lives = UUID((await chats.begin())["id"])
    keys, bus = await talking.gate.runtime.outside.chat_keys(), talking.gate.runtime.bus
    assert await schedules.scheduled(bus, "chat_expiry", "keys"), "nobody looks"
    never, fresh, over = new_id(), new_id(), new_id()
    for each in (never, fresh, over):
        await keys.make(each)
    ended = deleted().model_copy(update={"session_id": over})
    await store(talking.gate.log, ended, after=NOTHING)
    await keys.database.execute(
        "update aiops.chat_key set created_at = created_at - interval '25 hours'"
        " where session_id <> %s",
        (fresh,),
    )
    await schedules.wake(bus, "chat_expiry", ["keys"], b"{}")

    async def are_left() -> set[UUID]:
        return set(await keys.find_each([never, fresh, over, lives]))

    async def are_destroyed() -> bool:
        return await are_left() <= {fresh, lives}

    await eventually(are_destroyed)
    assert await are_left() == {fresh, lives}


async def test_a_chat_whose_key_is_gone_is_not_listed_and_can_be_erased(
    chats: Chats, talking: Platform
) -> None:
    session = await chats.begin(title="Before a restore")
    await (await talking.gate.runtime.outside.chat_keys()).destroy(UUID(session["id"]))
    listed = (await chats.http.get(f"{API}/sessions", params={"page_size": 100})).json()
    assert session["id"] not in {each["id"] for each in listed["items"]}
    url = f"{API}/sessions/{session['id']}"
    refused(await chats.http.get(url), "SESSION_NOT_FOUND")
    assert (await chats.http.delete(url)).status_code == 204


async def _is_gone(chats: Chats, url: str) -> bool:
    return (await chats.http.get(url)).status_code == 404


async def test_a_session_that_is_asked_again_is_not_erased(chats: Chats, talking: Platform) -> None:
    chats.script(says("Good."))
    session = await chats.begin()
    bus = talking.gate.runtime.bus
    await schedules.wake(bus, "chat_expiry", [session["id"]], b"{}")
    assert (await chats.ask(session, "How are we?"))["content"] == "Good."
    assert await schedules.scheduled(bus, "chat_expiry", session["id"])
