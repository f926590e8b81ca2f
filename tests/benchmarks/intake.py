"""Alerts accepted over HTTP, durably: how many a second, and what one of them costs."""

import time

from tests.benchmarks import material
from tests.benchmarks.kit import Figure, Options, at_least, at_most, by_part, log, percentile
from tests.benchmarks.load import Outcome, closed_loop, open_loop
from tests.benchmarks.platform import Platform, platform, register_cluster

_BENCH = "intake"
_WIDTH, _POST = 8, 50
_RATES = (500, 200)


async def measure(options: Options) -> list[Figure]:
    """Posts of 50 as fast as they are taken; then single alerts at two rates, for their CPU."""
    with platform() as running:
        cluster = await register_cluster(running.address)
        return [
            await _many(running, cluster, options.pick(10.0, 3.0)),
            *[await _single(running, cluster, rate, options.pick(15, 5)) for rate in _RATES],
        ]


async def _many(running: Platform, cluster: str, seconds: float) -> Figure:
    address, path = running.address, f"/api/v1/alerts/webhook/{cluster}"
    reports = material.plan(int(seconds * 15_000), 5000)
    bodies = [material.body(group) for group in material.posts(reports, _POST)]
    requests = [address.request("POST", path, body) for body in bodies]
    used, before = running.cpu.measured(), running.sequence("alerts")
    taken = await closed_loop(
        address,
        requests.__getitem__,
        width=_WIDTH,
        seconds=seconds,
        count=len(requests),
    )
    _require(taken)
    accepted = len(taken.latencies) * _POST
    began = time.perf_counter()
    running.until_projected(before + accepted, "alerts", "activity")
    behind = time.perf_counter() - began
    rate = accepted / taken.seconds
    log(f"{rate:,.0f} alerts/s accepted, rows {behind:.1f} s behind at the end")
    note = (
        f"post p99 {percentile(taken.latencies, 0.99) * 1000:.0f} ms; every row committed"
        f" {behind:.1f} s after the last post, so {accepted / (taken.seconds + behind):,.0f}"
        f" alerts/s into rows; CPU per alert: {by_part(used(), 1000 / accepted, ' ms')}"
    )
    name = f"posts of {_POST}, {_WIDTH} connections"
    return Figure(_BENCH, name, rate, "alerts/s", (at_least(2000),), note=note)


async def _single(running: Platform, cluster: str, rate: int, seconds: int) -> Figure:
    address, path = running.address, f"/api/v1/alerts/webhook/{cluster}"
    # Other alerts than those before.
    first = rate * 1_000_000
    reports = [material.Report(first + each, resolved=False) for each in range(rate * seconds)]
    requests = [address.request("POST", path, material.body([each])) for each in reports]
    before, used = running.sequence("alerts"), running.cpu.measured()
    sent, _ = await open_loop(address, requests, rate=rate, width=16)
    _require(sent)
    running.until_projected(before + len(reports), "alerts", "activity")
    cpu = used()
    each = sum(cpu.values()) / len(reports) * 1000
    log(f"single, {rate}/s: {each:.2f} ms of CPU")
    note = (
        f"{by_part(cpu, 1000 / len(reports), ' ms')}; from post to rows in both projections;"
        f" accepted in p50 {percentile(sent.latencies, 0.5) * 1000:.1f} ms,"
        f" p99 {percentile(sent.latencies, 0.99) * 1000:.1f} ms"
    )
    name = f"CPU of one alert a post, {rate}/s"
    return Figure(_BENCH, name, each, "ms", (at_most(2),), note=note)


def _require(outcome: Outcome) -> None:
    if outcome.refused:
        raise RuntimeError(f"{len(outcome.refused)} refused, first {outcome.refused[0]}")
