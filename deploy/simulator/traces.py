"""Traces of a simulated cluster: five services, worked out for any time, kept nowhere."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from deploy.simulator import rollout
from deploy.simulator.cluster import Cluster
from deploy.simulator.series import seed_of

_SECOND, _MILLISECOND = 1_000_000_000, 1_000_000
_EVERY = 10
"""Seconds between the beginnings of two traces."""
_FAILING = 0.1
"""Of requests, as always."""
_HOURS = 168
"""How long traces are kept."""
_CALLS: Mapping[str, tuple[str, ...]] = {
    "gateway": ("shop",),
    "shop": ("orders", "inventory"),
    "orders": ("inventory", "billing"),
    "inventory": (),
    "billing": (),
}
_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "gateway": ("GET /orders", "POST /orders", "GET /cart"),
    "shop": ("show cart", "place order"),
    "orders": ("create order", "list orders"),
    "inventory": ("reserve", "count"),
    "billing": ("charge card", "write invoice"),
}
SERVICES = tuple(_CALLS)


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work of one service."""

    id: bytes
    parent: bytes | None
    service: str
    name: str
    start: int
    """Nanoseconds."""
    duration: int
    failed: bool
    attributes: Mapping[str, str | int]

    @property
    def kind(self) -> str:
        """The kind, as TraceQL has it."""
        return "server"


@dataclass(frozen=True, slots=True)
class Trace:
    """One request on its way through the services, the root first."""

    id: bytes
    spans: tuple[Span, ...]

    @property
    def root(self) -> Span:
        """Where it began."""
        return self.spans[0]


def between(start: float, end: float, now: float) -> Iterator[int]:
    """The numbers of the traces that begin in a time and are kept now, the newest first."""
    first = max(start, now - _HOURS * 3600)
    last = min(end, now - _EVERY)  # One that is under way is not there yet.
    return iter(range(int(last // _EVERY), int(-(-first // _EVERY)) - 1, -1))


def find(cluster: Cluster, trace_id: bytes, now: float) -> Trace | None:
    """A trace by its id."""
    number = int.from_bytes(trace_id[8:], "big") ^ int.from_bytes(_mask(cluster)[8:], "big")
    kept = now - _HOURS * 3600 <= number * _EVERY <= now - _EVERY
    return trace(cluster, number) if kept and _id(cluster, number) == trace_id else None


def trace_id_at(cluster: Cluster, at: int) -> bytes:
    """The trace that began last before a time in nanoseconds."""
    return _id(cluster, at // (_EVERY * _SECOND))


def trace(cluster: Cluster, number: int) -> Trace:
    """The trace of this number."""
    trace_id = _id(cluster, number)
    draw = Random(trace_id)  # noqa: S311 - a simulation, and it has to be repeatable
    is_bad = rollout.rolled(cluster, number * _EVERY) is not None
    failed = draw.random() < (rollout.SHARE if is_bad else _FAILING)
    start = number * _EVERY * _SECOND + draw.randrange(_SECOND)
    made = _Making(draw, failed, 20 if draw.random() < 0.05 else 1)
    made.call("gateway", None, start)
    spans = sorted(made.spans, key=lambda span: (span.parent is not None, span.start))
    return Trace(trace_id, tuple(spans))


@dataclass
class _Making:
    """A trace in the making."""

    draw: Random
    failed: bool
    slowness: int

    def __post_init__(self) -> None:
        self.spans: list[Span] = []

    def call(self, service: str, parent: bytes | None, start: int) -> int:
        """Add a span and all below it; gives when it ends."""
        mine, at = self.draw.randbytes(8), start + self._while()
        for other in _CALLS[service]:
            at = self.call(other, mine, at) + self._while()
        # What is wrong with the bill is passed on to all who wait for it.
        failed = self.failed and service != "inventory"
        attributes: dict[str, str | int] = {
            "http.request.method": "POST" if failed else "GET",
            "http.response.status_code": 500 if failed else 200,
        }
        name = self.draw.choice(_OPERATIONS[service])
        span = Span(mine, parent, service, name, start, at - start, failed, attributes)
        self.spans.append(span)
        return at

    def _while(self) -> int:
        return int(self.draw.uniform(0.5, 12) * self.slowness * _MILLISECOND)


def _mask(cluster: Cluster) -> bytes:
    return hashlib.blake2b(f"{seed_of(cluster)}/traces".encode(), digest_size=16).digest()


def _id(cluster: Cluster, number: int) -> bytes:
    """Begins with the cluster, and holds the number."""
    mask = _mask(cluster)
    return mask[:8] + (number ^ int.from_bytes(mask[8:], "big")).to_bytes(8, "big")
