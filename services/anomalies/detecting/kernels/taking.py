"""Which rows count: a measurement that is later than the last one; of a counter its rate.

Read a second time for arrays: ``a if c else b`` chooses, and what is inside an ``if`` is done when
it is so for any of the series.
"""

from services.anomalies.detecting.state import Series

REACH = 1e36
"""A value beyond it is no measurement; it would not fit the tables, which are floats of 32 bits."""

ROUNDING = 1e-12
NEVER = -1e300


def admit(s: Series, time: float, value: float) -> bool:
    """Whether the row counts; if not it changes nothing but ``ignored``."""
    admitted = (time > s.raw_time) & (value < REACH) & (value > -REACH)
    s.ignored += 0.0 if admitted else 1.0
    return admitted


def known(s: Series, value: float) -> bool:
    """Whether it is known what there is to look at: of a counter not, where it begins to count.

    That is its first row, and one at which it has fallen, for it was reset: how much it has grown
    since the row before is not known, and nothing to be alarmed about.
    """
    return (s.counter == 0.0) | ((s.raw_time > NEVER) & (value >= s.raw_value))


def rate(s: Series, time: float, value: float) -> float:
    """What of an admitted row is looked at, if it is known.

    What differs from the row before by no more than rounding does is the same.
    """
    taken = value
    if s.counter > 0.0:
        per_second = (value - s.raw_value) / (time - s.raw_time)
        taken = per_second if s.counter > 0.0 else value
    s.raw_time = time
    s.raw_value = value
    before = s.previous
    return before if abs(taken - before) < ROUNDING * abs(taken) else taken
