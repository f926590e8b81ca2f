"""Whatever was restarted, lost or cut off: in the end the hub knows what Alertmanager knows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from contracts.alerts import AlertEvent
from services.alerts import handlers, handlers_polling
from services.alerts.met import Met
from services.alerts.polled import Margins, Polls
from services.runtime.backends import breaker
from services.runtime.log import EventLog
from tests.gateway.polling import Cluster, cluster_on
from tests.kit.gateway import Platform
from tests.kit.runtime import eventually
from tests.services.alerts.histories import assert_lawful

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.timeout(180),
]
ALERTS = {"A": "any", "B": "any", "C": "target", "D": "target", "E": "source"}
"""With their kinds."""
STEPS = 40
QUICK = Margins(clocks=timedelta(0), uptime=timedelta(seconds=1), settled=timedelta(seconds=0.5))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes a second."""
    monkeypatch.setattr(handlers_polling, "_margins", QUICK)
    monkeypatch.setattr(breaker, "REST", 0.2)


@dataclass
class World:
    """A cluster to which things happen by chance."""

    cluster: Cluster
    random: Random
    patch: pytest.MonkeyPatch
    silences: list[str] = field(default_factory=list[str])
    done: list[str] = field(default_factory=list[str])

    async def step(self) -> None:
        """Something happens."""
        steps: list[tuple[int, Callable[[], Awaitable[object]]]] = [
            (8, self.fire),
            (6, self.resolve),
            (3, self.expire),
            (3, self.silence),
            (2, self.unsilence),
            (1, self.restart),
            (1, self.restart_without_data),
            (1, self.restart_hub),
            (2, self.cut_or_mend_telling),
            (2, self.cut_or_mend_asking),
            (6, self.cluster.poll),
            (4, self.tell),
        ]
        weights = [weight for weight, _ in steps]
        ((_, step),) = self.random.choices(steps, weights)
        self.done.append(step.__name__)
        await step()

    def chosen(self) -> tuple[str, str]:
        name = self.random.choice([*ALERTS])
        return name, ALERTS[name]

    async def fire(self) -> None:
        name, kind = self.chosen()
        await self.cluster.fire(name, kind, since=self.random.choice([-1, -600, -600]))

    async def resolve(self) -> None:
        name, kind = self.chosen()
        await self.cluster.resolve(name, kind)

    async def expire(self) -> None:
        name, kind = self.chosen()
        await self.cluster.fire(name, kind, until=0.5)

    async def silence(self) -> None:
        name, _ = self.chosen()
        at, manager = self.cluster.at, self.cluster.alertmanager
        # The shortest that a busy machine does not reach Alertmanager too late with.
        until = at(self.random.choice([5, 3600]))
        self.silences.append(await manager.silence({"alertname": name}, at(), until))

    async def unsilence(self) -> None:
        known = {
            each["id"]
            for each in await self.cluster.alertmanager.silences()
            if each["status"]["state"] == "active"
        }
        wanted = [each for each in self.silences if each in known]
        if wanted:
            await self.cluster.alertmanager.unsilence(self.random.choice(wanted))

    async def tell(self) -> None:
        """Alertmanager has the time to tell what has changed, if it can."""
        await asyncio.sleep(1.3)

    async def restart(self) -> None:
        await self.cluster.alertmanager.restart()

    async def restart_without_data(self) -> None:
        await self.cluster.alertmanager.restart(forget=True)

    async def restart_hub(self) -> None:
        """The new process remembers nothing."""
        workers = self.cluster.platform.workers
        await workers.stop()
        self.patch.setattr(handlers_polling, "_polls", Polls())
        self.patch.setattr(handlers, "_met", Met())
        await workers.start()

    async def cut_or_mend_telling(self) -> None:
        self.random.choice([self.cluster.telling.cut, self.cluster.telling.mend])()

    async def cut_or_mend_asking(self) -> None:
        self.random.choice([self.cluster.asking.cut, self.cluster.asking.mend])()

    async def calm_down(self) -> None:
        """The ways are mended, and the hub asks as often as it takes to agree."""
        self.cluster.telling.mend()
        self.cluster.asking.mend()
        await eventually(self.agrees, within=20)

    async def agrees(self) -> bool:
        await self.cluster.poll()
        return await self.cluster.here() == await self.cluster.there()


@pytest.mark.parametrize("seed", [0, 4, 5])
async def test_in_the_end_the_hub_knows_what_alertmanager_knows(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    async with cluster_on(platform, tmp_path) as cluster:
        world = World(cluster, Random(seed), monkeypatch)
        for number in range(1, STEPS + 1):
            await world.step()
            if number % 10 == 0:
                try:
                    await world.calm_down()
                except TimeoutError:
                    here, there = await cluster.here(), await cluster.there()
                    pytest.fail(f"after {world.done}:\n{here=}\n{there=}")
        await lawful(platform.gate.log, cluster.id)


async def lawful(log: EventLog, cluster: str) -> None:
    """Of every alert each occurrence began and ended once."""
    histories: dict[str, list[AlertEvent]] = {}
    start = 1
    while stored := await log.bus.get_many(
        "EVT", {"seq": start, "batch": 500, "next_by_subj": f"evt.{cluster}.alert.>"}
    ):
        for each in stored:
            event = log.catalog.decode(each.headers["ce-type"], each.data)
            assert isinstance(event, AlertEvent)
            histories.setdefault(event.alert.fingerprint, []).append(event)
        start = stored[-1].sequence + 1
    assert histories
    for events in histories.values():
        assert_lawful(events, events[0].alert.cluster_id)
