"""Two gateways behind a proxy that knows nothing of clients: any of them serves any client."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from deploy.local.nats_users import passwords
from deploy.local.ports import answers
from gateway.clients.python.aiops_live import LiveStream, Subscription
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.kit.gateway_process import GatewayProcess, wired
from tests.kit.hub import Hub, alert, until
from tests.kit.round_robin import round_robin

pytestmark = [pytest.mark.flow, pytest.mark.timeout(120)]

_CLIENTS = 6


@dataclass
class Source:
    """Posts numbered alerts through the proxy, each until it is accepted."""

    url: str
    token: str
    cluster: str
    accepted: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=10) as client:
            while not self.stopped.is_set():
                self.accepted += self._post(client, self.accepted)
                time.sleep(0.005)

    def _post(self, client: httpx.Client, number: int) -> bool:
        body = {"version": "4", "alerts": [alert(number)]}
        try:
            answer = client.post(f"/api/v1/alerts/webhook/{self.cluster}", json=body)
        except httpx.HTTPError:
            return False
        assert answer.status_code in {202, 503}, answer.text
        return answer.status_code == 202


@dataclass
class Watchers:
    """Clients of the live stream, by our own library, that note the sequences they are given."""

    url: str
    token: str
    cluster: str
    seen: list[list[int]] = field(default_factory=lambda: [[] for _ in range(_CLIENTS)])
    lost: list[int] = field(default_factory=lambda: [0] * _CLIENTS)
    """How often each has lost its connection."""
    live: list[int] = field(default_factory=lambda: [0] * _CLIENTS)
    """How often each has caught up."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        tasks = [asyncio.create_task(self._watch(number)) for number in range(_CLIENTS)]
        await asyncio.to_thread(self.stopped.wait)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended

    async def _watch(self, number: int) -> None:
        wanted: dict[str, Subscription] = {
            "alerts": {"event_types": ["ALERT_FIRED"], "cluster_filter": [self.cluster]}
        }
        async with LiveStream(self.url, wanted, self.token, sleep=_soon) as stream:
            async for item in stream:
                match item["type"]:
                    case "event":
                        self.seen[number].append(item["sequence"] or 0)
                    case "caught_up":
                        self.live[number] += 1
                    case "reconnecting":
                        self.lost[number] += 1
                    case _:
                        continue


async def _soon(seconds: float) -> None:
    """The same waits, twenty times as fast."""
    await asyncio.sleep(seconds / 20)


def test_a_restart_of_either_gateway_loses_no_event_for_any_client(hub: Hub) -> None:
    second = _second(hub)
    try:
        own = urlsplit(hub.gateway).port or 0
        with round_robin(own, second.port) as proxy:
            address = f"127.0.0.1:{proxy.port}"
            cluster = _registered(f"http://{address}", hub.token)
            source = Source(f"http://{address}", hub.token, cluster)
            watchers = Watchers(f"ws://{address}/ws", hub.token, cluster)
            with _beside(watchers.run, watchers.stopped):
                until(lambda: all(watchers.live), within=40)
                with _beside(source.run, source.stopped):
                    _restart_both(hub, second, source)
                until(lambda: _all_seen(watchers, source.accepted), within=40)

            assert source.accepted >= 50
            # The view of the log may be a little behind the log itself.
            until(lambda: len(_in_the_log(hub, cluster)) >= source.accepted, within=40)
            expected = _in_the_log(hub, cluster)
            assert len(expected) == source.accepted
            for seen in watchers.seen:
                assert seen == expected
            assert min(watchers.lost) >= 1, "each was cut off with one of the gateways"
            assert min(proxy.connections[port] for port in (own, second.port)) > _CLIENTS
    finally:
        second.stop()


def _restart_both(hub: Hub, second: GatewayProcess, source: Source) -> None:
    """One by SIGKILL, then the other as a new version would replace it; events all the time."""
    _some_more(source)
    before = hub.kill("gateway")
    _some_more(source)
    until(lambda: hub.run["parts"].get("gateway") not in {None, before}, within=40)
    port = urlsplit(hub.gateway).port or 0
    until(lambda: answers("127.0.0.1", port, "/ready"), within=40)
    _some_more(source)
    second.stop()
    _some_more(source)
    second.start()
    _some_more(source)


def _some_more(source: Source) -> None:
    wanted = source.accepted + 10
    until(lambda: source.accepted >= wanted, within=40, every=0.01)


def _all_seen(watchers: Watchers, count: int) -> bool:
    return all(len(seen) >= count for seen in watchers.seen)


def _registered(url: str, token: str) -> str:
    """A cluster that one gateway has registered and both show."""
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    body = {"name": "two-gateways", "api_server_url": "https://api.example.com:6443"}
    with httpx.Client(base_url=url, headers=headers, timeout=10) as client:
        made = client.post("/api/v1/clusters", json=body)
        assert made.status_code == 201, made.text
        cluster: str = made.json()["id"]
        for _ in range(2):
            assert client.get(f"/api/v1/clusters/{cluster}").status_code == 200
    return cluster


def _second(hub: Hub) -> GatewayProcess:
    """Another gateway beside the hub's own."""
    where = urlsplit(str(hub.run["nats"]))
    settings = Settings(
        data_dir=hub.directory,
        nats=NatsSettings(url=f"nats://{where.hostname}:{where.port}"),
        database=DatabaseSettings(url=SecretStr(hub.run["database"])),
    )
    return GatewayProcess(wired(settings, passwords(hub.directory / "nats-users.json")))


@contextmanager
def _beside(work: Callable[[], None], stopped: threading.Event) -> Generator[None]:
    """Do this in a thread for the time of a block."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(20)


def _in_the_log(hub: Hub, cluster: str) -> list[int]:
    parameters = {"event_type": "ALERT_FIRED", "cluster_id": cluster, "limit": "1000"}
    with hub.client() as client:
        found: list[int] = []
        while True:
            page = client.get("/api/v1/events", params=parameters).json()
            found += [item["sequence"] for item in page["items"]]
            if page["next_cursor"] is None:
                return sorted(found)
            parameters["cursor"] = page["next_cursor"]
