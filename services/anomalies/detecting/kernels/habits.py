"""ML_BASED: histograms of what a series did over its whole past, and how long ago it last did so.

Each feature is judged by how rare a value so far from its centre is in its own history; what is
rare in several features adds up to the surprise S of a row. The row then scores by the return time
of S: the decimal logarithm of how long no row was so surprising, as a share of the series' life.
Read a second time for arrays: ``a if c else b`` chooses, it does not branch.
"""

from collections.abc import Sequence

from services.anomalies.detecting.floats import (
    asinh,
    count_up,
    fill,
    frexp,
    halve,
    highest,
    log10,
    lowest,
    mark,
    push,
    total,
    whole,
)
from services.anomalies.detecting.state import (
    LEVELS,
    RING,
    SIDE,
    Habit,
    Series,
)

HALF_HOUR = 1800.0
HOUR = 3600.0
DAY = 86400.0
WEEK = 604800.0
WEEK_MEMORY = 100.0
SEASON_GATE = 0.8
"""A season is believed while its error is below this share of the error without it."""
LONGEST = 40000.0
"""Rows: history beyond it fades."""
NEAREST = 0.7
"""Mean absolute deviations from the centre at which the first place of a histogram begins."""
PER_OCTAVE = 3.0
FARTHEST = 22.999
WARM = 100.0
RARE = 0.0316
"""Share of the past rows that are few."""
FEW = 250.0
"""More rows than these are never few, however long the past."""
RECENT = 12
"""Place in the ring at which the last 36 rows begin."""
LIFE = 1.3
"""The longer the life, the longer a surprise must have been absent."""
HEIGHT = 0.6
"""Weight of the height of a surprise beside its return time."""
JUDGED = 0.3
"""Surprise below which there is no return time."""
NEVER = -9.0
TINY = 1e-200
"""As far out as makes no difference."""
FINEST = 1e-6
HOLD_REST, REST_LEAST, REST_MOST, MARGIN = 0.04, 50.0, 400.0, 0.8
HOLD, HOLD_LEAST, HOLD_MOST = 0.08, 50.0, 300.0
HALF = 2.0
"""Return time at which what a row says is a half."""


def week_rest(s: Series, time: float, value: float, rate: float) -> float:
    """What the hour of the week does not explain; 0 while it explains too little."""
    hour = whole((time % WEEK) / HOUR)
    seen = s.week_seen[hour]
    usual = s.week_level[hour]
    rest = value - usual
    # The tables are floats of 32 bits: what is smaller than their last digit is nothing.
    rest = rest if abs(rest) > FINEST * abs(value) else 0.0
    known = seen > 0.0
    slow = rate if rate > 0.002 else 0.002
    slow = slow if known else 0.0
    s.week_error += (abs(rest) - s.week_error) * slow
    s.week_plain += (abs(value - s.centre2000) - s.week_plain) * slow
    count = seen + 1.0 if seen < WEEK_MEMORY else WEEK_MEMORY
    s.week_seen[hour] = count
    s.week_level[hour] = usual + (value - usual) / count
    return rest if known & (s.week_error < SEASON_GATE * s.week_plain) else 0.0


def day_rest(s: Series, time: float, value: float, rate: float) -> float:
    """The same for the time of day, on a squashed scale and in units of that time's own spread."""
    wide = s.width2000 > 1e-12 * abs(s.centre2000)
    width = s.width2000 if wide else 1.0
    shape = asinh((value - s.centre2000) / width if wide else 0.0)
    s.shape100 += (shape - s.shape100) * (rate if rate > 0.01 else 0.01)
    part = whole((time % DAY) / HALF_HOUR)
    seen = s.shape_seen[part]
    usual = s.shape_level[part]
    known = seen > 0.0
    rest = shape - usual
    rest = rest if abs(rest) > FINEST * abs(shape) else 0.0
    off = abs(rest)
    slow = rate if rate > 0.002 else 0.002
    slow = slow if known else 0.0
    s.shape_plain += (abs(shape - s.shape100) - s.shape_plain) * slow
    s.shape_error += (off - s.shape_error) * slow
    spread = s.shape_width[part]
    some = s.shape_usual > 0.0
    unit = spread + 0.5 * s.shape_usual + 1e-9
    ratio = rest / unit if some else 0.0
    quick = 1.0 / (seen if known else 1.0) if seen < 10.0 else 0.1
    s.shape_width[part] = spread + (off - spread) * (quick if known else 0.0)
    s.shape_usual += (off - s.shape_usual) * slow
    s.shape6 += (ratio - s.shape6) * (1.0 / 6.0 if known else 0.0)
    count = seen + 1.0 if seen < 10.0 else 10.0
    s.shape_seen[part] = count
    s.shape_level[part] = usual + (shape - usual) * (1.0 / count if count < 10.0 else 0.1)
    return s.shape6 if known & (s.shape_error < SEASON_GATE * s.shape_plain) else 0.0


def recent(s: Series, value: float) -> None:
    """The last rows, and the lowest and highest of the last 36."""
    leaves = s.ring[RECENT]
    push(s.ring, value)
    was_low = leaves <= s.low36
    was_high = leaves >= s.high36
    s.low36 = value if value < s.low36 else s.low36
    s.high36 = value if value > s.high36 else s.high36
    if was_low:
        s.low36 = lowest(s.ring, RECENT) if was_low else s.low36
    if was_high:
        s.high36 = highest(s.ring, RECENT) if was_high else s.high36


def burst(s: Series, value: float, rate: float) -> float:
    """How far out the last dozen rows were, in mean absolute deviations, each at most four."""
    out = abs(value - s.centre1000) / (s.width1000 + 1e-9)
    s.burst12 += ((out if out < 4.0 else 4.0) - s.burst12) * (1.0 / 12.0)
    slow = rate if rate > 0.001 else 0.001
    s.centre1000 += slow * (value - s.centre1000)
    s.width1000 += slow * (abs(value - s.centre1000) - s.width1000)
    slow = rate if rate > 0.0005 else 0.0005
    s.centre2000 += slow * (value - s.centre2000)
    s.width2000 += slow * (abs(value - s.centre2000) - s.width2000)
    return s.burst12


def features(s: Series, time: float, value: float) -> tuple[float, ...]:
    """The features, in the order of HABITS."""
    rate = 1.0 / (s.rows if s.rows < LONGEST else LONGEST)
    first = s.rows == 1.0
    if first:
        fill(s.ring, value, first)
        s.low36 = value if first else s.low36
        s.high36 = value if first else s.high36
    s.level3 += (rate if rate > 1.0 / 3.0 else 1.0 / 3.0) * (value - s.level3)
    off = value - s.level30
    s.level30 += (rate if rate > 1.0 / 30.0 else 1.0 / 30.0) * off
    week = week_rest(s, time, value, rate)
    recent(s, value)
    half = RING // 2
    shift = (total(s.ring, half, RING) - total(s.ring, 0, half)) / half
    shift = shift if s.rows > RING else 0.0
    day = day_rest(s, time, value, rate)
    return (
        s.level3,
        off,
        week,
        shift,
        day,
        s.low36,
        burst(s, value, rate),
        s.high36,
    )


def begin(h: Habit, rows: float, feature: float) -> None:
    """The first row is the centre."""
    h.centre = feature if rows == 1.0 else h.centre


def rarities(s: Series, habits: Sequence[Habit], features: Sequence[float]) -> list[float]:
    """How much rarer than few it was to be as far out on this side; the row is counted in."""
    rate = 1.0 / (s.rows if s.rows < LONGEST else LONGEST)
    few = RARE * (s.counted + 1.0)
    few = few if few < FEW else FEW
    # Nothing is less than half a row: until it is warm it says nothing.
    few = few if s.rows > WARM else 0.0
    said: list[float] = []
    for h, feature in zip(habits, features, strict=True):
        centre, spread = h.centre, h.spread
        off = feature - centre
        size = abs(off)
        near = NEAREST * spread
        near = near if near > TINY else TINY
        odds = 1.0
        far = size > near
        if far:
            # A logarithm to base two that is straight between powers of two, as HDR histograms
            # have it: exact, so that floats and arrays never choose different places.
            part, octave = frexp(size / near if far else 1.0)
            place = PER_OCTAVE * (octave + 2.0 * part - 2.0) + 1.0
            place = place if place < FARTHEST else FARTHEST
            before = whole(place)
            first = 0 if off > 0.0 else SIDE
            further = h.counts[first + before + 1]
            told = far & (further < few)
            if told:
                here = h.counts[first + before]
                as_far = 0.5 + further + (here - further) * (1.0 - place + before)
                odds = few / as_far if told & (as_far < few) else 1.0
            count_up(h.counts, first, before if far else 0)
        h.centre = centre + off * rate
        h.spread = spread + (size * (1.0 - rate) - spread) * rate
        said.append(odds)
    s.counted += 1.0
    return said


def fade(s: Series, h: Habit) -> None:
    """Half of a histogram that stands for LONGEST rows."""
    halve(h.counts, s.counted >= LONGEST)


def faded(s: Series) -> None:
    """What the histograms stand for then."""
    s.counted = s.counted * 0.5 if s.counted >= LONGEST else s.counted


def returned(s: Series, surprised: float, doubts: float) -> float:
    """The return time of a surprise, a decimal logarithm; NEVER where there is too little of it."""
    rows = s.rows - 1.0
    level = whole(surprised * 4.0)
    level = level if level < LEVELS - 1 else LEVELS - 1
    score = NEVER + 0.0 * surprised
    if level > 0:
        since = rows - s.level_at[level]
        since = since if since < LONGEST else LONGEST
        life = (rows if rows < LONGEST else LONGEST) + 100.0
        waited = log10(since / 100.0 if since > 0.0 else 0.01)
        found = waited + HEIGHT * surprised - LIFE * log10(life / 1000.0) - log10(doubts)
        score = found if surprised > JUDGED else NEVER
        mark(s.level_at, level if rows >= WARM else 0, rows)
    return score


def episode(s: Series, surprised: float, score: float) -> float:
    """How much of an anomaly goes on, in 0 to 1: what the onset left, and what still surprises."""
    rows = s.rows - 1.0
    s.since_held += 1.0
    rest = HOLD_REST * rows
    rest = rest if rest > REST_LEAST else REST_LEAST
    rest = rest if rest < REST_MOST else REST_MOST
    s.held = NEVER if s.since_held > rest else s.held
    begins = (score > 0.0) & (surprised > s.held + MARGIN)
    s.held = surprised if begins else s.held
    s.since_held = 0.0 if begins else s.since_held
    memory = HOLD * rows
    memory = memory if memory > HOLD_LEAST else HOLD_LEAST
    memory = memory if memory < HOLD_MOST else HOLD_MOST
    left = s.hold * (1.0 - 1.0 / memory)
    onset = score if begins else 0.0
    s.hold = onset if onset > left else left
    s.trail200 += (surprised - s.trail200) * 0.005
    goes_on = s.hold + s.trail200
    s.episode = goes_on / (goes_on + HALF)
    return s.episode
