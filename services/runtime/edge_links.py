"""The hub's end of the links to far-edge sites: takes over what they keep, tells them their
clusters, and says when one is not heard of.

Any worker process can do it, one at a time does: there is a lease for each site.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from contracts.catalog import UnknownEvent
from contracts.edge import EdgeLinkEvent, EdgeLinkLost, EdgeLinkRestored, edge_link_key
from contracts.envelope import Context
from contracts.refusals import TryLater
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.clock import Clock, SystemClock
from services.runtime.edge_admission import Admission
from services.runtime.edge_fleet import SiteFleet
from services.runtime.edge_taking import Taking
from services.runtime.edge_telling import Telling
from services.runtime.ids import new_id
from services.runtime.leases import lease
from services.runtime.log import NOTHING, Conflict, EventLog, Head
from services.runtime.logging import logger

LOST_AFTER = 10.0
"""Seconds without a word from a site after which its link is lost."""
_HEARTBEAT = 2.0
_PATIENCE = 8.0
"""Seconds that a word may take: what is being taken over may fill the link."""
_IDLE = 0.25
"""Seconds from one look for new messages to the next where there were none."""
_PAUSE = 1.0
_STALLED = 30.0
_LOG = logger("edge")


@dataclass
class SiteLink:
    """The link to one site, seen from the hub."""

    site: str
    bus: Bus
    log: EventLog
    fleet: SiteFleet
    clock: Clock = field(default_factory=SystemClock)
    lost_after: float = LOST_AFTER
    _heard: float = field(default=0.0, init=False)
    _waiting: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        admission = Admission(self.site, self.fleet)
        self._telling = Telling(self.bus, self.site, self.fleet)
        self._events = Taking(self.bus, streams.EVENTS, admission)
        self._telemetry = Taking(self.bus, streams.TELEMETRY, admission)

    @property
    def reached(self) -> int:
        """The sequence at the site of the last event that was seen to."""
        return self._events.reached

    @property
    def silent(self) -> float:
        """Seconds since the site was heard of, or since it is listened for."""
        return self.clock.monotonic() - self._heard

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the link until told to stop, whenever no other process does."""
        while not stopping.is_set():
            try:
                async with lease(self.bus, f"edge/{self.site}", clock=self.clock):
                    await _until(stopping, self._keep)
            except TryLater as later:
                await _pause(stopping, later.delay)
            except (BusUnavailable, JetStreamRefused) as error:
                _LOG.info("link_interrupted", site=self.site, reason=str(error))
                await _pause(stopping, _PAUSE)
            finally:
                self._measure_no_more()

    def _measure_no_more(self) -> None:
        """Another process keeps the link and tells of it; what was true here may be no longer."""
        for gauge in (metrics.EDGE_LINK_UP, metrics.EDGE_WAITING):
            gauge.remove(self.site)

    async def _keep(self) -> None:
        await self.fleet.ready.wait()
        self._heard = self.clock.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._again(self._telling.run))
            group.create_task(self._again(lambda: self._take(self._events)))
            group.create_task(self._again(lambda: self._take(self._telemetry)))

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something that needs the link, whenever there is one."""
        while True:
            pause = _PAUSE
            try:
                await work()
            except BusUnavailable as error:
                _LOG.debug("not_reached", site=self.site, reason=str(error))
            except (JetStreamRefused, UnknownEvent) as error:
                _LOG.error("link_stalled", site=self.site, reason=str(error))
                pause = _STALLED
            await asyncio.sleep(pause)

    async def _take(self, taking: Taking) -> None:
        """Take over until something fails; the next page comes while one is being stored."""
        await taking.begin()
        page = await taking.page(taking.reached)
        while True:
            if not page:
                await asyncio.sleep(_IDLE)
                page = await taking.page(taking.reached)
                continue
            following = asyncio.create_task(taking.page(page[-1].sequence))
            try:
                await taking.store(page)
                page = await following
            finally:
                following.cancel()
                await asyncio.wait([following])
                if not following.cancelled():
                    following.exception()  # Who failed to store has said enough.

    async def _watch(self) -> None:
        """Ask the site whether it is there, again and again, and tell of what changes."""
        while True:
            began = self.clock.monotonic()
            try:
                await self._listen()
            except (BusUnavailable, JetStreamRefused):
                if self.bus.connected and self.silent >= self.lost_after:
                    await self._tell(up=False)
            else:
                self._heard = self.clock.monotonic()
                await self._tell(up=True)
            await asyncio.sleep(max(0.0, _HEARTBEAT - (self.clock.monotonic() - began)))

    async def _listen(self) -> None:
        there = self.bus.at(self.site)
        info = await there.api(f"STREAM.INFO.{streams.EVENTS}", timeout=_PATIENCE)
        self._waiting = max(0, int(info["state"]["last_seq"]) - self._events.reached)
        metrics.EDGE_WAITING.labels(self.site).set(self._waiting)

    async def _tell(self, *, up: bool) -> None:
        """Append what has changed, unless the log says so already."""
        metrics.EDGE_LINK_UP.labels(self.site).set(int(up))
        try:
            last = await self.log.head(edge_link_key(self.site))
            event = self._change(last.event if last else None, up=up)
            if event is not None:
                stands = Head(last.sequence) if last else NOTHING
                await self.log.append([event], {event.key: stands}, _context(), self.clock.now())
                _LOG.warning(event.names.token, site=self.site)
        except (Conflict, BusUnavailable, JetStreamRefused) as error:
            _LOG.info("link_not_told", site=self.site, reason=str(error))

    def _change(self, told: object, *, up: bool) -> EdgeLinkEvent | None:
        if up and isinstance(told, EdgeLinkLost):
            return EdgeLinkRestored(site=self.site, lost_at=told.since, waiting=self._waiting)
        if not up and not isinstance(told, EdgeLinkLost):
            since = self.clock.now() - timedelta(seconds=self.silent)
            return EdgeLinkLost(site=self.site, since=since)
        return None


def link_loops(
    sites: tuple[str, ...], bus: Bus, log: EventLog
) -> list[Callable[[asyncio.Event], Awaitable[None]]]:
    """What a worker process of the hub does for these sites."""
    if not sites:
        return []
    fleet = SiteFleet()
    links = [SiteLink(site, bus, log, fleet).run for site in sites]
    return [lambda stopping: fleet.follow(bus, stopping), *links]


async def _until(stopping: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    """Work until told to stop; what goes wrong in it goes on to the caller."""
    working = asyncio.ensure_future(work())
    waiting = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        waiting.cancel()
        working.cancel()
        await asyncio.wait([working])


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


def _context() -> Context:
    command_id = new_id()
    return Context(
        command_id=command_id,
        actor="service:edge",
        correlation_id=command_id,
        causation_id=command_id,
        source="/services/edge",
    )
