"""The circuits of this process: who may ask which backend now, and the events of their changes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Context
from contracts.refusals import Code, Refused
from contracts.telemetry import BackendCircuitClosed, BackendCircuitOpened, CircuitEvent
from services.runtime import metrics
from services.runtime.backends import faults
from services.runtime.backends.breaker import REST, Circuits, Place
from services.runtime.backends.faults import SPOKEN, Failing
from services.runtime.backends.known import Endpoint
from services.runtime.bus import BusUnavailable
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Conflict, Head
from services.runtime.logging import logger
from services.runtime.replies import Asked
from services.runtime.vault.logins import COLLECTOR

_TELLING = 2.0
"""Seconds that an asker waits at most for the event of what it has found."""
_FORGOTTEN = timedelta(seconds=2 * REST)
"""An opening as old as this was told by a process that is gone, or whose trials found nobody."""
_LONGEST = 500
_LOG = logger("circuits")
_circuits = Circuits()


@dataclass(frozen=True, slots=True)
class Gate:
    """Stands before one backend for the time of one question."""

    endpoint: Endpoint
    asked: Asked

    @asynccontextmanager
    async def tried(self) -> AsyncGenerator[None]:
        """Ask the backend in this block; Refused at once while its circuit is open."""
        turn = self._enter()
        try:
            yield
        except Failing as failing:
            await self._failed(turn, failing.message)
            raise
        except faults.Unsaid:
            self._abandoned(turn)
            raise
        except Refused:
            await self._succeeded(turn)
            raise
        except BaseException:  # The asker has gone, or a bug of ours: it says nothing.
            self._abandoned(turn)
            raise
        else:
            await self._succeeded(turn)

    @property
    def _place(self) -> Place:
        found = self.endpoint
        return Place(found.cluster_id, found.which, found.url, found.fingerprint)

    def _enter(self) -> int:
        place, clock = self._place, self.asked.outside.clock
        circuit, now = _circuits.of(place), clock.monotonic()
        if not circuit.admits(now):
            since = clock.now() - timedelta(seconds=now - (circuit.since or now))
            again = max(circuit.rests_until - now, 0.0)
            raise _left_alone(self.endpoint, since, again, circuit.reason)
        if circuit.open:
            _circuits.put(place, circuit.admitted())
        return circuit.turn

    def _abandoned(self, turn: int) -> None:
        place = self._place
        _circuits.put(place, _circuits.of(place).abandoned(turn))

    async def _failed(self, turn: int, reason: str) -> None:
        place, now = self._place, self.asked.outside.clock.monotonic()
        before = _circuits.of(place)
        after = before.failed(turn, now, reason)
        _circuits.put(place, after)
        if after.open and not before.open:
            await self._tell(BackendCircuitOpened, reason)

    async def _succeeded(self, turn: int) -> None:
        place = self._place
        before = _circuits.of(place)
        after = before.succeeded(turn)
        if after != before:
            _circuits.put(place, after)
        if (before.open and not after.open) or (not after.open and self._forgotten()):
            await self._tell(BackendCircuitClosed, "it answers again")

    def _forgotten(self) -> bool:
        told = self.endpoint.told
        if told is None or not isinstance(told.event, BackendCircuitOpened):
            return False
        return self.asked.outside.clock.now() - told.time > _FORGOTTEN

    async def _tell(
        self, kind: type[BackendCircuitOpened] | type[BackendCircuitClosed], reason: str
    ) -> None:
        found = self.endpoint
        event = kind(cluster_id=found.cluster_id, backend=found.which, reason=reason[:_LONGEST])
        metrics.CIRCUITS_OPEN.labels(found.which.value).set(_circuits.open_of(found.which))
        _LOG.warning(event.names.token, cluster_id=str(found.cluster_id), backend=found.which.value)
        try:
            async with asyncio.timeout(_TELLING):
                await tell(event, self.asked)
        except (BusUnavailable, TimeoutError):
            _LOG.warning("circuit_not_told", cluster_id=str(found.cluster_id))


async def tell(event: CircuitEvent, asked: Asked) -> bool:
    """Append an event unless the log says so already; False if another worker was first."""
    last = await asked.log.head(event.key)
    if last is not None and isinstance(last.event, type(event)):
        return False
    if last is None and isinstance(event, BackendCircuitClosed):
        return False  # Its opening was never told, or has aged out.
    stands = NOTHING if last is None else Head(last.sequence)
    try:
        now = asked.outside.clock.now()
        await asked.log.append([event], {event.key: stands}, _context(), now)
    except Conflict:
        return False
    return True


def _context() -> Context:
    command_id = new_id()
    return Context(
        command_id=command_id,
        actor=f"service:{COLLECTOR}",
        correlation_id=command_id,
        causation_id=command_id,
        source=f"/services/{COLLECTOR}",
    )


def _left_alone(found: Endpoint, since: datetime, again: float, reason: str) -> Refused:
    # Not `Failing`: nobody was asked.
    spoken = SPOKEN[found.which]
    when = f"in {again:.0f} s" if again >= 1 else "now, by others"
    text = f"{spoken} is not asked since {since:%H:%M:%S} UTC as it kept failing ({reason})"
    details = {"since": since.isoformat(), "retry_after": max(round(again), 1)}
    return Refused(Code.CLUSTER_UNREACHABLE, f"{text}; it is tried again {when}", details)
