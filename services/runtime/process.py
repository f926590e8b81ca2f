"""Assembles a process: connections, loops, health, signals."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from contracts.catalog import CATALOG
from contracts.envelope import Query
from contracts.operations import ProjectionRebuildStarted, RebuildProjection
from contracts.refusals import Code, Refused
from services.runtime import bus as buses, metrics
from services.runtime.answering import Answering
from services.runtime.asking import PROJECTIONS
from services.runtime.bus import Bus
from services.runtime.command_worker import CommandWorker, RightsOf
from services.runtime.due_worker import DueWorker
from services.runtime.edge import SiteLog, answering_only
from services.runtime.edge_links import link_loops
from services.runtime.followers.host import FollowerHost
from services.runtime.followers.partition import Means
from services.runtime.health import Finding, Health
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.principals import Principal
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.keeping import KeepingRunner
from services.runtime.projections.measures import MeasureRunner
from services.runtime.projections.partitioned import host_of
from services.runtime.projections.projection import Projection
from services.runtime.publishers import Publishers
from services.runtime.service import QueryHandler, Service
from services.runtime.settings import Settings
from services.runtime.standing import Telling
from services.runtime.store import Accepted, Store
from services.runtime.tracing import UNTRACED, Tracing, otlp

Loop = Callable[[asyncio.Event], Awaitable[None]]


@dataclass
class Runtime:
    """What every loop of a process shares."""

    part: str
    settings: Settings
    bus: Bus
    log: EventLog
    tracing: Tracing
    health: Health
    outside: Outside

    async def close(self) -> None:
        """Hang up."""
        await self.outside.close()
        self.tracing.close()
        await self.bus.close()


async def start(part: str, settings: Settings) -> Runtime:
    """Connect a process to the bus."""
    bus = await buses.connect(settings.nats, f"aiops-{part}")
    health = Health(part)
    health.checks["bus"] = lambda: Finding(bus.connected, "" if bus.connected else "not connected")
    tracing = Tracing(part, otlp(settings.telemetry.otlp_endpoint))
    metrics.PART.labels(part).set(1)
    return Runtime(
        part=part,
        settings=settings,
        bus=bus,
        log=event_log(bus, settings, tracing),
        tracing=tracing,
        health=health,
        outside=Outside(settings, part, tracing=tracing),
    )


def event_log(bus: Bus, settings: Settings, tracing: Tracing = UNTRACED) -> EventLog:
    """The log as the settings want it."""
    age, patience = timedelta(hours=settings.retention.facts_hours), settings.nats.append_patience
    catalog = CATALOG.writing(settings.events.write_versions)
    if settings.edge.worker:
        return SiteLog(bus, age, patience, catalog, tracing=tracing, site=settings.site)
    return EventLog(bus, age, patience, catalog, tracing=tracing)


def service_loops(runtime: Runtime, services: Iterable[Service]) -> list[Loop]:
    """One loop for the commands of each area, one for all reactions."""
    services = list(services)
    loops: list[Loop] = []
    for area in sorted({area for service in services for area in service.areas}):
        routes = {
            command: route
            for service in services
            for command, route in service.commands.items()
            if command.area == area
        }
        worker = CommandWorker(
            area,
            routes,
            runtime.bus,
            runtime.log,
            runtime.settings,
            runtime.tracing,
            runtime.outside,
            rights_of=_rights_of(runtime.outside),
        )
        runtime.health.checks[f"commands.{area}"] = lambda worker=worker: Finding(
            worker.healthy, worker.detail
        )
        loops.append(worker.run)
    queries = {query: run for service in services for query, run in service.queries.items()}
    loops += _answering(runtime, runtime.settings.site, queries)
    for service in services:
        for route in service.due:
            due = DueWorker(
                service.name,
                route,
                runtime.bus,
                runtime.log,
                runtime.settings,
                runtime.tracing,
                runtime.outside,
            )
            runtime.health.checks[f"due.{route.kind}"] = lambda due=due: Finding(
                due.healthy, due.detail
            )
            loops.append(due.run)
        loops += _follower_loops(runtime, service)
    if any(service.reactions for service in services):
        from services.runtime.reactions import (  # noqa: PLC0415 - FastStream is 30 MB
            Reactions,
        )

        reactions = Reactions(
            services,
            runtime.bus,
            runtime.log,
            runtime.settings,
            runtime.tracing,
            runtime.outside,
        )
        runtime.health.checks["reactions"] = lambda: Finding(reactions.healthy, reactions.detail)
        loops.append(reactions.run)
    return loops


def _follower_loops(runtime: Runtime, service: Service) -> list[Loop]:
    outside = runtime.outside
    means = Means(runtime.log, runtime.settings, runtime.tracing, outside.clock, outside)
    hosts = [FollowerHost(service.name, each, means) for each in service.followers]
    for host in hosts:
        runtime.health.checks[f"follower.{host.follower.name}"] = lambda host=host: Finding(
            host.error is None, host.detail
        )
    return [host.run for host in hosts]


def _rights_of(outside: Outside) -> RightsOf:
    async def find(publisher: str) -> Principal | None:
        return await Publishers(await outside.database(), outside.clock).find(publisher)

    return find


def _answering(
    runtime: Runtime, site: str, queries: Mapping[type[Query], QueryHandler]
) -> list[Loop]:
    if not queries:
        return []
    answering = Answering(
        site,
        runtime.part,
        queries,
        runtime.bus,
        runtime.log,
        runtime.settings,
        runtime.tracing,
        runtime.outside,
    )
    return [answering.run]


def projection_loops(runtime: Runtime, projections: Sequence[Projection]) -> list[Loop]:
    """One loop for each projection, for what they are asked, and for the commands about them."""
    hosts = {
        projection.name: host_of(projection, runtime.bus, runtime.settings, runtime.tracing)
        for projection in projections
    }
    clock, database = runtime.outside.clock, runtime.settings.database
    for name, host in hosts.items():
        runtime.health.checks[f"projection.{name}"] = lambda host=host: Finding(
            host.healthy, host.error or ""
        )
    measuring = [
        MeasureRunner(projection, runtime.bus, runtime.settings.database).run
        for projection in projections
        if projection.measures
    ]
    keeping = [
        _keeping(runtime, KeepingRunner(make(runtime.settings, clock), runtime.bus, database))
        for projection in projections
        for make in projection.keepers
    ]
    questions = {query: run for each in projections for query, run in each.questions.items()}
    return (
        [host.run for host in hosts.values()]
        + measuring
        + keeping
        + [Telling(runtime.health, runtime.bus, hosts).run]
        + _answering(runtime, PROJECTIONS.site, questions)
        + service_loops(runtime, [projection_operations(hosts)])
    )


def _keeping(runtime: Runtime, runner: KeepingRunner) -> Loop:
    runtime.health.checks[f"kept.{runner.name}"] = lambda: Finding(
        runner.healthy, runner.error or ""
    )
    return runner.run


def assemble(
    runtime: Runtime, services: Sequence[Service], projections: Sequence[Projection]
) -> list[Loop]:
    """Every loop of a part."""
    if runtime.settings.edge.worker:
        return service_loops(runtime, answering_only(services))
    loops = service_loops(runtime, services)
    if services:
        loops += link_loops(runtime.settings.edge.sites, runtime.bus, runtime.log)
    if projections:
        return [*loops, *projection_loops(runtime, projections)]
    return [*loops, Telling(runtime.health, runtime.bus).run]


def projection_operations(hosts: dict[str, ProjectionHost]) -> Service:
    service = Service("projections")

    @service.handles(RebuildProjection)
    async def rebuild(command: RebuildProjection, store: Store) -> Accepted:
        """Begin to build a projection anew beside the live one."""
        host = hosts.get(command.name)
        if host is None:
            raise Refused(Code.PROJECTION_NOT_FOUND, f"there is no projection {command.name}")
        host.rebuild()
        return await store.tell(ProjectionRebuildStarted(name=command.name))

    return service


async def run_until_stopped(runtime: Runtime, loops: Sequence[Loop]) -> None:
    """Run all loops until SIGTERM or SIGINT; a loop that fails ends the process."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = None
    settings = runtime.settings
    if settings.health_port:
        server = await runtime.health.serve(settings.health_port, settings.health_host)
    logger("process").info("started", loops=len(loops))
    tasks = [asyncio.ensure_future(each(stopping)) for each in loops]
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        await asyncio.gather(*tasks)
    finally:
        waiting.cancel()
        if server is not None:
            server.close()
        await runtime.close()
        logger("process").info("stopped")
