"""One instant over all projections: fleet, alerts and log say later what they said then."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.kit.gateway import API, Json, Platform, alert

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

READS = ("/clusters", "/fleet/summary", "/alerts", "/alerts/history", "/alerts/groups", "/events")
STEPS = 12


@dataclass
class Operators:
    """People and sources that do something to the fleet, one thing after the other."""

    platform: Platform
    chance: random.Random
    clusters: list[str] = field(default_factory=list[str])
    firing: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    told: int = 0

    async def register(self) -> None:
        self.clusters.append((await self.platform.register())["id"])

    async def rename(self) -> None:
        cluster, self.told = self.chance.choice(self.clusters), self.told + 1
        path = f"{API}/clusters/{cluster}"
        body = {"display_name": f"number {self.told}", "labels": {"turn": str(self.told)}}
        assert (await self.platform.http.patch(path, json=body)).is_success

    async def fire(self) -> None:
        cluster, self.told = self.chance.choice(self.clusters), self.told + 1
        await self.platform.report(cluster, alert(self.told))
        self.firing.append((cluster, self.told))

    async def resolve(self) -> None:
        cluster, number = self.firing.pop(self.chance.randrange(len(self.firing)))
        ended = alert(number, status="resolved", endsAt="2026-01-31T13:00:00Z")
        await self.platform.report(cluster, ended)

    async def act(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [self.register]
        if self.clusters:
            acts += [self.rename, self.fire, self.fire]
        if self.firing:
            acts.append(self.resolve)
        await self.chance.choice(acts)()
        await self.platform.settle()


async def _seen(platform: Platform, **at: int) -> Json:
    return {path: await platform.list(path, page_size=100, **at) for path in READS[:-1]} | {
        "/events": await platform.list("/events", limit=1000, **at)
    }


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_reads_of_one_position_fit_together(platform: Platform, seed: int) -> None:
    operators = Operators(platform, random.Random(seed))
    recorded: dict[int, Json] = {}
    for _ in range(STEPS):
        await operators.act()
        recorded[await platform.last_sequence()] = await _seen(platform)
    for sequence, then in recorded.items():
        now = await _seen(platform, as_of_sequence=sequence)
        for path in READS:
            assert _lasting(now[path]) == _lasting(then[path]), (sequence, path)


def _lasting(answer: Json) -> Json:
    """Without what is told at no event: how often and when an alert was repeated."""
    repeats = {"last_seen_at": None, "occurrences": None, "expires_at": None}
    items = [
        {**item, **{key: None for key in repeats if key in item}}
        for item in answer.get("items", [])
    ]
    return {**answer, "items": items}
