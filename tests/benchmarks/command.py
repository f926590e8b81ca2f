"""A command over REST to read-your-writes: registering and changing clusters."""

import msgspec

from services.runtime.ids import new_secret
from tests.benchmarks import raw_writes
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Figure, Options, at_least, at_most, by_part, log, percentile
from tests.benchmarks.load import Outcome, Requests, closed_loop
from tests.benchmarks.platform import Platform, platform, registration

_WIDTH = 16


async def measure(options: Options) -> list[Figure]:
    """Alone, then 16 in flight, each for POST (the dearest path: two entities) and PATCH."""
    writes = await raw_writes.rates(_WIDTH, options.pick(3.0, 1.0))
    with platform() as running:
        post = _registering(running.address)
        await closed_loop(running.address, post, width=4, count=100)
        ids = _clusters(running)
        found: list[Figure] = []
        for name, requests in (("POST", post), ("PATCH", _patching(running.address, ids))):
            found += await _both(running, options, (name, requests), writes[name])
        return found


async def _both(
    running: Platform,
    options: Options,
    what: tuple[str, Requests],
    writes: tuple[float, float],
) -> list[Figure]:
    name, requests = what
    alone = await closed_loop(running.address, requests, width=1, count=options.pick(1000, 100))
    p50, p99 = (percentile(alone.latencies, share) * 1000 for share in (0.5, 0.99))
    used = running.cpu.measured()
    many = await closed_loop(
        running.address, requests, width=_WIDTH, seconds=options.pick(10.0, 3.0)
    )
    per_command = by_part(used(), 1000 / max(1, len(many.latencies)), " ms")
    log(f"{name}: p50 {p50:.1f} ms alone, {many.rate:.0f}/s with {_WIDTH} in flight")
    _complain(name, alone, many)
    slow = percentile(many.latencies, 0.99) * 1000
    return [
        Figure(
            "command", f"{name} alone, p50", p50, "ms", (at_most(8),),
            note=f"p99 {p99:.1f} ms; its durable writes alone {writes[0]:.1f} ms",
        ),
        Figure(
            "command", f"{name}, {_WIDTH} in flight", many.rate, "/s", (at_least(400),),
            writes[1], f"p99 {slow:.0f} ms; CPU per command: {per_command}",
        ),
    ]  # fmt: skip


def _complain(name: str, *outcomes: Outcome) -> None:
    refused = [answer for outcome in outcomes for answer in outcome.refused]
    if refused:
        raise RuntimeError(f"{len(refused)} of {name} were refused, first {refused[0]}")


def _registering(address: Address) -> Requests:
    run = new_secret(6).lower().replace("_", "0").replace("-", "0")
    made = iter(range(10**9))

    def request(_: int) -> bytes:
        body = msgspec.json.encode(registration(f"c{run}-{next(made)}"))
        return address.request("POST", "/api/v1/clusters/", body)

    return request


def _patching(address: Address, ids: list[str]) -> Requests:
    """Round the clusters, each change another one."""
    made = iter(range(10**9))

    def request(_: int) -> bytes:
        turn = next(made)
        body = msgspec.json.encode({"display_name": f"rack {turn}"})
        return address.request("PATCH", f"/api/v1/clusters/{ids[turn % len(ids)]}", body)

    return request


def _clusters(running: Platform) -> list[str]:
    return [str(row[0]) for row in running.ask("select id from fleet.cluster limit 100")]
