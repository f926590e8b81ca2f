"""As much LogQL as a simulated Loki understands: selectors, line filters, counts over time."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.simulator.questions import Misunderstood, Selector, read_selector, seconds_of, unquoted

_FILTER = re.compile(r'\s*(\|=|!=|\|~|!~)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)')
_COUNT = re.compile(
    r"\s*(count_over_time|rate)\s*\(\s*(\{.*)\[\s*([^\[\]]+)\s*\]\s*\)\s*", re.DOTALL
)
_SUM = re.compile(
    r"\s*sum\s*(?:by\s*\(([^()]*)\)\s*)?\((.*)\)\s*(?:by\s*\(([^()]*)\)\s*)?", re.DOTALL
)
_FILTERS: Mapping[str, Callable[[str, str], bool]] = {
    "|=": lambda wanted, line: wanted in line,
    "!=": lambda wanted, line: wanted not in line,
    "|~": lambda wanted, line: re.search(wanted, line) is not None,
    "!~": lambda wanted, line: re.search(wanted, line) is None,
}


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines."""

    selector: Selector
    filters: tuple[tuple[str, str], ...]

    def takes(self, line: str) -> bool:
        """True if a line passes all filters."""
        return all(_FILTERS[how](wanted, line) for how, wanted in self.filters)


@dataclass(frozen=True, slots=True)
class CountQuery:
    """How many lines, over how long."""

    lines: LogQuery
    seconds: float
    a_second: bool
    by: tuple[str, ...] | None
    """Summed by these labels; None: not summed."""


def parse(text: str) -> LogQuery | CountQuery:
    """What LogQL asks for; Misunderstood with the text that Loki has for it."""
    if not text.strip():
        raise Misunderstood("parse error : syntax error: unexpected $end")
    summed = _SUM.fullmatch(text)
    if summed is None:
        return _counted(text, None)
    before, inner, after = summed.groups()
    names = before if before is not None else after or ""
    found = _counted(inner, tuple(name.strip() for name in names.split(",") if name.strip()))
    if isinstance(found, LogQuery):
        raise _unexpected(text.index("{") if "{" in text else 0, "{")
    return found


def _counted(text: str, by: tuple[str, ...] | None) -> LogQuery | CountQuery:
    counted = _COUNT.fullmatch(text)
    if counted is None:
        return _lines(text)
    how, lines, over = counted.groups()
    seconds = seconds_of(over.strip())
    if not seconds:
        raise Misunderstood(f'parse error at line 1, col 1: not a valid duration string: "{over}"')
    return CountQuery(_lines(lines), seconds, how == "rate", by)


def _lines(text: str) -> LogQuery:
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "{":
        raise _unexpected(start, "IDENTIFIER")
    try:
        selector, at = read_selector(text, start)
    except Misunderstood as error:
        raise Misunderstood(f"parse error at line 1, col {start + 2}: syntax error") from error
    _require_matcher(selector)
    filters: list[tuple[str, str]] = []
    while part := _FILTER.match(text, at):
        how, wanted = part.group(1), unquoted(part.group(2))
        filters.append((how, _checked(wanted) if how.endswith("~") else wanted))
        at = part.end()
    if text[at:].strip():
        raise _unexpected(at, text[at:].split()[0][:20])
    return LogQuery(selector, tuple(filters))


def _require_matcher(selector: Selector) -> None:
    if not any(each.operator in {"=", "=~"} and each.value not in {"", ".*"} for each in selector):
        raise Misunderstood(
            "parse error : queries require at least one regexp or equality matcher that does not"
            ' have an empty-compatible value. For instance, app=~".*" does not meet this'
            ' requirement, but app=~".+" will'
        )


def _checked(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        raise Misunderstood(f"parse error : error parsing regexp: {pattern}") from None
    return pattern


def _unexpected(at: int, what: str) -> Misunderstood:
    return Misunderstood(f"parse error at line 1, col {at + 1}: syntax error: unexpected {what}")
