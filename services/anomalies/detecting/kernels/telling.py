"""From what both methods say to what is told: strength, onset score, and where an anomaly ends.

Read a second time for arrays: ``a if c else b`` chooses, it does not branch.
"""

from services.anomalies.detecting.floats import log
from services.anomalies.detecting.kernels.shapes import WARM
from services.anomalies.detecting.state import REST, Series

DAY = 86400.0
REFERENCE_INTERVAL = 300.0
"""Seconds: a series that is sampled faster has to say more, so that false alarms per day stay."""
STATISTICAL_FULL = 7.0
"""Nats of surprise at which STATISTICAL has full strength."""
ML_FULL = 2.0
"""Return time at which ML_BASED has it."""
BOTH = 1.04
"""Together they have it a little later: two that may be wrong are wrong more often."""
BREACH = 2.0
RESTING = 0.49
ONSET = 0.5
NOTHING, BEGAN, ENDED = 0.0, 1.0, 2.0
USUAL_SHARE, USUAL_LEAST = 0.1, 500.0
"""What goes on for a tenth of a series' life, and for so many rows, has become usual."""


def doubt(s: Series) -> tuple[float, float]:
    """What is taken off from STATISTICAL and from ML_BASED, as ratios of probabilities.

    For youth: after one day of data a quarter of what it says is believed. For fast sampling:
    surprises are more frequent then, and those of ML_BASED last longer as well, for its features
    see few rows.
    """
    age = s.last - s.first
    young = 1.0 + DAY / (age if age > 1.0 else 1.0)
    fast = (s.interval > 0.0) & (s.interval < REFERENCE_INTERVAL)
    often = REFERENCE_INTERVAL / (s.interval if fast else 1.0) if fast else 1.0
    doubts = young * young * often
    return doubts, doubts * often


def strengths(s: Series, surprise: float, score: float, doubts: float) -> tuple[float, float]:
    """Of STATISTICAL and of ML_BASED: 1 is what it takes, 0 is nothing."""
    left = (surprise - log(doubts)) / STATISTICAL_FULL if surprise > 0.0 else 0.0
    return (
        left if (s.rows > WARM) & (left > 0.0) else 0.0,
        score / ML_FULL if score > 0.0 else 0.0,
    )


def both(s: Series, one: float, other: float) -> float:
    """Strength of the two together; of a counter that of STATISTICAL.

    What a counter counts comes seldom and in clusters, which ML_BASED takes for news.
    """
    return (other if (other > one) & (s.counter == 0.0) else one) / BOTH


def crossed(value: float, above: float, below: float) -> bool:
    """Whether a bound that the watch names was crossed."""
    return (value > above) | (value < below)


def tell(s: Series, strength: float, needed: float, breach: bool) -> tuple[float, float, float]:
    """Onset score in 0 to 1 (0.5 is a detection), what happens to the anomaly, and since when.

    A detection is told once; then the strength has to stay below what is needed for REST rows. An
    anomaly begins with a detection. It ends when the strength has been below half of what is
    needed for REST rows, or when it has gone on for so long that it has become usual. The breach
    of a bound is as strong as BREACH, and never becomes usual; it begins an anomaly of its own,
    whatever else goes on, and needs no rest before.
    """
    relative = strength / (needed * s.wanted)
    relative = (relative if relative > BREACH else BREACH) if breach else relative
    enough = relative >= 1.0
    anew = breach & (s.began_row >= 0.0)
    detected = enough & ((s.quiet > REST) | anew)
    s.quiet = 0.0 if enough else s.quiet + 1.0
    s.calm = s.calm + 1.0 if relative < 0.5 else 0.0
    waits = ONSET * relative
    score = waits if waits < RESTING else RESTING
    happens = NOTHING + 0.0 * strength
    since = s.began + 0.0
    if detected | (s.began_row != 0.0):
        score = 1.0 - ONSET / (relative if detected else 1.0) if detected else score
        goes_on = s.began_row != 0.0
        begins = detected & ((not goes_on) | anew)
        went = s.rows - abs(s.began_row)
        long = USUAL_SHARE * s.rows
        usual = went >= (long if long > USUAL_LEAST else USUAL_LEAST)
        ends = goes_on & ((s.calm >= REST) | (usual & (not breach)))
        happens = BEGAN if begins else (ENDED if ends else NOTHING)
        row = -s.rows if breach else s.rows
        s.began_row = row if begins else (0.0 if ends else s.began_row)
        s.began = s.last if begins else s.began
        since = s.last if begins else since
    return score, happens, since
