"""Where backends are, kept for a moment: a dashboard asks the same clusters many times a second.

Reading where twenty Prometheuses are was a sixth of what a question to them cost the workers. What
was read counts until an event of the cluster, of its credentials or of its circuits is published,
and never longer than two seconds, so that no lost notice and no login that ends does harm.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import ClassVar
from weakref import WeakKeyDictionary

from contracts.clusters import HUB, Checked
from services.runtime.backends import known
from services.runtime.backends.known import Endpoint
from services.runtime.bus import Bus
from services.runtime.clock import Clock
from services.runtime.replies import Asked

_HELD = 2.0
_SETTLING = 1.0
"""Seconds after a notice in which nothing is kept: it comes a little before its event is stored."""
_REMEMBERED = 30.0
"""Seconds for which a notice is remembered: longer than any read of the log takes."""
_MOST = 4096
_TOLD_BY = ("cluster", "cluster_credentials", "backend_circuit")


@dataclass(frozen=True, slots=True)
class _Held:
    endpoint: Endpoint
    until: float


@dataclass(eq=False)
class Endpoints:
    """Those that one connection to the bus has asked for."""

    clock: Clock
    _held: OrderedDict[str, dict[Checked, _Held]] = field(
        default_factory=OrderedDict[str, dict[Checked, _Held]]
    )
    """By the cluster's token, the one that was asked about last at the end."""
    _changed: OrderedDict[str, float] = field(default_factory=OrderedDict[str, float])
    """When a notice about a cluster came, while that still matters."""
    _all: ClassVar[WeakKeyDictionary[Bus, "Endpoints"]] = WeakKeyDictionary()

    @classmethod
    async def of(cls, bus: Bus, clock: Clock) -> "Endpoints":
        """What is kept for a connection; from the first time on notices are heard."""
        found = cls._all.get(bus)
        if found is None:
            found = cls._all[bus] = cls(clock)
            bus.reconnects.append(found.forget)
            for kind in _TOLD_BY:
                await bus.hear(f"evt.*.{kind}.>", found.hear)
        return found

    def hear(self, subject: str, _: bytes) -> None:
        """An event is being published."""
        cluster = subject.split(".", 2)[1]
        self._held.pop(cluster, None)
        self._changed[cluster] = self.clock.monotonic()
        self._changed.move_to_end(cluster)
        oldest = self.clock.monotonic() - _REMEMBERED
        while len(self._changed) > _MOST or next(iter(self._changed.values())) < oldest:
            self._changed.popitem(last=False)

    def forget(self) -> None:
        """Notices may have been missed."""
        self._held.clear()

    def get(self, cluster: str, which: Checked) -> Endpoint | None:
        """What is known, if it still counts."""
        held = self._held.get(cluster, {}).get(which)
        if held is None or held.until <= self.clock.monotonic():
            return None
        return held.endpoint

    def keep(self, cluster: str, endpoint: Endpoint, began: float) -> Endpoint:
        """Keep what was read since ``began``, unless it may be old already.

        If it is what was known before, that is given, with the client that was made for it.
        """
        each = self._held.setdefault(cluster, {})
        before = each.get(endpoint.which)
        if before is not None and before.endpoint == endpoint:
            endpoint = before.endpoint
        if cluster not in self._changed or self._changed[cluster] + _SETTLING <= began:
            each[endpoint.which] = _Held(endpoint, self.clock.monotonic() + _HELD)
        self._held.move_to_end(cluster)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return endpoint


async def endpoint(asked: Asked, which: Checked) -> Endpoint:
    """A backend of the cluster that is asked about; Refused if there is none.

    Only where the log is near are notices sure to come before what depends on them.
    """
    if asked.settings.site != HUB:
        return await known.endpoint(asked, which)
    clock = asked.outside.clock
    endpoints = await Endpoints.of(asked.log.bus, clock)
    found = endpoints.get(asked.cluster, which)
    if found is None:
        began = clock.monotonic()
        read = await known.endpoint(asked, which)
        found = endpoints.keep(asked.cluster, read, began)
    return found
