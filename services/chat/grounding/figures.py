"""Figures and names in a text, and whether what is said is a number that was told. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-6]\d)?(?:\.\d+)?"
_DATE = r"\d{4}-\d\d-\d\d"
_WHEN = re.compile(
    rf"(?<![\w.:-])(?:({_DATE})[T ]?)?({_TIME})(?![\w:-])|(?<![\w.-])({_DATE})(?![\w-])"
)
_STAMP = re.compile(rf"({_DATE})[T ]({_TIME})Z?(?:[+-]00:00)?")
NAME = re.compile(r"[A-Za-z0-9_](?:[\w.:/@-]*[\w])?")
_MINUS = ("-", "\u2212")
_FIGURE = re.compile(
    r"(?<![\w.,/:-])([-+\u2212]?)"
    r"((?:\d{1,3}(?:[,_\u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?)"
    r"(?:[ \u00a0]?(%|‰|°C|[kKMGT]i?B\b|[kM]\b|bytes\b|B\b|ms\b|µs\b|us\b|ns\b|s\b"
    r"|seconds?\b|sec\b|minutes?\b|mins?\b|hours?\b|h\b|days?\b|kW\b|W\b|mW\b|GHz\b|MHz\b"
    r"|per cent\b|percent\b))?(?!\w)(?!\.\d)"
)
_ID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
"""Its first part may have digits alone."""
_LETTER, _MARKED = re.compile("[A-Za-z]"), re.compile("[-_/.:@0-9A-Z]")
_ORDINAL = re.compile(r"(?m)^\s*(?:\|\s*)?\d{1,3}[.)]\s")
_UNITS: dict[str, tuple[float, ...]] = {
    "%": (1.0, 0.01), "percent": (1.0, 0.01), "per cent": (1.0, 0.01), "‰": (1.0, 0.001),
    "k": (1e3,), "M": (1e6,),
    "kB": (1.0, 1e3, 1024.0), "KB": (1.0, 1e3, 1024.0), "KiB": (1.0, 1024.0),
    "MB": (1.0, 1e6, 2.0**20), "MiB": (1.0, 2.0**20),
    "GB": (1.0, 1e3, 1024.0, 1e9, 2.0**30, 1e6, 2.0**20),
    "GiB": (1.0, 1024.0, 2.0**30, 2.0**20),
    "TB": (1.0, 1e6, 2.0**20, 1e12, 2.0**40), "TiB": (1.0, 2.0**20, 2.0**40),
    "ms": (1.0, 1e-3, 1e6), "s": (1.0, 1e3, 1e9), "second": (1.0, 1e3), "seconds": (1.0, 1e3),
    "sec": (1.0, 1e3), "minute": (1.0, 60.0, 6e4), "minutes": (1.0, 60.0, 6e4), "min": (1.0, 60.0),
    "mins": (1.0, 60.0), "hour": (1.0, 3600.0), "hours": (1.0, 3600.0), "h": (1.0, 3600.0),
    "day": (1.0, 86400.0, 24.0), "days": (1.0, 86400.0, 24.0),
    "µs": (1.0, 1e-6, 1e3), "us": (1.0, 1e-6, 1e3), "kW": (1e3, 1.0), "GHz": (1e3, 1.0),
}  # fmt: skip
"""How many of what is told one of a unit may be: it is told in another unit, or in this one."""
_PLAIN = (1.0,)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is said."""

    value: float
    half: float
    """Half of its last digit: what is told may be rounded to it."""
    scales: tuple[float, ...] = _PLAIN


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says that can be looked for."""

    figures: tuple[Figure, ...]
    times: tuple[str, ...]
    """``12:05``, ``12:05:09``, ``2026-01-31``."""
    names: tuple[str, ...]
    """In small letters."""


def said(text: str) -> Said:
    """Figures but for ordinals of lists, years, and 0 and 1 alone; times; words that are names."""
    whole = _ORDINAL.sub(lambda found: " " * len(found[0]), text)
    times = tuple(part for found in _WHEN.finditer(whole) for part in found.groups() if part)
    plain = _WHEN.sub(lambda found: " " * len(found[0]), whole)
    bare = _ID.sub(lambda found: " " * len(found[0]), plain)
    figures = (figure(*found.groups(default="")) for found in _FIGURE.finditer(bare))
    names = tuple(dict.fromkeys(each.lower() for each in NAME.findall(plain) if _is_name(each)))
    return Said(tuple(each for each in figures if each is not None), times, names)


def figure(sign: str, digits: str, unit: str) -> Figure | None:
    """Null for one that says nothing by itself."""
    plain = re.sub(r"[,_\u202f\u00a0]", "", digits)
    if len(plain) > 40:
        return None
    value = float(plain)
    if not unit and (plain in ("0", "1") or _is_year(plain)):
        return None
    mantissa = re.split("[eE]", plain)[0]
    decimals = len(mantissa.partition(".")[2])
    exponent = int(re.split("[eE]", plain)[1]) if len(mantissa) < len(plain) else 0
    if abs(exponent) > 100:
        return None
    half = 0.5 * 10.0 ** (exponent - decimals)
    return Figure(-value if sign in _MINUS else value, half, _UNITS.get(unit, _PLAIN))


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in ("19", "20")


def _is_name(word: str) -> bool:
    """What names one thing: it has a letter, and a digit, a hyphen, a capital within, or such."""
    is_long = 3 <= len(word) <= 300
    return is_long and _LETTER.search(word) is not None and _MARKED.search(word, 1) is not None


def numbers_in(texts: str) -> Iterable[float]:
    """The numbers in what was told as text."""
    for sign, digits, _ in _FIGURE.findall(texts):
        plain = re.sub(r"[,_\u202f\u00a0]", "", digits)
        if len(plain) <= 40:
            yield -float(plain) if sign in _MINUS else float(plain)


def times_in(texts: str) -> Iterable[str]:
    """Dates and clocks of the times in it, with and without seconds."""
    for day, clock in _STAMP.findall(texts):
        yield day
        yield clock.partition(".")[0]
        yield clock[:5]


def clocks_of(moment: float) -> tuple[str, str]:
    """The clocks of a Unix time."""
    seconds = int(moment) % 86_400
    hours, minutes = f"{seconds // 3600:02}", f"{seconds % 3600 // 60:02}"
    return f"{hours}:{minutes}", f"{hours}:{minutes}:{seconds % 60:02}"
