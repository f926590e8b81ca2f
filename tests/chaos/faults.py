"""What goes wrong: each breaks one thing, mends it, and says since when it could be well again."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from services.runtime.settings import Settings
from tests.chaos.filling import full
from tests.chaos.nats_cluster import NatsCluster
from tests.chaos.proxy import Line
from tests.chaos.skewed import skewed
from tests.kit.embedded import PostgresServer
from tests.kit.hub import Hub, until

PARTS = ("gateway", "projector", "workers")


@dataclass(frozen=True)
class Ground:
    """What may be broken."""

    hub: Hub
    settings: Settings
    nats: NatsCluster
    postgres: PostgresServer
    database_away: float
    """Seconds."""
    draw: random.Random

    def pid(self, part: str) -> int:
        return self.hub.run["parts"][part]


Fault = Callable[[Ground], float]
"""Returns when (monotonic) nothing was broken any more; of a kill, when it was."""


def _kill(part: str) -> Fault:
    def fault(ground: Ground) -> float:
        began = time.monotonic()
        old = ground.hub.kill(part)
        until(lambda: ground.hub.run["parts"].get(part) not in {None, old}, within=30)
        return began

    return fault


def _freeze(part: str) -> Fault:
    def fault(ground: Ground) -> float:
        pid = ground.pid(part)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(ground.draw.uniform(2, 6))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return time.monotonic()

    return fault


def _few_files(part: str) -> Fault:
    """It may open one file more, for five seconds."""

    def fault(ground: Ground) -> float:
        pid = ground.pid(part)
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(
            pid, resource.RLIMIT_NOFILE, (psutil.Process(pid).num_fds() + 1, before[1])
        )
        time.sleep(5)
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        return time.monotonic()

    return fault


def _kill_node(ground: Ground) -> float:
    node, began = ground.draw.choice(ground.nats.nodes), time.monotonic()
    node.kill()
    time.sleep(1)
    node.start()
    return began


def _freeze_node(ground: Ground) -> float:
    node = ground.draw.choice(ground.nats.nodes)
    node.freeze()
    time.sleep(ground.draw.uniform(2, 8))
    node.thaw()
    return time.monotonic()


def _apart(line: Line) -> Fault:
    """One node can reach the two others badly or not at all."""

    def fault(ground: Ground) -> float:
        number = ground.draw.randrange(len(ground.nats.nodes))
        ground.nats.around(number, line)
        time.sleep(ground.draw.uniform(4, 10))
        ground.nats.around(number, Line.OPEN)
        return time.monotonic()

    return fault


def _kill_database(ground: Ground) -> float:
    began = time.monotonic()
    ground.postgres.kill()
    ground.postgres.start()
    return began


def _database_away(ground: Ground) -> float:
    ground.postgres.stop()
    time.sleep(ground.database_away)
    ground.postgres.start()
    return time.monotonic()


def _full(ground: Ground) -> float:
    """No room in the log, for five seconds."""
    with full(ground.nats.nodes):
        time.sleep(5)
    return time.monotonic()


def _skewed(ground: Ground) -> float:
    """Workers and a projector whose clocks are ten minutes ahead, or behind, take part."""
    with skewed(ground.settings, ground.draw.choice(("+10m", "-10m"))):
        time.sleep(10)
    return time.monotonic()


FAULTS: Mapping[str, Fault] = {
    **{f"kill {part}": _kill(part) for part in PARTS},
    **{f"stop {part}": _freeze(part) for part in PARTS},
    **{f"no more files for {part}": _few_files(part) for part in PARTS},
    "kill a NATS node": _kill_node,
    "stop a NATS node": _freeze_node,
    **{f"a NATS node's routes {line}": _apart(line) for line in (Line.CUT, Line.SLOW, Line.SILENT)},
    "kill PostgreSQL": _kill_database,
    "PostgreSQL away": _database_away,
    "no room in the log": _full,
    "clocks ten minutes off": _skewed,
}
