"""Whatever fails, is retried and is given up, in any order: the list tells exactly what is left."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from contracts.refusals import Refused
from services.runtime import bus as buses, dead_letters
from services.runtime.bus import Bus
from services.runtime.dead_letters import Failure, Wanted
from services.runtime.settings import NatsSettings, Settings
from tests.kit import builders
from tests.kit.runtime import letters
from tests.kit.servers import Server
from tests.kit.streams import wipe

pytestmark = pytest.mark.nats

NUMBERS = st.integers(min_value=1, max_value=4)
CONSUMERS = ("clusters", "alerts")


def _failure(number: int) -> Failure:
    return Failure(
        stream="CMD",
        consumer=CONSUMERS[number % 2],
        subject="cmd.gateway.clusters.register_cluster",
        headers={},
        data=f"{number}".encode(),
        error="ValueError",
        message_id=f"m-{number}",
    )


@dataclass
class Left:
    """What the list must tell."""

    dead: dict[int, int] = field(default_factory=dict[int, int])
    """When each letter that is dead has failed last."""
    retried: set[int] = field(default_factory=set[int])


class Letters(RuleBasedStateMachine):
    """A few messages that fail again and again."""

    url = ""

    @initialize()
    def start(self) -> None:
        self.runner = asyncio.Runner()
        self.left, self.time = Left(), 0
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.settings = Settings(nats=NatsSettings(url=self.url))
        self.bus: Bus = await buses.connect(self.settings.nats, "machine")
        await wipe(self.bus, self.settings)

    @rule(number=NUMBERS)
    def fail(self, number: int) -> None:
        """It fails, for the first time or again."""
        self.time += 1
        self.runner.run(dead_letters.bury(self.bus, _failure(number), builders.at(self.time)))
        self.left.dead[number] = self.time
        self.left.retried.discard(number)

    @rule(number=NUMBERS)
    def retry(self, number: int) -> None:
        """Only what is dead can be retried."""
        if self.runner.run(self._given(number, retried=True)):
            assert number in self.left.dead
            del self.left.dead[number]
            self.left.retried.add(number)
        else:
            assert number not in self.left.dead

    @rule(number=NUMBERS)
    def drop(self, number: int) -> None:
        """What is dead or was retried can be dropped."""
        known = number in self.left.dead or number in self.left.retried
        assert self.runner.run(self._given(number, retried=False)) == known
        self.left.dead.pop(number, None)
        self.left.retried.discard(number)

    async def _given(self, number: int, *, retried: bool) -> bool:
        found = [each for each in await letters(self.bus) if each.body == f"{number}".encode()]
        give = dead_letters.retry if retried else dead_letters.drop
        try:
            await give(self.bus, found[0].sequence if found else 10**6)
        except Refused:
            return False
        return True

    @invariant()
    def the_list_is_what_is_left(self) -> None:
        if hasattr(self, "bus"):
            self.runner.run(self._check())

    async def _check(self) -> None:
        found = await letters(self.bus)
        assert {int(each.body) for each in found if not each.retried} == set(self.left.dead)
        assert {int(each.body) for each in found if each.retried} == self.left.retried
        for consumer in CONSUMERS:
            wanted = Wanted(consumer=consumer)
            parts = [each async for each in self._part_by_part(wanted)]
            dead = [each for each in self.left.dead if CONSUMERS[each % 2] == consumer]
            # The oldest failure is told first.
            assert parts == sorted(dead, key=lambda number: self.left.dead[number])

    async def _part_by_part(self, wanted: Wanted) -> AsyncIterator[int]:
        after = 0
        while True:
            found, following = await dead_letters.part(self.bus, wanted, after, 1)
            for each in found:
                yield int(each.body)
            if following is None:
                return
            after = following

    def teardown(self) -> None:
        if hasattr(self, "bus"):
            self.runner.run(self.bus.close())
            self.runner.close()


def test_letters(nats_server: Server) -> None:
    machine = type("Machine", (Letters,), {"url": nats_server.url})
    checks = [HealthCheck.too_slow]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=checks
        ),
    )
