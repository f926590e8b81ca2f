"""A far-edge site comes back: what it has kept is taken over; and questions through the link."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.subjects import address
from contracts.telemetry import Described, DescribeMetrics
from deploy.local.nats_users import SETUP
from services.runtime import process, streams
from services.runtime.answering import Answering
from services.runtime.answers import Outgoing
from services.runtime.asking import Asker, Place
from services.runtime.context import context_headers, event_headers
from services.runtime.edge import of_site
from services.runtime.edge_fleet import SiteFleet
from services.runtime.edge_links import SiteLink
from services.runtime.ids import new_id
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.process import Runtime
from services.runtime.replies import Asked
from services.runtime.settings import Settings
from services.runtime.tracing import Tracing
from tests.benchmarks.kit import Figure, Options, at_least, at_most, log, median, percentile
from tests.edge.acting import numbers, register
from tests.edge.kit import SITE, Ends, Link, two_servers
from tests.kit import builders
from tests.kit.runtime import running

_CLUSTERS = 20
_AT_ONCE = 1000
_PATIENCE = 1200.0
_QUESTIONS = 2000


async def measure(options: Options) -> list[Figure]:
    """Cut the link, fill the site's buffer, restore the link, and see what comes."""
    with tempfile.TemporaryDirectory() as directory, two_servers(Path(directory)) as ends:
        hub, site = await _runtimes(ends, Path(directory))
        try:
            async with ends.linked() as link:
                return [
                    *await _taken_over(hub, site, link, options),
                    *await _asked(hub, site, options.pick(_QUESTIONS, 200)),
                ]
        finally:
            await hub.close()
            await site.close()


async def _runtimes(ends: Ends, directory: Path) -> tuple[Runtime, Runtime]:
    settings = Settings(data_dir=directory)
    for each in (
        ends.at_hub(settings, SETUP),
        of_site(settings.model_copy(update={"nats": ends.site.server.nats(SETUP)}), SITE),
    ):
        setup = await process.start("setup", each)
        await streams.ensure(setup.bus, each)
        await setup.close()
    nats = ends.site.server.nats("collector")
    return (
        await process.start("hub", ends.at_hub(settings)),
        await process.start("site", of_site(settings.model_copy(update={"nats": nats}), SITE)),
    )


async def _taken_over(hub: Runtime, site: Runtime, link: Link, options: Options) -> list[Figure]:
    count = options.pick(1_000_000, 50_000)
    clusters = [await register(hub) for _ in range(_CLUSTERS)]
    fleet = SiteFleet()
    end = SiteLink(SITE, hub.bus, hub.log, fleet)
    async with running(lambda stopping: fleet.follow(hub.bus, stopping)), running(end.run):
        link.cut()
        cut_at = time.perf_counter()
        log(f"{count:,} events at a site that is cut off")
        await _fill(site, clusters, count, options.cut_seconds)
        cut = time.perf_counter() - cut_at
        began, cpu = time.perf_counter(), time.process_time()
        link.restore()
        first = 0.0
        async with asyncio.timeout(_PATIENCE):
            while end.reached < count:
                await asyncio.sleep(0.02)
                if end.reached and not first:
                    first = time.perf_counter()
        took, used = time.perf_counter() - first, time.process_time() - cpu
    await _verify(hub, count)
    return [
        Figure(
            "edge",
            "taken over, in order and once",
            count / took,
            "ev/s",
            (at_least(10_000),),
            note=f"after a cut of {cut:,.0f} s; {used / count * 1e6:.0f} us of this process's"
            " CPU each",
        ),
        Figure("edge", "link restored to the first", first - began, "s", (at_most(10),)),
    ]


async def _verify(hub: Runtime, count: int) -> None:
    """Every number once and in order; a page at a time."""
    expected, after = 0, 0
    while page := await hub.bus.get_many(
        streams.EVENTS,
        {"seq": after + 1, "batch": _AT_ONCE, "next_by_subj": "evt.*.backend_circuit.>"},
    ):
        assert numbers(hub.log, page) == list(range(expected, expected + len(page)))
        expected, after = expected + len(page), page[-1].sequence
    assert expected == count, f"{expected} of {count}"


async def _fill(site: Runtime, clusters: list[UUID], count: int, seconds: float) -> None:
    """So many events over so many seconds, or as fast as they go."""
    shared = context_headers(builders.at(), builders.context())
    began = time.perf_counter()
    for start in range(0, count, _AT_ONCE):
        await asyncio.sleep(began + seconds * start / count - time.perf_counter())
        messages = [
            _event(clusters[number % len(clusters)], number, shared)
            for number in range(start, min(start + _AT_ONCE, count))
        ]
        for answer in await site.bus.publish_each(messages, timeout=30):
            if isinstance(answer, Exception):
                raise answer


def _event(cluster: UUID, number: int, shared: Mapping[str, str]) -> Outgoing:
    event = builders.circuit_opened(cluster_id=cluster, reason=str(number))
    where = address(event.key, event.names.token, None)
    headers = {**shared, **event_headers(event, event.key, new_id()), "Nats-TTL": "7776000s"}
    return Outgoing(where.subject, event.model_dump_json().encode(), headers)


async def _asked(hub: Runtime, site: Runtime, count: int) -> list[Figure]:
    query = DescribeMetrics(what=Described.LABELS)

    async def answer(_: DescribeMetrics, asked: Asked) -> Mapping[str, Any]:
        await asked.send(b"[]")
        return {"kind": "", "count": 0, "took_ms": 0.0}

    answering = Answering(
        SITE,
        "bench",
        {DescribeMetrics: answer},
        site.bus,
        site.log,
        site.settings,
        Tracing("bench", None),
        NOTHING_OUTSIDE,
    )
    asker, place = Asker(hub.bus), Place(SITE, str(UUID(int=1)))

    async def question() -> None:
        async with asker.ask(place, query, seconds=5) as told:
            assert [part async for part in told] == [b"[]"]

    async def plain() -> None:
        assert (await hub.bus.request(f"qry.{SITE}.-.plain")).data == b"[]"

    await site.bus.client.hear(
        f"qry.{SITE}.*.plain",
        lambda message: _later(site.bus.emit(message.reply, b"[]")),
    )
    async with running(answering.run):
        await asyncio.sleep(0.5)  # Until the hub's server has heard of both.
        raw: list[float] = []
        ours: list[float] = []
        for _ in range(count):
            for each, into in ((plain, raw), (question, ours)):
                began = time.perf_counter()
                await each()
                into.append((time.perf_counter() - began) * 1000)
    return [
        Figure(
            "edge",
            "a question through the leaf, beyond a plain request",
            median(ours) - median(raw),
            "ms",
            (at_most(3),),
            note=f"p50 {median(ours):.2f} and {median(raw):.2f} ms;"
            f" p99 {percentile(ours, 0.99):.2f} and {percentile(raw, 0.99):.2f} ms",
        )
    ]


def _later(work: Any) -> None:
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Future[Any]] = set()
