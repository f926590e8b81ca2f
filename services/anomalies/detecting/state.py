"""What is kept of a series: plain numbers, bounded however long it becomes."""

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.anomalies.detecting.floats import Table

SHAPES = (
    "level 16 to 256",
    "season 4 to 64",
    "season 16",
    "season 32",
    "season 64",
    "step 16",
    "spread 32",
)
"""What is measured for STATISTICAL; the numbers are rows."""
ONE_SIDED = (False, False, False, False, False, True, True)
"""Whether only much of it is unusual."""
HABITS = ("level", "deviation", "week", "shift", "day", "low", "burst", "high")
"""What is measured for ML_BASED."""

DAY_PARTS = 24
DAY_SHAPE_PARTS = 48
WEEK_HOURS = 168
RING = 48
"""Rows that are kept as they came."""
SIDE = 24
"""Places of one side of a histogram; the first is not used."""
LEVELS = 64
"""Levels of surprise whose last time is known."""
REST = 50.0
"""Rows that have to be quiet before something is told again."""

# ruff: noqa: RUF009 - each table comes from a factory

_TYPES = {"d": np.float64, "f": np.float32, "B": np.uint8, "H": np.uint16, "i": np.int32}


def _table(length: int, code: str, *, by_row: bool = False) -> Any:
    def make() -> Table:
        return array("f", bytes(4 * length)) if code == "f" else [0.0] * length

    kept = {"length": length, "dtype": _TYPES[code], "by_row": by_row}
    return field(default_factory=make, metadata=kept)


@dataclass(slots=True)
class Series:
    """Of one series; an average's name says over how many rows it goes."""

    counter: float = 0.0
    """1: it only grows, but for resets, and its rate is what is looked at."""
    raw_time: float = -1e300
    """Unix time of the last row that counted, seconds."""
    raw_value: float = 0.0
    ignored: float = 0.0
    """Rows that did not count: no number, or not later than the one before."""
    wanted: float = 1.0
    """What is needed of this series in all, over what is needed of others: people have said so."""

    rows: float = 0.0
    """Taken so far."""
    first: float = 0.0
    """Unix time of the first one, seconds."""
    last: float = 0.0
    interval: float = 0.0
    """Seconds between two rows, usually."""
    previous: float = 0.0

    mean: float = 0.0
    level16: float = 0.0
    level256: float = 0.0
    season4: float = 0.0
    season16: float = 0.0
    season32: float = 0.0
    season64: float = 0.0
    step16: float = 0.0
    spread_mean: float = 0.0
    spread32: float = 0.0
    """A variance."""
    unexplained: float = 0.0
    """Variance about the day's profile; of what it does not explain."""
    variance: float = 0.0
    day_part: float = 0.0
    """The part of the day that is being summed."""
    day_sum: float = 0.0
    day_count: float = 0.0
    day_level: Table = _table(DAY_PARTS, "d")
    day_seen: Table = _table(DAY_PARTS, "B")

    level3: float = 0.0
    level30: float = 0.0
    centre1000: float = 0.0
    width1000: float = 0.0
    centre2000: float = 0.0
    width2000: float = 0.0
    burst12: float = 0.0
    week_level: Table = _table(WEEK_HOURS, "f")
    week_seen: Table = _table(WEEK_HOURS, "B")
    week_error: float = 0.0
    week_plain: float = 0.0
    shape_level: Table = _table(DAY_SHAPE_PARTS, "f")
    shape_width: Table = _table(DAY_SHAPE_PARTS, "f")
    shape_seen: Table = _table(DAY_SHAPE_PARTS, "B")
    shape100: float = 0.0
    shape_error: float = 0.0
    shape_plain: float = 0.0
    shape_usual: float = 0.0
    shape6: float = 0.0
    low36: float = 0.0
    high36: float = 0.0
    ring: Table = _table(RING, "d")
    counted: float = 0.0
    """Rows that the histograms stand for."""
    level_at: Table = _table(LEVELS, "i")
    """The row of the last surprise of this level, or of a higher one."""

    held: float = -1e9
    """Surprise of the last onset, while it lasts."""
    since_held: float = 1e9
    hold: float = 0.0
    trail200: float = 0.0
    episode: float = 0.0
    """The last episode score."""

    quiet: float = REST + 1.0
    """Rows since the strength last was what is needed."""
    began: float = 0.0
    """Unix time at which the last anomaly began."""
    began_row: float = 0.0
    """The row at which the one began that has not ended, negative if by a breach of a bound; 0:
    there is none."""
    calm: float = 0.0
    """Rows since the strength last was half of what is needed."""


@dataclass(slots=True)
class Quantiles:
    """The range of one shape: its outer quantiles, and how its tails fall off beyond them."""

    middle: float = 0.0
    high: float = 0.0
    low: float = 0.0
    spread: float = 0.0
    """Mean absolute deviation."""
    slope_high: float = 0.3
    """Mean logarithm of the excess."""
    slope_low: float = 0.3
    weight_high: float = 10.0
    weight_low: float = 10.0


@dataclass(slots=True)
class Habit:
    """How often one feature was how far from its centre, over the whole past."""

    centre: float = 0.0
    spread: float = 0.0
    """Mean absolute deviation."""
    counts: Table = _table(2 * SIDE, "H", by_row=True)
    """Rows at least as far out as each place: above the centre, and from SIDE on below it."""
