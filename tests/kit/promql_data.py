"""Random data of several clusters: gaps, resets, ends of series, NaN, odd texts, and no series."""

import math
import random
from collections.abc import Iterator, Sequence

from tests.kit.remote_write import STALE, Samples, Written

T0 = 1_767_225_600
"""When the data begins: 2026-01-01."""
SECONDS = 3_000
"""How long it lasts."""
CLUSTERS = ("fleet-0", "fleet-1", "fleet-2")
ZONES = ("a", "Köln", "北京-1", 'say "hi" \\ bye', "two\nlines", "🙂")
VALUES: dict[str, Sequence[str]] = {
    "job": ("api", "node"),
    "instance": ("w-1", "w-2", "w-3"),
    "code": ("200", "500", "503"),
    "zone": ZONES,
    "le": ("0.1", "1", "+Inf"),
    "version": ("1.0", "2.0"),
    "exported_cluster": ("inner",),
}
LABELS = tuple(VALUES)
METRICS = (
    "load",
    "temp",
    "odd",
    "requests_total",
    "lat_bucket",
    "build_info",
    "flag",
    "bare",
    "own",
    "only_1",
    "nowhere",
)
_EVERY = 30


def fleet(seed: int) -> dict[str, list[Written]]:
    """The series of each cluster."""
    told = random.Random(seed)
    return {name: list(_cluster(told, number)) for number, name in enumerate(CLUSTERS)}


def _cluster(told: random.Random, number: int) -> Iterator[Written]:
    for job in VALUES["job"]:
        for instance in told.sample(VALUES["instance"], told.randint(1, 3)):
            place = {"job": job, "instance": instance}
            yield from _instance(told, place)
    yield _line("bare", {}, _gauge(told))
    yield _line("own", {"cluster": "inner", "job": "api"}, _gauge(told))
    if number == 1:
        yield _line("only_1", {"zone": told.choice(ZONES)}, _gauge(told))


def _instance(told: random.Random, place: dict[str, str]) -> Iterator[Written]:
    zone = {"zone": told.choice(ZONES)}
    yield _line("load", place | zone, _gauge(told))
    yield _line("temp", place | zone, _ending(told, _gauge(told)))
    yield _line("flag", place, {at: float(told.randint(0, 1)) for at in _times(told)})
    version = {"version": told.choice(VALUES["version"])}
    yield _line("build_info", place | version, dict.fromkeys(_times(told), 1.0))
    if told.random() < 0.7:
        yield _line("odd", place | zone, _odd(told))
    for code in told.sample(VALUES["code"], told.randint(1, 3)):
        yield _line("requests_total", place | {"code": code}, _counter(told))
    for le, samples in zip(VALUES["le"], _histogram(told), strict=True):
        yield _line("lat_bucket", place | {"le": le}, samples)


def _line(name: str, labels: dict[str, str], samples: Samples) -> Written:
    return Written({"__name__": name, **labels}, samples)


def _times(told: random.Random) -> list[int]:
    """Milliseconds, about every 30 s; with gaps, and some series begin late."""
    begins = told.choice([0, 0, 0, 600, 1500])
    times: list[int] = []
    at = begins
    while at < SECONDS:
        times.append((T0 + at) * 1000 + told.choice([0, 0, told.randint(0, 999)]))
        at += told.choice([_EVERY] * 30 + [_EVERY * 3, 400])
    return times


def _gauge(told: random.Random) -> Samples:
    """No two series are ever equal, and in whichever order they are added up, the sum is."""
    own = told.randrange(4096) / 4096
    return {at: told.randint(-50, 150) + own for at in _times(told)}


def _counter(told: random.Random) -> Samples:
    value, samples = 0.0, dict[int, float | None]()
    for at in _times(told):
        value = 0.0 if told.random() < 0.04 else value + told.choice([0, 1, 3, 2.5, 40])
        samples[at] = value
    return samples


def _ending(told: random.Random, samples: Samples) -> Samples:
    """Marked as ended, here and there; some go on after that."""
    return {at: STALE if told.random() < 0.1 else value for at, value in samples.items()}


def _odd(told: random.Random) -> Samples:
    choices = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-9, 1e17, 3.0, 1.5e300)
    return {at: told.choice(choices) for at in _times(told)}


def _histogram(told: random.Random) -> Iterator[Samples]:
    times = _times(told)
    rows = [0.0] * len(times)
    for _ in VALUES["le"]:
        grown, total = [0.0], 0.0
        for _ in times[1:]:
            total += told.randint(0, 4)
            grown.append(total)
        rows = [before + more for before, more in zip(rows, grown, strict=True)]
        yield dict(zip(times, rows, strict=True))
