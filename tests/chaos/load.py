"""Sources that post alerts as Alertmanager does: numbered, in groups, each until it is accepted."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

_GROUP = 50
_SOURCES = 10
_AGAIN = 0.2


def fingerprint(number: int) -> str:
    """Of the alert of this number."""
    return f"{number:016x}"


def _alert(number: int, *, ended: bool = False) -> Mapping[str, Any]:
    return {
        "status": "resolved" if ended else "firing",
        "startsAt": "2026-01-31T12:00:00Z",
        "endsAt": "2026-01-31T12:05:00Z" if ended else "0001-01-01T00:00:00Z",
        "labels": {
            "alertname": f"Chaos{number % 7}",
            "severity": "warning",
            "namespace": f"ns-{number % 40}",
            "n": str(number),
        },
        "annotations": {"summary": "posted while things fail"},
        "fingerprint": fingerprint(number),
    }


@dataclass
class Ledger:
    """What was accepted, by number: it has to be there, once, in the end."""

    fired: set[int] = field(default_factory=set[int])
    ended: set[int] = field(default_factory=set[int])
    posts: int = 0
    refused: int = 0
    """Answers other than 202: each was asked again."""


@dataclass
class Load:
    """All sources; `rate` alerts a second are due, half of them new and half of them ends."""

    gateway: str
    token: str
    clusters: Sequence[str]
    rate: float
    ledger: Ledger = field(default_factory=Ledger)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self) -> None:
        """Until it is told to stop; what is under way then is accepted first."""
        async with asyncio.TaskGroup() as group:
            for number in range(_SOURCES):
                group.create_task(self._source(number))

    async def _source(self, number: int) -> None:
        mine = self.clusters[number::_SOURCES]
        before: dict[str, list[int]] = {cluster: [] for cluster in mine}
        period = _GROUP * _SOURCES / self.rate
        due = time.monotonic() + period * number / _SOURCES
        async with self.client() as client:
            for turn in count():
                due = max(due + period, time.monotonic() - 5 * period)
                await self._wait(due - time.monotonic())
                if self.stopping.is_set():
                    return
                cluster = mine[turn % len(mine)]
                fresh = [next(self._numbers) for _ in range(_GROUP - len(before[cluster]))]
                ended, before[cluster] = before[cluster], fresh[: _GROUP // 2]
                alerts = [*map(_alert, fresh), *(_alert(each, ended=True) for each in ended)]
                await self.post(client, cluster, alerts)
                self.ledger.fired.update(fresh)
                self.ledger.ended.update(ended)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self.gateway, headers=headers, timeout=5)

    async def probe(self, client: httpx.AsyncClient, cluster: str) -> int:
        """Have one more alert accepted; its number."""
        number = next(self._numbers)
        await self.post(client, cluster, [_alert(number)])
        self.ledger.fired.add(number)
        return number

    async def post(
        self, client: httpx.AsyncClient, cluster: str, alerts: Sequence[Mapping[str, Any]]
    ) -> None:
        """The same group again and again until it is accepted."""
        body = {"version": "4", "alerts": alerts}
        while True:
            try:
                answer = await client.post(f"/api/v1/alerts/webhook/{cluster}", json=body)
            except httpx.HTTPError:
                self.ledger.refused += 1
            else:
                if answer.status_code == 202:
                    self.ledger.posts += 1
                    return
                if answer.status_code not in {429, 503}:
                    raise RuntimeError(f"{answer.status_code}: {answer.text}")
                self.ledger.refused += 1
            await asyncio.sleep(_AGAIN)
