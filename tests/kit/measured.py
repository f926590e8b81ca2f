"""Healthy telemetry of GPUs with random jobs, sampled regularly; the same seed, the same series."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
START = 1_700_000_000.0
"""Unix time of the first row."""
DAY = 86_400.0


def times(rows: int, every: float = 15.0) -> Floats:
    return START + every * np.arange(rows, dtype=np.float64)


def load(rng: np.random.Generator, rows: int, *, busy: float, idle: float) -> Floats:
    """Jobs that come and go: 0, or how much of the GPU one uses; lengths are mean rows."""
    found = np.zeros(rows)
    at, running = 0, bool(rng.random() < 0.5)
    while at < rows:
        length = int(rng.exponential(busy if running else idle)) + 8
        if running:
            found[at : at + length] = rng.uniform(0.5, 1.0)
        at, running = at + length, not running
    return found


def lagging(values: Floats, memory: float) -> Floats:
    """As heat follows power."""
    found, now = np.empty(len(values)), float(values[0])
    for at, value in enumerate(values.tolist()):
        now += (value - now) / memory
        found[at] = now
    return found


def utilization(rng: np.random.Generator, rows: int) -> Floats:
    jobs = load(rng, rows, busy=480, idle=240)
    return np.clip(97 * jobs + rng.normal(0, 2.5, rows) * (jobs > 0), 0, 100).round()


def temperature(rng: np.random.Generator, rows: int) -> Floats:
    jobs = lagging(load(rng, rows, busy=480, idle=240), 12)
    return (32 + 40 * jobs + rng.normal(0, 0.6, rows)).round()


def memory(rng: np.random.Generator, rows: int) -> Floats:
    jobs = load(rng, rows, busy=960, idle=480)
    return np.where(jobs > 0, 8_000 + 60_000 * jobs, 500.0) + 20 * rng.normal(size=rows) * (
        jobs > 0
    )


def power(rng: np.random.Generator, rows: int) -> Floats:
    jobs = load(rng, rows, busy=480, idle=240)
    return 70 + 400 * jobs * (1 + 0.05 * rng.normal(size=rows)) + rng.normal(0, 2, rows)


def errors(rng: np.random.Generator, rows: int) -> Floats:
    """A counter that seldom moves."""
    return np.cumsum(rng.random(rows) < 0.003).astype(np.float64)


def clock(rng: np.random.Generator, rows: int) -> Floats:
    return np.where(load(rng, rows, busy=480, idle=240) > 0, 1_410.0, 345.0)


def latency(rng: np.random.Generator, rows: int) -> Floats:
    """With a day in it, and a heavy tail."""
    day = np.sin(2 * np.pi * (times(rows) % DAY) / DAY)
    return (0.2 + 0.08 * day) * np.exp(0.4 * rng.normal(size=rows))


def steady(rng: np.random.Generator, rows: int) -> Floats:
    return np.full(rows, float(rng.integers(1, 100)))


Kind = Callable[[np.random.Generator, int], Floats]
KINDS: Mapping[str, Kind] = {
    "utilization": utilization,
    "temperature": temperature,
    "memory": memory,
    "power": power,
    "errors_total": errors,
    "clock": clock,
    "latency": latency,
    "steady": steady,
}


def fleet(rows: int, each: int, seed: int = 0) -> dict[str, Floats]:
    """So many series of each kind, by name."""
    return {
        f"{name}_{number}": make(np.random.default_rng([seed, number, place]), rows)
        for place, (name, make) in enumerate(KINDS.items())
        for number in range(each)
    }
