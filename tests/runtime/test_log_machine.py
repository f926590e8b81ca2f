"""Whatever appenders do at the same time, the log loses nothing and keeps every order."""

import asyncio
from collections import defaultdict
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.clusters import ClusterUpdated, cluster_key
from services.runtime import bus as buses, process
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Conflict, EventLog, Head
from services.runtime.settings import NatsSettings, Settings
from tests.kit import builders
from tests.kit.servers import Server
from tests.kit.streams import wipe

pytestmark = pytest.mark.nats

ENTITIES = st.integers(min_value=1, max_value=3)


class Appenders(RuleBasedStateMachine):
    """Several appenders race on a few clusters; each says which events it was granted."""

    url = ""

    @initialize()
    def start(self) -> None:
        self.runner = asyncio.Runner()
        self.granted: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.settings = Settings(nats=NatsSettings(url=self.url))
        self.bus: Bus = await buses.connect(self.settings.nats, "machine")
        await wipe(self.bus, self.settings)
        self.log: EventLog = process.event_log(self.bus, self.settings)

    @rule(entities=st.lists(ENTITIES, min_size=1, max_size=12))
    def race(self, entities: list[int]) -> None:
        """Everybody loads, decides and appends at once, and tries again after a conflict."""
        self.runner.run(self._race(entities))

    async def _race(self, entities: list[int]) -> None:
        await asyncio.gather(*(self._append(entity) for entity in entities))

    async def _append(self, entity: int) -> None:
        command, key = new_id(), cluster_key(UUID(int=entity))
        while True:
            last = await self.log.head(key)
            head = NOTHING if last is None else Head(last.sequence, last.version or 0)
            context = builders.context(command_id=command)
            try:
                appended = await self.log.append(
                    [_updated(entity)], {key: head}, context, builders.at()
                )
            except Conflict:
                continue
            self.granted[entity].append((appended.sequence, str(command)))
            return

    @rule(entity=ENTITIES)
    def repeat(self, entity: int) -> None:
        """A command whose acknowledgement was lost is decided anew: it has had its effect."""
        if self.granted[entity]:
            self.runner.run(self._repeat(entity))

    async def _repeat(self, entity: int) -> None:
        sequence, command = self.granted[entity][-1]
        key = cluster_key(UUID(int=entity))
        last = await self.log.head(key)
        assert last is not None
        context = builders.context(command_id=UUID(command))
        head = Head(last.sequence, last.version or 0)
        appended = await self.log.append([_updated(entity)], {key: head}, context, builders.at())
        assert appended.sequence == sequence

    @invariant()
    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        """The log holds exactly what was granted, in versions without a gap."""
        if hasattr(self, "log"):
            self.runner.run(self._check())

    async def _check(self) -> None:
        total = 0
        for entity, granted in self.granted.items():
            entries = await self.log.load(cluster_key(UUID(int=entity)))
            assert [entry.version for entry in entries] == list(range(1, len(granted) + 1))
            told = sorted((sequence, command) for sequence, command in granted)
            assert [(entry.sequence, str(entry.command_id)) for entry in entries] == told
            total += len(entries)
        assert (await self.log.bounds())[1] == total

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.bus.close())
            self.runner.close()


def _updated(entity: int) -> ClusterUpdated:
    return builders.updated(id=UUID(int=entity))


def test_concurrent_appenders_never_lose_or_reorder(nats_server: Server) -> None:
    Appenders.url = nats_server.url
    Appenders.TestCase.settings = settings(
        max_examples=25,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
    )
    machine = Appenders.TestCase()
    machine.runTest()
