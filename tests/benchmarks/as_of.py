"""Reads of the fleet as it was at a time in the past, against the same reads of now."""

import asyncio
import itertools

import msgspec

from contracts.envelope import rfc3339
from services.runtime.clock import SystemClock
from tests.benchmarks.kit import Figure, Options, by_part, log, median, percentile, ratio
from tests.benchmarks.load import Outcome, closed_loop
from tests.benchmarks.platform import Platform, platform, registration

_BENCH = "as_of"
_WIDTH, _ROUNDS, _VERSIONS = 4, 3, 5
_READS = {
    "list of 20 clusters": "/api/v1/clusters/",
    "list of 100, filtered and sorted": "/api/v1/clusters/?page_size=100&label=team=ran&sort=name",
    "one cluster": "/api/v1/clusters/{cluster}",
    "fleet summary": "/api/v1/fleet/summary",
}


async def measure(options: Options) -> list[Figure]:
    """Register, change each cluster some times, and look back at the middle of that."""
    count = options.pick(1000, 100)
    with platform() as running:
        await _register(running, count)
        ids = [str(row[0]) for row in running.ask("select id from fleet.cluster order by id")]
        await _change(running, ids, "before")
        # The time is the log's: nothing of what follows may be as old as this.
        await asyncio.sleep(0.1)
        moment = rfc3339(SystemClock().now())
        await asyncio.sleep(0.1)
        await _change(running, ids, "after")
        running.ask("vacuum analyze")
        log(f"{count:,} clusters of {2 * _VERSIONS + 1} versions each")
        return [
            await compared(running, (_BENCH, name), path.format(cluster=ids[0]), moment, options)
            for name, path in _READS.items()
        ]


async def compared(
    running: Platform, what: tuple[str, str], path: str, moment: str, options: Options
) -> Figure:
    """One read as of a moment and as of now, in turn; medians of what they reach."""
    then = f"{path}{'&' if '?' in path else '?'}as_of={moment}"
    contenders = {"as of": then, "now": path}
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    notes: dict[str, str] = {}
    for _ in range(_ROUNDS):
        for name, asked in contenders.items():
            request = running.address.request("GET", asked)
            used = running.cpu.measured()
            found = await closed_loop(
                running.address,
                lambda _, request=request: request,
                width=_WIDTH,
                seconds=options.pick(3.0, 0.5),
            )
            _require(found)
            rates[name].append(found.rate)
            notes[name] = _note(found, used())
    ours, live = median(rates["as of"]), median(rates["now"])
    log(f"{what[1]}: as of {ours:,.0f}/s, now {live:,.0f}/s")
    note = "; ".join(f"{name} {told}" for name, told in notes.items())
    return Figure(*what, ours, "requests/s", (ratio(0.5),), live, note)


def _note(found: Outcome, cpu: dict[str, float]) -> str:
    p50, p99 = (percentile(found.latencies, share) * 1000 for share in (0.5, 0.99))
    spent = by_part(cpu, 1e6 / len(found.latencies), " µs")
    return f"p50 {p50:.2f}, p99 {p99:.2f} ms, CPU {spent}"


def _require(outcome: Outcome) -> None:
    if outcome.refused:
        raise RuntimeError(f"{len(outcome.refused)} refused, first {outcome.refused[0]}")


async def _register(running: Platform, count: int) -> None:
    bodies = [msgspec.json.encode(registration(f"cluster-{number}")) for number in range(count)]
    requests = [running.address.request("POST", "/api/v1/clusters/", body) for body in bodies]
    await _all(running, requests)


async def _change(running: Platform, ids: list[str], when: str) -> None:
    await _all(
        running,
        [
            running.address.request(
                "PATCH",
                f"/api/v1/clusters/{cluster}",
                msgspec.json.encode({"display_name": f"{when} {turn}"}),
            )
            for turn, cluster in itertools.product(range(_VERSIONS), ids)
        ],
    )


async def _all(running: Platform, requests: list[bytes]) -> None:
    found = await closed_loop(running.address, requests.__getitem__, width=16, count=len(requests))
    _require(found)
