"""A straight line through what was used, and when it would reach a limit: pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LEAST_POINTS = 5
LEAST_TIME = timedelta(days=1)
FURTHEST_DAYS = 365.0
_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line of least squares, in percent."""

    at: datetime
    """The last time that something is known of."""
    level: float
    """Of the line, then."""
    a_day: float
    """How much more a day; negative where it becomes less."""

    def days_until(self, limit: float) -> float | None:
        """From its last time on; 0 where it is there already, None if not within a year."""
        if self.level >= limit:
            return 0.0
        if self.a_day <= 0:
            return None
        days = (limit - self.level) / self.a_day
        return days if days <= FURTHEST_DAYS else None


def line_through(values: Sequence[tuple[datetime, float]]) -> Line | None:
    """None for too few values, or too short a time, to say anything."""
    if len(values) < LEAST_POINTS or values[-1][0] - values[0][0] < LEAST_TIME:
        return None
    last = values[-1][0]
    days = [(at - last).total_seconds() / _A_DAY for at, _ in values]
    mean_day = sum(days) / len(days)
    mean = sum(value for _, value in values) / len(values)
    spread = sum((day - mean_day) ** 2 for day in days)
    slope = (
        sum((day - mean_day) * (value - mean) for day, (_, value) in zip(days, values, strict=True))
        / spread
    )
    return Line(last, mean - slope * mean_day, slope)
