"""The time that a question is about, in UTC. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

_LONGEST = timedelta(days=366)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3,
    "couple": 2, "ten": 10, "twelve": 12, "half": 0.5,
}  # fmt: skip
_UNIT = r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?)"
_NUMBER = r"(\d{1,5}|a|an|one|two|three|four|five|six|few|couple|ten|twelve|half)"
_BACK = re.compile(rf"\b(?:last|past|previous|latest)\s+(?:{_NUMBER}\s*(?:of |an? )?)?{_UNIT}\b")
_AGO = re.compile(rf"\b{_NUMBER}\s*(?:an? )?{_UNIT}\s+ago\b")
_STAMP = re.compile(
    r"\b(\d{4}-\d\d-\d\d)(?:[t ](\d{1,2}:\d\d(?::\d\d)?)(?:\.\d+)?\s*(z|utc|[+-]\d\d:\d\d)?)?(?!\d)"
)
_CLOCK = re.compile(r"(?<![\d:.-])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?![\d:])")
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s*(am|pm)\b")
_AS_OF = re.compile(
    r"\b(as of|as at|as it was|state (at|on)|back (at|on|then)|looked? like|were things"
    r"|was the (fleet|state)|time travel)\b"
)
_SINCE = re.compile(r"\b(since|after|starting|from)\b")
_RANGE = re.compile(r"\b(between|from)\b.{1,60}?\b(and|to|until|till)\b")
_DAYS = tuple(
    (re.compile(rf"\b(?:{said})\b"), begin, end)
    for said, begin, end in (
        (r"last night|overnight|during the night|tonight", -2, 6),
        (r"this morning", 6, 12),
        (r"yesterday", -24, 0),
        (r"today|this day", 0, 24),
        (r"this month", -30 * 24, 24),
    )
)
"""Words for a time, and from which hour of today to which it is."""
_AROUND = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class When:
    """What of time a question names; all null: nothing."""

    start: datetime | None = None
    end: datetime | None = None
    at: datetime | None = None
    """One moment, rather than a time between two."""

    @property
    def is_past(self) -> bool:
        """Whether anything was named."""
        return self.start is not None or self.at is not None

    def span(self, now: datetime, usual: timedelta) -> tuple[datetime, datetime]:
        """From when to when: what was named, around a moment, or as long back as is usual."""
        if self.at is not None:
            return self.at - _AROUND, min(self.at + _AROUND, now)
        end = self.end or now
        return self.start or end - usual, end


def when(text: str, now: datetime) -> When:
    """The time that a text in small letters names, none of it after now."""
    now = now.astimezone(UTC)
    moments = _moments(text, now)
    if len(moments) > 1 and _RANGE.search(text):
        return _between(moments[0], moments[1], now)
    if moments:
        return _of_moment(text, moments[0], now)
    if found := _AGO.search(text):
        return _since_or_at(text, now - _length(found[1], found[2]), now)
    if found := _BACK.search(text):
        return When(start=now - _length(found[1] or "one", found[2]), end=now)
    return _of_day(text, now)


def _length(number: str, unit: str) -> timedelta:
    count = _NUMBERS.get(number) or (int(number) if number.isdecimal() else 1)
    one = timedelta(days=30) if unit.startswith("mo") else _UNITS[unit[0]]
    return min(one * count, _LONGEST)


def _moments(text: str, now: datetime) -> list[datetime]:
    """The moments that are named by a date with or without a clock, or by a clock alone."""
    stamps = [(found.span(), _stamped(*found.groups())) for found in _STAMP.finditer(text)]
    found = [(span, moment) for span, moment in stamps if moment is not None]
    taken = [span for span, _ in found]
    found += [
        (each.span(), _clocked(_of_clock(each), text, now))
        for each in (*_CLOCK.finditer(text), *_HOUR.finditer(text))
        if not any(start <= each.start() < end for start, end in taken)
    ]
    return [max(min(moment, now), _EARLIEST) for _, moment in sorted(found)][:2]


def _stamped(day: str, clock: str | None, zone: str | None) -> datetime | None:
    offset = "+00:00" if zone in (None, "z", "utc") else zone
    hour = (clock or "00:00").zfill(5) if clock is None or clock.count(":") == 1 else clock.zfill(8)
    try:
        return datetime.fromisoformat(f"{day}T{hour}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _of_clock(found: re.Match[str]) -> time:
    if found.re is _HOUR:
        return time(int(found[1]) % 12 + (12 if found[2] == "pm" else 0))
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _clocked(clock: time, text: str, now: datetime) -> datetime:
    """At that clock yesterday, if that is said or it is still to come today; else today."""
    today = datetime.combine(now.date(), clock, UTC)
    is_before = "yesterday" in text or "last night" in text
    return today - timedelta(days=1) if is_before or today > now else today


def _between(one: datetime, other: datetime, now: datetime) -> When:
    if other < one:
        other += timedelta(days=1)
    return When(start=one, end=min(other, now))


def _of_moment(text: str, moment: datetime, now: datetime) -> When:
    is_day = _CLOCK.search(text) is None and _HOUR.search(text) is None
    if is_day and not _SINCE.search(text) and not _AS_OF.search(text):
        return When(start=moment, end=min(moment + timedelta(days=1), now))
    return _since_or_at(text, moment, now)


def _since_or_at(text: str, moment: datetime, now: datetime) -> When:
    if _SINCE.search(text):
        return When(start=moment, end=now)
    return When(at=moment)


def _of_day(text: str, now: datetime) -> When:
    """Yesterday, last night, this morning, today."""
    midnight = datetime.combine(now.date(), time(), UTC)
    if "yesterday" in text and _AS_OF.search(text):
        return When(at=midnight - timedelta(hours=12))
    if "yesterday" in text and _SINCE.search(text):
        return When(start=midnight - timedelta(days=1), end=now)
    for said, begin, end in _DAYS:
        if said.search(text):
            start = min(midnight + timedelta(hours=begin), now - _UNITS["h"])
            return When(start=start, end=min(midnight + timedelta(hours=end), now))
    return When()


def is_as_of(text: str) -> bool:
    """Whether it is asked how things stood at a moment."""
    return _AS_OF.search(text) is not None


def step(start: datetime, end: datetime) -> str:
    """Of a query over that time: at most some two hundred steps."""
    minutes = (end - start) / timedelta(minutes=1)
    for each, name in ((1, "1m"), (2, "2m"), (5, "5m"), (15, "15m"), (60, "1h"), (360, "6h")):
        if minutes / each <= 200:
            return name
    return "1d"
