"""Every part is killed in turn under a stream of alerts, and nothing acknowledged is lost."""

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.kit.hub import Hub, alert, running_hub, until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

PARTS = ("gateway", "workers", "projector", "nats", "postgres")


@dataclass
class Source:
    """Posts numbered alerts one after the other, each until it is accepted, like Alertmanager."""

    hub: Hub
    cluster: str
    accepted: list[int] = field(default_factory=list[int])
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        with self.hub.client() as client:
            while not self.stopped.is_set():
                if self._post(client, number):
                    self.accepted.append(number)
                    number += 1
                time.sleep(0.003)

    def _post(self, client: httpx.Client, number: int) -> bool:
        body = {"version": "4", "alerts": [alert(number)]}
        try:
            answer = client.post(f"/api/v1/alerts/webhook/{self.cluster}", json=body)
        except httpx.HTTPError:
            return False
        assert answer.status_code in {202, 503}, answer.text
        return answer.status_code == 202


@dataclass
class Watcher:
    """A client of the live stream that resumes after every interruption."""

    hub: Hub
    position: int
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        while not self.stopped.is_set():
            try:
                await self._follow()
            except (WebSocketException, OSError, TimeoutError):
                await asyncio.sleep(0.1)

    async def _follow(self) -> None:
        url = self.hub.gateway.replace("http", "ws") + "/ws"
        async with connect(url, open_timeout=3) as socket:
            await socket.send(json.dumps({"type": "auth", "token": self.hub.token}))
            subscription = {"event_types": ["ALERT_FIRED"], "since_sequence": self.position}
            await socket.send(json.dumps({"type": "subscribe", "subscription": subscription}))
            while not self.stopped.is_set():
                try:
                    async with asyncio.timeout(0.5):
                        frame = json.loads(await socket.recv())
                except TimeoutError:
                    continue
                if frame["type"] == "event":
                    self.events.append(frame)
                    self.position = frame["sequence"]


def _in_the_log(hub: Hub) -> Counter[str]:
    """Fingerprints of all ALERT_FIRED events, read page by page."""
    found: Counter[str] = Counter()
    cursor: dict[str, str] = {}
    with hub.client() as client:
        while True:
            parameters = {"event_type": "ALERT_FIRED", "limit": "1000"} | cursor
            page = client.get("/api/v1/events", params=parameters).json()
            found.update(item["payload"]["alert"]["fingerprint"] for item in page["items"])
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


def _in_the_table(hub: Hub) -> Counter[str]:
    try:
        with psycopg.connect(hub.run["database"]) as connection:
            rows = connection.execute("select fingerprint from alerts.occurrence").fetchall()
    except psycopg.OperationalError:
        return Counter()  # It recovers from its crash.
    return Counter(row[0] for row in rows)


def test_no_acknowledged_alert_is_lost_or_doubled_when_any_part_is_killed(tmp_path: Path) -> None:
    with running_hub(tmp_path / "data") as hub:
        source = Source(hub, hub.register("crash"))
        watcher = Watcher(hub, position=0)
        threads = [threading.Thread(target=each.run, daemon=True) for each in (source, watcher)]
        for thread in threads:
            thread.start()
        try:
            for part in PARTS:
                _kill_under_load(hub, source, part)
        finally:
            source.stopped.set()
            threads[0].join(30)
        expected = Counter(f"{number:016x}" for number in source.accepted)
        until(lambda: _in_the_table(hub) >= expected, within=40, every=0.5)
        until(lambda: len(watcher.events) >= len(expected), within=40)
        watcher.stopped.set()
        threads[1].join(10)

        assert len(source.accepted) > 100
        assert expected - _in_the_log(hub) == Counter(), "lost from the log"
        assert max(_in_the_log(hub).values()) == 1, "doubled in the log"
        assert max(_in_the_table(hub).values()) == 1, "doubled in the table"
        seen = Counter(event["payload"]["alert"]["fingerprint"] for event in watcher.events)
        assert expected - seen == Counter(), "lost for the client"
        assert max(seen.values()) == 1, "doubled for the client"
        sequences = [event["sequence"] for event in watcher.events]
        assert sequences == sorted(sequences), "out of order for the client"


def _kill_under_load(hub: Hub, source: Source, part: str) -> None:
    """Kill a part, and go on once it is back and alerts are accepted again."""
    before = len(source.accepted)
    until(lambda: len(source.accepted) >= before + 30, within=40)
    old = hub.kill(part)
    until(lambda: hub.run["parts"].get(part) not in {None, old}, within=30)
    after = len(source.accepted)
    until(lambda: len(source.accepted) >= after + 30, within=40)
