"""Erasure: what was said in a chat can be read nowhere once it was deleted."""

import base64
import json
from typing import Any

import psycopg
import pytest

from services.runtime import streams
from services.runtime.chat_keys import Sealer
from services.runtime.vault.sealing import Key, KeyRing
from tests.kit.chats import API, Chats
from tests.kit.gateway import Platform, refused
from tests.kit.llm_server import calls, says, trickles

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_ASKED, _ANSWERED = "xyzzy-asked-4711", "plugh-answered-4712"
_WORDS = [_ASKED, _ANSWERED]


async def test_what_was_said_lies_nowhere_in_the_clear_and_is_unreadable_once_deleted(
    chats: Chats, talking: Platform
) -> None:
    chats.script(calls([("list_alerts", {"severity": "CRITICAL"})], _ANSWERED), says(_ANSWERED))
    session = await chats.begin(title=_ASKED)
    await chats.ask(session, f"What of {_ASKED}?")
    before = await _everything(talking)
    keys = await talking.gate.runtime.outside.chat_keys()
    url = f"{API}/sessions/{session['id']}"

    assert before.count(session["id"]) > 5, "nothing was found at all"
    for word in _forms(_WORDS):
        assert word not in before, word
    assert (await chats.http.delete(url)).status_code == 204
    assert await keys.find(session["id"]) is None
    refused(await chats.http.get(url), "SESSION_NOT_FOUND")
    refused(await chats.http.get(f"{url}/messages"), "SESSION_NOT_FOUND")
    after = await _everything(talking, but_streams=True)
    assert session["id"] not in after, "rows are left"


async def test_another_key_opens_nothing() -> None:
    ours = Sealer("s", KeyRing((Key(b"a" * 32),)))  # type: ignore[arg-type]
    sealed = ours.seal("text", "message", "1")
    assert ours.open(sealed, "message", "1") == "text"
    for other, kind, of in (
        (Sealer("s", KeyRing((Key(b"b" * 32),))), "message", "1"),  # type: ignore[arg-type]
        (Sealer("t", KeyRing((Key(b"a" * 32),))), "message", "1"),  # type: ignore[arg-type]
        (ours, "title", "1"),
        (ours, "message", "2"),
    ):
        with pytest.raises(Exception, match="envelope"):
            other.open(sealed, kind, of)


async def test_deleted_in_the_middle_of_an_answer(chats: Chats) -> None:
    chats.script(trickles(0.1))
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}"
    async with chats.streamed(session, "What fires?") as streaming:
        last = ""
        async for name, _ in streaming:
            if name == "content_delta" and last != name:
                assert (await chats.http.delete(url)).status_code == 204
            last = name
    assert last in {"cancelled", "error"}
    refused(await chats.http.get(f"{url}/messages"), "SESSION_NOT_FOUND")


def _forms(words: list[str]) -> list[str]:
    """As they are, and in base64 at each of its three places."""
    found = list(words)
    for word in words:
        for at in range(3):
            whole = base64.b64encode(b"\0" * at + word.encode()).decode()
            found.append(whole[4 if at else 0 : -4])
    return found


async def _everything(platform: Platform, *, but_streams: bool = False) -> str:
    """All that streams, buckets and tables hold, as text."""
    told: list[str] = []
    bus = platform.gate.runtime.bus
    names: list[str] = (await bus.api("STREAM.NAMES"))["streams"]
    assert streams.EVENTS in names
    for name in [] if but_streams else names:
        state = (await bus.api(f"STREAM.INFO.{name}"))["state"]
        for sequence in (
            range(state["first_seq"], state["last_seq"] + 1) if state["messages"] else ()
        ):
            stored = await bus.get(name, {"seq": sequence})
            if stored is not None:
                told.append(f"{stored.subject} {json.dumps(dict(stored.headers))}")
                told.append(stored.data.decode("latin-1"))
    url = platform.settings.database.url.get_secret_value()
    tables = (
        "select format('%I.%I', table_schema, table_name) from information_schema.tables"
        " where table_schema not in ('pg_catalog', 'information_schema')"
        " and table_type = 'BASE TABLE'"
    )
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found: list[Any] = await (await connection.execute(tables)).fetchall()
        for (table,) in found:
            if but_streams and table.startswith("activity."):
                continue  # Of the closing event and of sealed ones: that it happened.
            rows = await connection.execute(f"select t::text from {table} t".encode())
            told += [str(row[0]) for row in await rows.fetchall()]
    return "\n".join(told)
