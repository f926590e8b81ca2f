"""Parameters as Prometheus reads them: in the address or as a form, times and durations."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from contracts.refusals import Refused
from gateway.ecosystem.prometheus.errors import bad_data
from gateway.rest.shared import AnyRequest

_MOST = 1_000
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_UNITS = ("y", "w", "d", "h", "m", "s", "ms")
_SECONDS = (365 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1, 0.001)
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in _UNITS))
_EVER = frozenset({"-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z"})
"""How Prometheus' own client writes the first and the last moment that it knows."""
_FORM = "application/x-www-form-urlencoded"
_PATIENCE, _LONGEST = 30.0, 120.0
_SHORTEST = 0.001
"""Seconds: Prometheus counts time in whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What came with a request."""

    told: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """The first value of this name, empty without one."""
        return self.told.get(name, ("",))[0]

    def several(self, name: str) -> tuple[str, ...]:
        """All values of this name."""
        return tuple(self.told.get(name, ()))

    def moment(self, name: str) -> datetime | None:
        """A time: unix seconds or RFC 3339."""
        text = self.text(name)
        if not text or text in _EVER:
            return None
        try:
            return moment(text)
        except (ValueError, OverflowError, OSError):
            raise _invalid(name, f'cannot parse "{text[:100]}" to a valid timestamp') from None

    def required(self, name: str) -> datetime:
        """A time that must be there."""
        found = self.moment(name)
        if found is None:
            raise _invalid(name, f'cannot parse "{self.text(name)[:100]}" to a valid timestamp')
        return found

    def step(self) -> float:
        """The resolution of a range, in seconds."""
        found = self._duration("step")
        if found <= 0:
            said = "zero or negative query resolution step widths are not accepted."
            raise _invalid("step", f"{said} Try a positive integer")
        return found

    def seconds(self) -> float:
        """How long the answer may take: ``timeout``, within bounds."""
        return min(self._duration("timeout"), _LONGEST) if self.text("timeout") else _PATIENCE

    def lookback(self) -> float | None:
        """How old a sample may be that still counts, in seconds; what is not above 0 is none."""
        found = self._duration("lookback_delta") if self.text("lookback_delta") else 0.0
        return max(found, _SHORTEST) if found > 0 else None

    def count(self, name: str) -> int | None:
        """A limit; 0 is none."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdecimal() and len(text) <= 18):
            raise _invalid(name, f'"{text[:100]}" is not a count')
        return int(text) or None if text else None

    def _duration(self, name: str) -> float:
        text = self.text(name)
        try:
            return duration(text)
        except (ValueError, OverflowError):
            raise _invalid(name, f'cannot parse "{text[:100]}" to a valid duration') from None


def moment(text: str) -> datetime:
    """A time as Prometheus takes it, to its milliseconds; ValueError for anything else."""
    if _NUMBER.fullmatch(text):
        return datetime.fromtimestamp(round(float(text), 3), UTC)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time needs a zone")
    return found.astimezone(UTC)


def duration(text: str) -> float:
    """Seconds, from a number of them or from ``1h30m``; ValueError for anything else."""
    if _NUMBER.fullmatch(text):
        return _finite(float(text))
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError("no duration")
    parts = zip(found.groups(), _SECONDS, strict=True)
    return _finite(sum(int(number) * unit for number, unit in parts if number))


def _finite(seconds: float) -> float:
    if abs(seconds) > 1e12:
        raise ValueError("too long")
    return seconds


def _invalid(name: str, why: str) -> Refused:
    return bad_data(f'invalid parameter "{name}": {why}')


async def parameters(request: AnyRequest) -> Parameters:
    """All parameters; those of a form come before those of the address, as in Prometheus."""
    pieces = [request.scope["query_string"].decode("latin-1")]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind == _FORM:
        pieces.insert(0, (await request.body()).decode("latin-1"))
    told: dict[str, list[str]] = {}
    try:
        for piece in pieces:
            for name, value in parse_qsl(piece, keep_blank_values=True, max_num_fields=_MOST):
                told.setdefault(name, []).append(value)
    except ValueError:
        raise bad_data(f"more than {_MOST} parameters") from None
    return Parameters(told)
