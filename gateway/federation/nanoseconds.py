"""Unix nanoseconds, as Loki and Tempo count time, and their RFC 3339 text with every digit kept."""

from datetime import UTC, datetime

_SECOND = 1_000_000_000
_END = 253_402_300_800 * _SECOND
"""The first nanosecond of the year 10000."""
_DIGITS = len(str(_END))


def nanoseconds(told: str | int) -> int:
    """Read a count of nanoseconds; ValueError for what is none, or is no time of a calendar."""
    if isinstance(told, str) and not (told.isascii() and told.isdecimal() and len(told) <= _DIGITS):
        raise ValueError("not a number of nanoseconds")
    found = int(told)
    if not 0 <= found < _END:
        raise ValueError("not a time between the years 1970 and 9999")
    return found


def rfc3339_ns(moment: int) -> str:
    """RFC 3339 in UTC with nine digits after the point."""
    seconds, rest = divmod(moment, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def milliseconds(duration: int) -> float:
    """A duration in milliseconds, exact to the nanosecond below three months."""
    return duration / 1_000_000
