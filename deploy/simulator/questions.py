"""What backends are asked: the values of a query or a form, and selectors of labels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import msgspec

from deploy.simulator.exchange import Request

_MATCHER = re.compile(
    r'\s*([A-Za-z_][\w.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|(?=\}))', re.ASCII
)
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])")


class Misunderstood(Exception):
    """What was asked makes no sense; the text says where."""


@dataclass(frozen=True, slots=True)
class Form:
    """The values that came with a request, those of its body before those of its URL."""

    pairs: tuple[tuple[str, str], ...]

    def one(self, name: str, usual: str = "") -> str:
        """The first value of a name."""
        return next((value for key, value in self.pairs if key == name), usual)

    def each(self, *names: str) -> tuple[str, ...]:
        """All values of these names."""
        return tuple(value for key, value in self.pairs if key in names)

    def count(self, name: str, usual: int) -> int:
        """A whole number above zero; Misunderstood if it is none."""
        text = self.one(name) or str(usual)
        if not text.isdecimal() or int(text) == 0:
            raise Misunderstood(f'strconv.Atoi: parsing "{text}": invalid syntax')
        return int(text)


def form_of(request: Request) -> Form:
    """What came with a request."""
    sent: list[tuple[str, str]] = []
    if request.method == "POST":
        body = request.body.decode(errors="replace")
        sent = parse_qsl(body, keep_blank_values=True, max_num_fields=100)
    return Form((*sent, *request.pairs))


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label must be, or must not be."""

    label: str
    operator: str
    value: str

    def fits(self, labels: Mapping[str, str]) -> bool:
        """True if these labels are as it wants them."""
        found = labels.get(self.label, "")
        same = (
            re.fullmatch(self.value, found) is not None
            if self.operator.endswith("~")
            else found == self.value
        )
        return same is not self.operator.startswith("!")


Selector = tuple[Matcher, ...]


def fits(selector: Selector, labels: Mapping[str, str]) -> bool:
    """True if labels are as all of a selector's matchers want them."""
    return all(matcher.fits(labels) for matcher in selector)


def read_selector(text: str, at: int = 0) -> tuple[Selector, int]:
    """The matchers of ``{…}`` that begins at a position, and where it ends."""
    found: list[Matcher] = []
    at += 1
    while not (end := re.compile(r"\s*\}").match(text, at)):
        part = _MATCHER.match(text, at)
        if part is None:
            raise Misunderstood(f"1:{at + 1}: parse error: unexpected character in label matching")
        label, operator, value, _ = part.groups()
        found.append(Matcher(label, operator, _unquoted(value, operator, at)))
        at = part.end()
    return tuple(found), end.end()


def unquoted(text: str) -> str:
    """A string as Go writes it; Misunderstood if it is none."""
    if text.startswith("`"):
        return text[1:-1]
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError:
        raise Misunderstood("parse error: invalid syntax in a string") from None


def _unquoted(text: str, operator: str, at: int) -> str:
    value = unquoted(text)
    if operator.endswith("~"):
        try:
            re.compile(value)
        except re.error:
            raise Misunderstood(f"1:{at + 1}: parse error: error parsing regexp: {value}") from None
    return value


def seconds_of(text: str) -> float | None:
    """A span of time such as ``1h30m``; None if it is none."""
    parts = list(_SPAN.finditer(text))
    if not parts or "".join(part.group() for part in parts) != text:
        return None
    return sum(float(part.group(1)) * _UNITS[part.group(2)] for part in parts)


def rfc3339(text: str) -> float | None:
    """Unix seconds of a time as text; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
