"""Whatever a client sends, it is told what was wrong or cut off, and nobody else notices."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from websockets.exceptions import ConnectionClosed

from gateway.live.incoming import read
from gateway.live.messages import LARGEST_MESSAGE, Invalid, LiveFrame
from tests.kit.live import Client, Stream

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

_TYPES = ("auth", "subscribe", "unsubscribe", "replay", "replay_control", "ping", "event", "", "∞")
_FIELDS = (
    "id", "token", "batch", "subscription", "filters", "event_types", "cluster_filter", "from",
    "to", "speed", "action", "since_sequence", "since_time", "timestamp", "entity_filter",
)  # fmt: skip


def _of(kind: str, fields: dict[str, Any]) -> str:
    return json.dumps({"type": kind} | fields)


def _nested(depth: int, way: tuple[str, str]) -> str:
    return way[0] * depth + way[1] * depth


def _long(more: int) -> str:
    return "x" * (LARGEST_MESSAGE + more)


def _more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(_FIELDS) | st.text(max_size=5)
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)


_leaf: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
)
_anything: st.SearchStrategy[Any] = st.recursive(_leaf, _more, max_leaves=8)
_fields = st.dictionaries(st.sampled_from(_FIELDS), _anything, max_size=4)
_ways = st.sampled_from([("[", "]"), ('{"type":', "}"), ('{"subscription":{"a":[', "]}}")])
_texts: st.SearchStrategy[str] = (
    st.text(max_size=200)
    | st.builds(_of, st.sampled_from(_TYPES), _fields)
    | st.builds(json.dumps, _anything)
    | st.builds(_nested, st.integers(1, 2_500), _ways)
)
_sent: st.SearchStrategy[Any] = (
    _texts | st.builds(_long, st.integers(-1, 2)) | st.binary(max_size=200)
)


@given(_texts)
@settings(deadline=None)
def test_a_frame_is_understood_or_refused(text: str) -> None:
    assert isinstance(_understood(text), LiveFrame)


def _understood(text: str) -> LiveFrame:
    """What it says, or how it is answered."""
    try:
        return read(text)
    except Invalid as invalid:
        return invalid.frame


async def answered(client: Client, frame: str | bytes) -> bool:
    """Say this and a ping; False if the connection was ended instead of a pong."""
    try:
        await client.socket.send(frame)
        await client.say(type="ping")
        while (answer := await client.next())["type"] != "pong":
            assert answer["type"] in {
                "error", "subscribed", "caught_up", "event", "events", "replay_state", "pong",
            }  # fmt: skip
            if answer.get("code") == "RATE_LIMITED":
                await client.say(type="ping")
    except ConnectionClosed:
        assert client.socket.close_code in {1007, 1009, 4401, 4410}
        return False
    return True


@given(st.lists(_sent, min_size=1, max_size=12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_no_frame_hangs_a_connection(stream: Stream, frames: list[Any]) -> None:
    async with stream.client() as bystander:
        async with stream.client() as client:
            for frame in frames:
                if not await answered(client, frame):
                    break
        await bystander.quiet()


@given(st.lists(_sent, min_size=1, max_size=3))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_before_the_login_everything_else_ends_it(stream: Stream, frames: list[Any]) -> None:
    async with stream.client(None) as client:
        for frame in frames:
            try:
                await client.socket.send(frame)
            except ConnectionClosed:
                break
        code, _ = await client.closed()
        assert code in {1007, 1009, 4401}
