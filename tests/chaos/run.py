"""One run: load, faults one after the other, and the verdict."""

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.crowd import Client
from tests.chaos.faults import FAULTS, Ground
from tests.chaos.judging import Verdict, judge, write_expected
from tests.chaos.load import Load, fingerprint
from tests.chaos.memory import Memory
from tests.chaos.skewed import LIBRARY
from tests.chaos.stage import Stage, stage
from tests.kit.tree import ROOT

_RECOVER_WITHIN = 120.0


@dataclass(frozen=True)
class Plan:
    """How hard it is."""

    seconds: float
    rate: float
    """Alerts a second."""
    clients: int
    seed: int
    database_away: float
    clusters: int = 100


@dataclass
class Outcome:
    """What came of it."""

    recoveries: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Seconds by fault: until an alert was accepted, in its row and at a client."""
    verdict: Verdict | None = None
    clients: Mapping[str, Any] = field(default_factory=dict[str, Any])
    memory: list[str] = field(default_factory=list[str])
    posts: int = 0
    refused: int = 0
    failed: list[str] = field(default_factory=list[str])

    @property
    def all_recoveries(self) -> list[float]:
        return sorted(each for some in self.recoveries.values() for each in some)


class Loaded:
    """The load and a client that watches, on a thread and loop of their own."""

    def __init__(self, on: Stage, rate: float) -> None:
        self._stage = on
        self._loop = asyncio.new_event_loop()
        self.load = Load(on.hub.gateway, on.hub.token, on.clusters[1:], rate)
        socket = on.hub.gateway.replace("http", "ws") + "/ws"
        self._witness = Client(socket, on.hub.token, on.clusters[0], 0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._running = [self._loop.create_task(self.load.run())]
        self._watching = self._loop.create_task(self._witness.run())
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def recovered(self, since: float) -> float:
        """Have one more alert go its whole way; seconds since then."""
        future = asyncio.run_coroutine_threadsafe(self._whole_way(), self._loop)
        future.result(_RECOVER_WITHIN)
        return time.monotonic() - since

    async def _whole_way(self) -> None:
        seen = len(self._witness.seen)
        async with self.load.client() as client:
            number = await self.load.probe(client, self._stage.clusters[0])
        while not await asyncio.to_thread(self._in_row, number):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        while len(self._witness.seen) <= seen:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _in_row(self, number: int) -> bool:
        asked = "select 1 from alerts.occurrence where fingerprint = %s"
        with (
            suppress(psycopg.Error),
            psycopg.connect(self._stage.postgres.url, connect_timeout=2) as it,
        ):
            return it.execute(asked, (fingerprint(number),)).fetchone() is not None
        return False

    def stop(self) -> None:
        """Nothing new; what is under way is accepted first."""
        self._loop.call_soon_threadsafe(self.load.stopping.set)
        done = asyncio.run_coroutine_threadsafe(asyncio.wait(self._running), self._loop)
        done.result(_RECOVER_WITHIN)
        self._running[0].result()
        self._loop.call_soon_threadsafe(self._watching.cancel)


def run(plan: Plan) -> Outcome:
    """The whole run; says on stderr what it does."""
    outcome = Outcome()
    with stage(plan.clusters, seconds=plan.seconds) as on:
        crowd = _Crowd(on, plan.clients)
        memory = Memory(lambda: _pids(on))
        memory.start()
        loaded = Loaded(on, plan.rate)
        try:
            loaded.recovered(time.monotonic())
            _break_things(plan, on, loaded, outcome)
        finally:
            loaded.stop()
        ledger = loaded.load.ledger
        outcome.posts, outcome.refused = ledger.posts, ledger.refused
        outcome.verdict, events = judge(on.hub, on.postgres.url, ledger)
        expected = on.hub.directory / "expected.json"
        write_expected(events, expected)
        outcome.clients = crowd.judged(expected)
        memory.stop()
        outcome.memory = memory.told()
    return outcome


def _break_things(plan: Plan, on: Stage, loaded: Loaded, outcome: Outcome) -> None:
    draw = random.Random(plan.seed)
    ground = Ground(on.hub, on.settings, on.nats, on.postgres, plan.database_away, draw)
    known = [name for name in FAULTS if LIBRARY is not None or not name.startswith("clocks")]
    todo: list[str] = []
    deadline = time.monotonic() + plan.seconds
    while time.monotonic() < deadline:
        if not todo:
            todo = draw.sample(known, len(known))
        name = todo.pop()
        since = FAULTS[name](ground)
        try:
            took = loaded.recovered(since)
        except TimeoutError:
            outcome.failed.append(name)
            took = _RECOVER_WITHIN
        outcome.recoveries.setdefault(name, []).append(took)
        print(f"{name}: well again after {took:.1f} s", file=sys.stderr, flush=True)
        time.sleep(draw.uniform(0.5, 2))


def _pids(on: Stage) -> Mapping[str, int]:
    nodes = {node.name: node.pid for node in on.nats.nodes}
    return {**on.hub.run["parts"], **nodes, "postgres": on.postgres.pid}


class _Crowd:
    """The process of the clients."""

    def __init__(self, on: Stage, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.crowd"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        clusters = on.clusters[1:]
        told = {
            "url": on.hub.gateway.replace("http", "ws") + "/ws",
            "token": on.hub.token,
            "clients": [(clusters[number % len(clusters)], 0) for number in range(count)],
        }
        self._say(json.dumps(told))

    def _say(self, line: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def judged(self, expected: Path) -> Mapping[str, Any]:
        """What the clients have seen of it."""
        self._say(str(expected))
        out, _ = self._process.communicate(timeout=_RECOVER_WITHIN)
        return json.loads(out)
