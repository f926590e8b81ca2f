"""STATISTICAL: smoothed shapes of a series, each judged by how far outside of its range it is.

The range is that between tracked outer quantiles (0.8 % and 99.2 %) with a memory of some hundred
rows, so that what repeats soon counts as usual. Beyond a quantile the surprise, minus the natural
logarithm of the tail's probability, grows with the logarithm of the excess over the mean logarithm
of the excesses before it (the estimator of B. Hill, 1975, kept as a running mean). Everything here
is read a second time for arrays: ``a if c else b`` chooses, it does not branch.
"""

from collections.abc import Sequence

from services.anomalies.detecting.floats import log1p, sqrt, whole
from services.anomalies.detecting.state import DAY_PARTS, Quantiles, Series

HOUR = 3600.0
DAY = 86400.0
P = 0.008
"""Probability beyond each of the two quantiles."""
AT_QUANTILE = 4.8283137373023015
"""Surprise at a quantile, nats: minus the logarithm of P."""
GAIN = 0.00625
"""How far the middle moves with a row, in mean absolute deviations."""
OUT, IN = 4.0 * (1.0 - P), -4.0 * P
"""How far a quantile moves then: out with a row beyond it, in with all others."""
SPREAD_MEMORY = 5000.0
RESOLUTION = 0.05
"""Of a shape, in mean absolute deviations."""
SLOPE_MEMORY = 40.0
"""Rows beyond a quantile."""
LEAST = 0.06
LEAST_ONE_SIDED = 0.3
WARM = 150.0
"""Rows before a shape is judged."""
MOST = 30.0
"""Nats: the most that one shape can say."""
DAY_RATE = 0.15
EARLY = 5.0


def take(s: Series, time: float, value: float) -> None:
    """Count a row in, and keep the time."""
    s.rows += 1.0
    first = s.rows == 1.0
    gap = 0.0 if first else time - s.last
    most = 2.0 * s.interval
    near = gap if gap < most else most
    # A gap counts at most double.
    s.interval = gap if s.interval == 0.0 else s.interval + (near - s.interval) * 0.05
    s.last = time
    if first:
        s.first = time if first else s.first
        s.previous = value if first else s.previous
        s.spread_mean = value if first else s.spread_mean
        s.level30 = value if first else s.level30
        s.centre1000 = value if first else s.centre1000
        s.centre2000 = value if first else s.centre2000


def day_usual(s: Series, time: float, value: float) -> float:
    """The day's profile at this time, learnt to the last part of a day that has ended."""
    phase = (time % DAY) / HOUR
    part = whole(phase)
    changed = (s.day_part != part) & (s.day_count > 0.0)
    if changed:
        before = whole(s.day_part)
        seen = s.day_seen[before] + (1.0 if changed else 0.0)
        rate = 1.0 / (seen if seen > 1.0 else 1.0)
        rate = rate if rate > DAY_RATE else DAY_RATE
        level = s.day_level[before]
        learnt = level + (s.day_sum / (s.day_count if changed else 1.0) - level) * rate
        s.day_level[before] = learnt if changed else level
        s.day_seen[before] = seen if seen < 200.0 else 200.0
        s.day_sum = 0.0 if changed else s.day_sum
        s.day_count = 0.0 if changed else s.day_count
    s.day_part = part + 0.0
    s.day_sum += value
    s.day_count += 1.0
    # Between the middles of two parts.
    place = phase - 0.5
    place = place + DAY_PARTS if place < 0.0 else place
    one = whole(place)
    share = place - one
    other = one + 1 if one < DAY_PARTS - 1 else 0
    left = s.day_level[one] if s.day_seen[one] > 0.0 else s.mean
    right = s.day_level[other] if s.day_seen[other] > 0.0 else s.mean
    return left * (1.0 - share) + right * share


def shapes(s: Series, time: float, value: float) -> tuple[float, ...]:
    """The shapes, in the order of SHAPES."""
    w = 1.0 / s.rows
    w4 = w if w > 0.25 else 0.25
    w16 = w if w > 0.0625 else 0.0625
    w32 = w if w > 0.03125 else 0.03125
    w64 = w if w > 0.015625 else 0.015625
    w256 = w if w > 0.00390625 else 0.00390625
    w1000 = w if w > 0.001 else 0.001
    s.level16 += (value - s.level16) * w16
    s.level256 += (value - s.level256) * w256
    s.mean += (value - s.mean) * w1000
    usual = day_usual(s, time, value)
    off = value - usual
    s.unexplained += (off * off - s.unexplained) * w1000
    off = value - s.mean
    s.variance += (off * off - s.variance) * w1000
    # The profile counts for as much of the variance as it explains.
    explained = 1.0 - s.unexplained / (s.variance + 1e-12)
    rest = off - (explained if explained > 0.0 else 0.0) * (usual - s.mean)
    s.season4 += (rest - s.season4) * w4
    s.season16 += (rest - s.season16) * w16
    s.season32 += (rest - s.season32) * w32
    s.season64 += (rest - s.season64) * w64
    s.step16 += (abs(value - s.previous) - s.step16) * w16
    s.previous = value
    off = value - s.spread_mean
    s.spread_mean += off * w32
    s.spread32 = (1.0 - w32) * (s.spread32 + w32 * off * off)
    return (
        s.level16 - s.level256,
        s.season4 - s.season64,
        s.season16,
        s.season32,
        s.season64,
        s.step16,
        sqrt(s.spread32),
    )


def begin(q: Quantiles, rows: float, shape: float) -> None:
    """The first rows are the range."""
    first = rows == 1.0
    early = rows <= EARLY
    q.middle = shape if first else q.middle
    q.high = shape if first | (early & (shape > q.high)) else q.high
    q.low = shape if first | (early & (shape < q.low)) else q.low


def outside(
    quantiles: Sequence[Quantiles],
    one_sided: Sequence[bool],
    rows: float,
    shapes: Sequence[float],
) -> list[float]:
    """Surprise of each shape, nats: 0 inside of its range so far. The range is learnt."""
    said: list[float] = []
    warm = rows > WARM
    memory = rows if rows < SPREAD_MEMORY else SPREAD_MEMORY
    for q, one, shape in zip(quantiles, one_sided, shapes, strict=True):
        middle, high, low = q.middle, q.high, q.low
        above = shape > high
        below = shape < low
        surprise = 0.0
        if (above | below) & warm:
            least = LEAST_ONE_SIDED if one else LEAST
            surprise = _tail(q, above & warm, below & warm & (not one), least, shape)
        off = shape - middle
        spread = q.spread + (abs(off) - q.spread) / memory
        step = GAIN * spread
        q.spread = spread
        middle = middle + (step if off > 0.0 else (-step if off < 0.0 else 0.0))
        high = high + step * (OUT if above else IN)
        low = low - step * (OUT if below else IN)
        q.middle = middle
        q.high = high if high > middle else middle
        q.low = low if low < middle else middle
        said.append(surprise)
    return said


def _tail(q: Quantiles, above: bool, below: bool, least: float, shape: float) -> float:
    middle, spread = q.middle, q.spread
    finest = RESOLUTION * spread + 1e-9 * (1.0 + abs(middle))
    up = (shape - q.high) / (q.high - middle + finest)
    down = (q.low - shape) / (middle - q.low + finest)
    beyond = above | below
    excess = log1p((up if above else down) if beyond else 0.0)
    slope = q.slope_high if above else q.slope_low
    weight = (q.weight_high if above else q.weight_low) + 1.0
    least = least if above else LEAST
    surprise = AT_QUANTILE + excess / (slope if slope > least else least)
    slope = slope + (excess - slope) / weight
    weight = weight if weight < SLOPE_MEMORY else SLOPE_MEMORY
    q.slope_high = slope if above else q.slope_high
    q.weight_high = weight if above else q.weight_high
    q.slope_low = slope if below else q.slope_low
    q.weight_low = weight if below else q.weight_low
    surprise = surprise if surprise < MOST else MOST
    return surprise if beyond else 0.0
