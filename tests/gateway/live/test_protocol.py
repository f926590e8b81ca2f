"""Logging in, asking, and being told what was wrong."""

import json
from datetime import datetime
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import GatewaySettings
from tests.kit.live import ADMIN, Client, Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

COOKIE = {"Cookie": f"other=1; aiops_session={ADMIN}"}


async def refusal(client: Client) -> tuple[int, str]:
    """The close code and the code of the error before it."""
    code, frames = await client.closed()
    return code, frames[-1]["code"]


async def test_a_token_logs_in(stream: Stream) -> None:
    async with stream.client(None) as client:
        await client.say(type="auth", token=ADMIN)
        answer = await client.next()
        assert answer.pop("client_id")
        assert answer == {
            "type": "auth_response",
            "status": "authenticated",
            "user": "ada",
            "role": "admin",
        }
        await client.say(type="auth", token=ADMIN)
        assert (await client.next())["code"] == "INVALID_MESSAGE"
        await client.quiet()


@pytest.mark.parametrize(
    "frame",
    [
        json.dumps({"type": "auth", "token": "wrong"}),
        json.dumps({"type": "auth"}),
        json.dumps({"type": "ping"}),
        "nonsense",
        b"\x00",
    ],
)
async def test_who_does_not_log_in_is_closed(stream: Stream, frame: str | bytes) -> None:
    async with stream.client(None) as client:
        await client.socket.send(frame)
        assert await refusal(client) == (4401, "AUTH_FAILED")
    await until(lambda: stream.live.clients == 0)


async def test_who_says_nothing_is_closed(log: EventLog) -> None:
    async with serving(log, auth_seconds=0.1) as stream, stream.client(None) as client:
        assert await refusal(client) == (4401, "AUTH_FAILED")


@pytest.mark.parametrize("told", [False, True])
async def test_a_session_cookie_of_our_pages_logs_in(stream: Stream, *, told: bool) -> None:
    origin = f"http://127.0.0.1:{stream.server.port}" if told else None
    async with stream.client(None, additional_headers=COOKIE, origin=origin) as client:
        assert (await client.next())["user"] == "ada"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost.evil:80", "http://127.0.0.1:1", "http://x:y"],
)
async def test_a_session_cookie_of_another_site_is_refused(stream: Stream, origin: str) -> None:
    async with stream.client(None, additional_headers=COOKIE, origin=origin) as client:
        assert await refusal(client) == (4401, "AUTH_FAILED")


async def test_a_token_may_come_from_any_site(stream: Stream) -> None:
    async with stream.client(origin="http://elsewhere.example") as client:
        await client.quiet()


async def test_with_an_old_cookie_a_token_still_logs_in(stream: Stream) -> None:
    async with stream.client(additional_headers={"Cookie": "aiops_session=old"}) as client:
        await client.quiet()


@pytest.mark.parametrize(("origin", "let_in"), [(None, True), ("http://evil.example", False)])
async def test_without_logins_the_page_still_counts(
    log: EventLog, origin: str | None, let_in: bool
) -> None:
    async with serving(log, gateway=GatewaySettings(auth="none")) as stream:
        stream.known[""] = Principal.of("admin", Role.ADMIN)
        async with stream.client(None, origin=origin) as client:
            if let_in:
                assert (await client.next())["user"] == "admin"
            else:
                assert await refusal(client) == (4401, "AUTH_FAILED")


async def test_alert_sources_may_not_listen(stream: Stream) -> None:
    async with stream.client("ingest-token") as client:
        await client.say(type="subscribe")
        assert await refusal(client) == (4401, "PERMISSION_DENIED")


async def test_when_logins_cannot_be_checked_clients_come_back_later(stream: Stream) -> None:
    async def away(secret: str) -> Principal | None:
        raise DatabaseUnavailable(secret)

    stream.live.authenticate = away
    async with stream.client(None) as client:
        await client.say(type="auth", token=ADMIN)
        assert await refusal(client) == (1013, "INTERNAL_ERROR")


async def test_a_revoked_login_ends_the_connection(log: EventLog) -> None:
    async with (
        serving(log, recheck_seconds=0.1) as stream,
        stream.client() as gone,
        stream.client("berlin-token") as stays,
    ):
        await gone.subscribe()
        del stream.known[ADMIN]
        code, frames = await gone.closed()
        assert (code, frames[-1]["code"]) == (4401, "AUTH_EXPIRED")
        await stays.quiet()


async def test_a_ping_is_answered_with_both_times(stream: Stream) -> None:
    async with stream.client() as client:
        await client.say(type="ping", timestamp="2026-01-01T00:00:00Z")
        pong = await client.next()
        assert (pong["type"], pong["timestamp"]) == ("pong", "2026-01-01T00:00:00Z")
        assert datetime.fromisoformat(pong["server_time"]).tzinfo is not None
        await client.say(type="ping", timestamp=1.5)
        assert (await client.next())["timestamp"] == 1.5


def _subscribe(**subscription: Any) -> str:
    return json.dumps({"type": "subscribe", "id": "s", "subscription": subscription})


@pytest.mark.parametrize(
    ("frame", "code", "about"),
    [
        ("{", "INVALID_MESSAGE", "JSON"),
        ("[]", "INVALID_MESSAGE", ""),
        ('"x"', "INVALID_MESSAGE", ""),
        ("{}", "INVALID_MESSAGE", "unknown type"),
        (b"{}", "INVALID_MESSAGE", "text"),
        ('{"type":"repeat"}', "INVALID_MESSAGE", "unknown type"),
        ('{"type":"ping","extra":1}', "INVALID_MESSAGE", "extra"),
        ('{"type":"unsubscribe"}', "INVALID_SUBSCRIPTION", "no such"),
        (_subscribe(event_types=["NOPE"]), "INVALID_SUBSCRIPTION", "NOPE"),
        (_subscribe(since_sequence=-1), "INVALID_SUBSCRIPTION", "since_sequence"),
        (_subscribe(since_time="yesterday"), "INVALID_SUBSCRIPTION", "since_time"),
        (_subscribe(since_time="1969-12-31T23:59:59Z"), "INVALID_SUBSCRIPTION", "since_time"),
        (_subscribe(since_time="9999-01-01T00:00:00Z"), "INVALID_SUBSCRIPTION", "future"),
        (
            _subscribe(since_time="2026-01-01T00:00:00Z", since_sequence=1),
            "INVALID_SUBSCRIPTION",
            "not both",
        ),
        (_subscribe(cluster_filter=["berlin"]), "INVALID_SUBSCRIPTION", "cluster_filter"),
        (_subscribe(entity_filter=["alert"]), "INVALID_SUBSCRIPTION", "entity_filter"),
    ],
)
async def test_a_bad_frame_is_told_and_the_connection_goes_on(
    stream: Stream, frame: str | bytes, code: str, about: str
) -> None:
    async with stream.client() as client:
        await client.socket.send(frame)
        error = await client.next()
        assert (error["type"], error["code"]) == ("error", code)
        assert about in error["message"]
        assert error.get("id") == ("s" if b"subscription" in _bytes(frame) else None)
        await client.quiet()


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


async def test_a_bad_subscription_leaves_the_good_one(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe()
        await client.find("caught_up")
        await client.say(type="subscribe", subscription={"event_types": ["NOPE"]})
        assert (await client.next())["type"] == "error"
        await stream.fire(*alerts(1))
        assert await client.until_sequence(1) == [1]


async def test_a_frame_that_is_too_large_ends_the_connection(stream: Stream) -> None:
    async with stream.client() as client:
        await client.socket.send("x" * 65_537)
        with pytest.raises(ConnectionClosed):
            await client.next()
        assert client.socket.close_code == 1009


async def test_who_asks_too_fast_is_slowed_down(stream: Stream) -> None:
    async with stream.client() as client, stream.client() as other:
        for _ in range(110):
            await client.say(type="ping")
        answers = [await client.next() for _ in range(110)]
        limited = [frame for frame in answers if frame.get("code") == "RATE_LIMITED"]
        assert 0 < len(limited) <= 11
        await other.quiet()


async def test_there_are_only_so_many_clients(log: EventLog) -> None:
    async with serving(log, gateway=GatewaySettings(max_clients=1)) as stream:
        async with stream.client(), stream.client(None) as second:
            code, frames = await second.closed()
            assert (code, frames[0]["code"]) == (1013, "RATE_LIMITED")
        await until(lambda: stream.live.clients == 0)
        async with stream.client() as third:
            await third.quiet()


async def test_a_restart_sends_clients_away_with_their_position(stream: Stream) -> None:
    async with stream.client() as client, stream.client() as idle:
        await client.subscribe()
        await client.find("caught_up")
        await stream.fire(*alerts(2))
        await client.until_sequence(2)
        await stream.live.shutdown()
        code, frames = await client.closed()
        assert code == 1012
        assert frames == [
            {
                "type": "disconnect",
                "reason": "restart",
                "reconnect_after_ms": 1000,
                "resume_sequence": 2,
            }
        ]
        assert (await idle.closed())[0] == 1012
    async with stream.client(None) as late:
        assert (await late.closed())[0] == 1012


async def test_nothing_is_left_of_clients_that_have_gone(stream: Stream) -> None:
    def value(gauge: Any) -> float:
        return gauge._value.get()

    before = value(metrics.WS_CONNECTIONS), value(metrics.WS_SUBSCRIPTIONS)
    async with stream.client() as polite, stream.client() as rude:
        for client in (polite, rude):
            await client.subscribe()
            await client.find("caught_up")
        assert value(metrics.WS_SUBSCRIPTIONS) == before[1] + 2
        rude.socket.transport.abort()
    await until(lambda: stream.live.clients == 0)
    assert (value(metrics.WS_CONNECTIONS), value(metrics.WS_SUBSCRIPTIONS)) == before
