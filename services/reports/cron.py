"""Cron with five fields, as people write it, into the rule with six that the bus keeps.

All times are in UTC. A report is made once an hour at most: its minute is one number.
"""

import re

from contracts.refusals import Code, Refused

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_PART = re.compile(r"(?:(\*)|([0-9]{1,2}|[A-Z]{3})(?:-([0-9]{1,2}|[A-Z]{3}))?)(?:/([0-9]{1,2}))?")
_SHORTEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of the months, where a leap year counts as one that comes."""


def rule(cron: str) -> str:
    """The bus's rule for a cron of five fields; VALIDATION_FAILED names the field that is wrong."""
    told = cron.upper().split()
    if len(told) != len(_FIELDS):
        raise _wrong("must have five fields: minute, hour, day of the month, month, weekday")
    values = [_values(text, *field) for text, field in zip(told, _FIELDS, strict=True)]
    if len(values[0]) != 1:
        raise _wrong("minute must be one number: a report is made once an hour at most")
    days, months = values[2], values[3]
    if told[4] == "*" and not any(min(days) <= _SHORTEST[month - 1] for month in months):
        raise _wrong("names a day that none of its months has: it would never be")
    weekdays = {day % 7 for day in values[4]}
    # Names and 7 for Sunday are not known everywhere; numbers are.
    fields = [_text(told[at], values[at]) for at in range(4)]
    fields.append("*" if told[4] == "*" else _listed(weekdays))
    return " ".join(["0", *fields])


def _text(told: str, values: set[int]) -> str:
    return "*" if told == "*" else _listed(values)


def _listed(values: set[int]) -> str:
    return ",".join(str(value) for value in sorted(values))


def _values(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _wrong(f"{name} {part!r} is not understood")
        found |= _of_part(match, name, low, high, names)
    return found


def _of_part(
    match: re.Match[str], name: str, low: int, high: int, names: tuple[str, ...]
) -> set[int]:
    every, begin, end, step = match.groups()
    first = low if every else _number(begin, name, low, high, names)
    final = first if end is None else _number(end, name, low, high, names)
    if every or (step is not None and end is None):
        final = high - 1 if names == _DAYS else high
    if final < first:
        raise _wrong(f"{name} {match[0]!r} ends before it begins")
    if step is not None and int(step) == 0:
        raise _wrong(f"{name} {match[0]!r} has a step of zero")
    return set(range(first, final + 1, int(step or 1)))


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + (low if names == _MONTHS else 0)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise _wrong(f"{name} {text!r} is not between {low} and {high}")
    return int(text)


def _wrong(message: str) -> Refused:
    told = f"is no cron expression: {message}"
    fields = [{"field": "cron", "message": told}]
    return Refused(Code.VALIDATION_FAILED, f"cron {told}", {"fields": fields})
