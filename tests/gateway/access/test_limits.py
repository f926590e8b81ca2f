"""How often the gateway may be asked: by whom, for what, and over several instances."""

from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.auth.credentials import SESSION_COOKIE
from gateway.limits.classes import LimitClass, network
from gateway.limits.sharing import Sharing
from services.runtime.metrics import REGISTRY
from services.runtime.principals import Role
from tests.gateway.access.limited import (
    TIGHT,
    WIDE,
    Held,
    Limited,
    but,
    gateway,
    served,
    session_of,
    talk,
)
from tests.kit.gateway import API, ORIGIN, Platform, alert, refused, webhook
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

CLUSTERS = f"{API}/clusters"
LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"


@pytest.fixture(scope="module")
async def session(platform: Platform) -> str:
    return await session_of(platform)


async def _until_refused(client: httpx.AsyncClient, path: str, method: str = "GET") -> int:
    """How many are allowed before one is not."""
    for allowed in range(200):
        if (await client.request(method, path)).status_code == 429:
            return allowed
    raise AssertionError(f"{path} is not limited")


def _counted(name: str) -> float:
    return REGISTRY.get_sample_value("aiops_rate_limited_total", {"limit": name}) or 0.0


async def test_a_user_may_ask_fifty_times_at_once_and_then_five_times_a_second(
    platform: Platform, session: str
) -> None:
    limited, before = gateway(platform), _counted("user")
    async with limited.client(session=session) as client:
        first = await client.get("/auth/me")
        assert first.status_code == 200
        assert [first.headers[each] for each in (LIMIT, REMAINING, RESET)] == ["300", "49", "1"]
        assert await _until_refused(client, "/auth/me") == 49
        answer = await client.get("/auth/me")
        refused(answer, "RATE_LIMITED")
        assert [answer.headers[each] for each in (LIMIT, REMAINING, RESET)] == ["300", "0", "10"]
        assert answer.headers["retry-after"] == "1"
        limited.clock.seconds += 1.0
        assert await _until_refused(client, "/auth/me") == 5
    assert _counted("user") == before + 3


async def test_a_token_may_ask_a_hundred_times_a_second(platform: Platform) -> None:
    limited = gateway(platform, all_burst=1000)
    async with limited.client(platform.admin) as client:
        first = await client.get("/auth/me")
        assert (first.headers[LIMIT], first.headers[REMAINING]) == ("100", "99")
        assert await _until_refused(client, "/auth/me") == 99
        limited.clock.seconds += 0.1
        assert await _until_refused(client, "/auth/me") == 10
    # Another token of the same person is another one.
    async with limited.client(await platform.token(Role.ADMIN)) as other:
        assert (await other.get("/auth/me")).status_code == 200


CLASSES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "token": ("GET", CLUSTERS, {"token_burst": 3}),
    "token, however it is written": ("GET", "//api///v1/clusters/", {"token_burst": 3}),
    "prometheus": ("GET", "/prometheus/api/v1/status/buildinfo", {"prometheus_burst": 3}),
    "queries": ("POST", f"{API}/metrics/query", {"queries_burst": 3}),
    "queries of ranges": ("POST", f"{API}/metrics/query_range", {"queries_burst": 3}),
    "queries, however they are written": ("POST", f"{API}//metrics/query/", {"queries_burst": 3}),
    "chat": ("POST", f"{API}/chat/sessions/1/messages", {"chat_burst": 3}),
    "explaining": ("POST", f"{API}/analysis/explain", {"chat_burst": 3}),
    "reports": ("POST", f"{API}/reports", {"reports_burst": 3}),
    "all": ("GET", CLUSTERS, {"all_burst": 3}),
    "details of health": ("GET", "/health/detailed", {"token_burst": 3}),
}


@pytest.mark.parametrize("name", CLASSES)
async def test_each_limit_counts_what_it_is_for(platform: Platform, name: str) -> None:
    method, path, limits = CLASSES[name]
    limited = gateway(platform, **but(WIDE, **limits))
    async with limited.client(platform.admin) as client:
        request = httpx.Request(method, httpx.URL(ORIGIN).copy_with(raw_path=path.encode()),
                                headers=client.headers)  # fmt: skip
        answers = [await client.send(request) for _ in range(4)]
    assert [each.headers[REMAINING] for each in answers] == ["2", "1", "0", "0"]
    assert 429 not in {each.status_code for each in answers[:3]}
    refused(answers[3], "RATE_LIMITED")
    assert int(answers[3].headers["retry-after"]) >= 1


async def test_reading_messages_and_reports_counts_as_any_read(platform: Platform) -> None:
    limited = gateway(platform, **but(WIDE, chat_burst=1, reports_burst=1))
    async with limited.client(platform.admin) as client:
        for path in ("chat/sessions/1/messages", "reports", "reports"):
            assert (await client.get(f"{API}/{path}")).status_code != 429


async def test_what_one_limit_refuses_is_not_taken_from_the_others(platform: Platform) -> None:
    limited = gateway(platform, queries_burst=1)
    async with limited.client(platform.admin) as client:
        assert await _until_refused(client, f"{API}/metrics/query", "POST") == 1
        for _ in range(50):
            await client.post(f"{API}/metrics/query")
        assert int((await client.get("/auth/me")).headers[REMAINING]) == 98


async def test_alert_doors_are_never_refused_for_being_used_often(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    limited = gateway(platform, **TIGHT)
    async with limited.client(platform.admin) as client:
        for number in range(20):
            answer = await client.post(
                f"{API}/alerts/webhook/{cluster}", json=webhook(alert(number))
            )
            assert answer.status_code == 202, answer.text
            assert LIMIT not in answer.headers
        for number in range(5):
            told = alert(number, labels={"cluster": "none-of-ours"})
            for path in ("/alertmanager/api/v2/alerts", f"{API}/alerts/webhook"):
                answer = await client.post(path, json=[told])
                assert answer.status_code not in {429, 503}
    # Nor for a token that is none.
    async with limited.client("aiops_wrong") as client:
        for _ in range(5):
            answer = await client.post(f"{API}/alerts/webhook/{cluster}", json=webhook(alert()))
            assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/", "/openapi.json", "/docs"])
async def test_health_metrics_and_pages_are_outside(platform: Platform, path: str) -> None:
    limited = gateway(platform, **TIGHT)
    async with limited.client(platform.admin) as client:
        for _ in range(5):
            answer = await client.get(path)
            assert answer.status_code < 400
            assert LIMIT not in answer.headers


async def test_limits_can_be_turned_off(platform: Platform) -> None:
    limited = gateway(platform, **but(TIGHT, enabled=False))
    async with limited.client(platform.admin) as client:
        for _ in range(20):
            answer = await client.get("/auth/me")
            assert answer.status_code == 200
            assert LIMIT not in answer.headers
    async with limited.client() as stranger:
        assert {(await stranger.get(CLUSTERS)).status_code for _ in range(5)} == {401}


async def test_a_stranger_is_refused_after_twenty_wrong_tokens_and_nobody_else_is(
    platform: Platform,
) -> None:
    limited = gateway(platform, all_burst=1)
    async with limited.client("aiops_guess", address="10.0.0.7") as guessing:
        assert await _until_refused(guessing, CLUSTERS) == 20
        refused(await guessing.get(CLUSTERS), "RATE_LIMITED")
        limited.clock.seconds += 1.0
        assert await _until_refused(guessing, CLUSTERS) == 1
    async with limited.client("aiops_guess", address="10.0.0.8") as elsewhere:
        refused(await elsewhere.get(CLUSTERS), "AUTH_FAILED")
    # Whoever is known is not kept out, neither there nor by what strangers have used up.
    async with limited.client(platform.admin, address="10.0.0.7") as known:
        assert (await known.get("/auth/me")).status_code == 200


async def test_what_strangers_may_see_does_not_count_for_them(platform: Platform) -> None:
    limited = gateway(platform, unknown_burst=1)
    async with limited.client() as stranger:
        for _ in range(5):
            assert (await stranger.post("/auth/logout")).status_code == 200


async def test_logins_count_by_address_whether_they_succeed_or_not(platform: Platform) -> None:
    limited = gateway(platform, unknown_burst=2)
    async with limited.client(address="10.0.0.9") as stranger:
        for _ in range(2):
            refused(await stranger.post("/auth/login", json={"code": "no"}), "AUTH_FAILED")
        code = await platform.gate.access.mint_login_code()
        answer = await stranger.post("/auth/login", json={"code": code})
        refused(answer, "RATE_LIMITED")
        limited.clock.seconds += 1.0
        assert (await stranger.post("/auth/login", json={"code": code})).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_with_ipv6_a_network_is_one_address(one: str, other: str, *, same: bool) -> None:
    assert (network(one) == network(other)) is same


async def _open(port: int, **headers: str) -> int:
    """The status of a handshake."""
    url = f"ws://127.0.0.1:{port}/ws"
    try:
        async with connect(url, additional_headers=headers) as client:
            assert await client.recv() == "hello"
            await client.send("")
            with pytest.raises(ConnectionClosed):
                await client.recv()
    except InvalidStatus as error:
        response = error.response
        if response.status_code == 429:
            assert int(response.headers["retry-after"]) >= 1
            assert b'"RATE_LIMITED"' in response.body
        return response.status_code
    return 101


async def test_who_opens_sockets_in_a_loop_is_refused(platform: Platform, session: str) -> None:
    cookie = {"Cookie": f"{SESSION_COOKIE}={session}"}
    limited = gateway(platform, talk, user_burst=2, token_burst=3)
    async with served(limited) as port:
        assert [await _open(port, **cookie) for _ in range(3)] == [101, 101, 429]
        assert [await _open(port) for _ in range(4)] == [101, 101, 101, 429]
        limited.clock.seconds += 1.0
        assert [await _open(port, **cookie), await _open(port)] == [101, 101]


async def test_requests_and_sockets_of_a_user_count_together(
    platform: Platform, session: str
) -> None:
    limited = gateway(platform, talk, user_burst=2)
    async with limited.client(session=session) as client, served(limited) as port:
        assert (await client.get("/auth/me")).status_code == 200
        cookie = f"{SESSION_COOKIE}={session}"
        assert [await _open(port, Cookie=cookie) for _ in range(2)] == [101, 429]


def _sharing(limited: Limited) -> Sharing:
    return Sharing(limited.platform.gate.runtime.bus, limited.front.limiter, limited.clock)


async def test_two_instances_keep_one_limit(platform: Platform, session: str) -> None:
    clock, key = Held(), "user:admin"
    one, other = (gateway(platform, clock=clock, user_burst=5) for _ in range(2))
    heard = other.front.limiter.buckets[LimitClass.USER]
    telling, listening = _sharing(one), _sharing(other)
    async with one.client(session=session) as first, other.client(session=session) as second:
        async with running(listening.run):
            async with running(telling.run):
                assert await _until_refused(first, "/auth/me") == 5
                for _ in range(20):
                    await first.get("/auth/me")
                # It hears of it by itself, within about a second.
                await until(lambda: heard._others.get(key, 0.0) > 20)
                assert await _until_refused(second, "/auth/me") == 1
            # One that is not heard of any more takes nothing.
            clock.seconds += 2.9
            await listening.tell()
            assert key in heard._others
            clock.seconds += 0.2
            await until(lambda: key not in heard._others)
        clock.seconds += 1.0
        assert await _until_refused(second, "/auth/me") == 5


async def test_what_others_tell_is_bounded_and_may_be_nonsense(platform: Platform) -> None:
    sharing = _sharing(gateway(platform))
    for body in (b"", b"[]", b'{"instance":1}', b'{"instance":"a","demands":{"user":{"k":-1}}}'):
        sharing.take("", body)
    assert sharing._heard == {}
    for number in range(100):
        sharing.take("", b'{"instance":"%d","demands":{"what":{"k":1}}}' % number)
    assert len(sharing._heard) == 64


async def test_no_secret_is_told_to_other_instances(platform: Platform, session: str) -> None:
    limited = gateway(platform)
    for client in (limited.client(platform.admin), limited.client(session=session)):
        async with client:
            assert (await client.get("/auth/me")).status_code == 200
    told = str(_sharing(limited)._demands())
    assert "user:admin" in told
    assert "token:" in told
    assert platform.admin not in told
    assert session not in told
