"""Log lines of a simulated cluster's workloads: worked out for any time, kept nowhere."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.simulator import rollout
from deploy.simulator.cluster import Cluster
from deploy.simulator.series import seed_of
from deploy.simulator.traces import trace_id_at

SECOND = 1_000_000_000
_PATHS = ("/orders", "/orders/17", "/cart", "/stock", "/invoices", "/login")
_METHODS = ("GET", "GET", "GET", "POST", "PUT")
_ERRORS = ("upstream connect error", "deadline exceeded", "no space left on device")


@dataclass(frozen=True, slots=True)
class Stream:
    """The lines of one container: one after the other at the same distance."""

    labels: Mapping[str, str]
    mark: str
    every: int
    """Nanoseconds."""
    offset: int
    cluster: Cluster
    """Whose it is: lines name its traces, where it has any."""

    def between(self, start: int, end: int) -> range:
        """The numbers of the lines from ``start`` to before ``end``, in nanoseconds."""
        return range(-((self.offset - start) // self.every), -((self.offset - end) // self.every))

    def time(self, number: int) -> int:
        """When a line was written, in nanoseconds."""
        return self.offset + number * self.every

    def line(self, number: int) -> str:
        """What a line says."""
        drawn = hashlib.blake2b(f"{self.mark}/{number}".encode(), digest_size=8).digest()
        at = datetime.fromtimestamp(self.time(number) // SECOND, UTC)
        head = f"ts={at:%Y-%m-%dT%H:%M:%SZ} level="
        wrong = rollout.line(self.cluster, self.labels["app"], at.timestamp(), drawn[4])
        if wrong is not None:
            return f"{head}error {wrong}"
        head += _level(drawn[0])
        if drawn[0] < 6:
            return f'{head} msg="{_ERRORS[drawn[1] % len(_ERRORS)]}" attempt={drawn[2] % 5}'
        method, path = _METHODS[drawn[1] % len(_METHODS)], _PATHS[drawn[2] % len(_PATHS)]
        took = 1 + drawn[3] * (20 if drawn[0] < 24 else 1)
        said = f'{head} msg="request served" method={method} path={path} duration_ms={took}'
        if not self.cluster.traits.tempo:
            return said
        return f"{said} trace_id={trace_id_at(self.cluster, self.time(number)).hex()}"


def streams_of(cluster: Cluster) -> Iterator[Stream]:
    """The streams of all pods, each of which has one container."""
    seed = seed_of(cluster)
    for pod in cluster.pods():
        mark = f"{seed}/{pod.namespace}/{pod.name}/log"
        drawn = hashlib.blake2b(mark.encode(), digest_size=8).digest()
        every = (5_000 + int.from_bytes(drawn[:2], "big") % 25_000) * 1_000_000
        offset = int.from_bytes(drawn[2:], "big") % every
        labels = {
            "app": pod.app,
            "container": pod.container,
            "namespace": pod.namespace,
            "pod": pod.name,
            "stream": "stdout",
        }
        yield Stream(labels, mark, every, offset, cluster)


def _level(drawn: int) -> str:
    if drawn < 6:
        return "error"
    return "warn" if drawn < 24 else "info"
