"""TraceQL made of the parts of a search; what people typed stands in it as quoted text only."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ATTRIBUTE = r"^(?:(?:span|resource)\.)?[A-Za-z_][A-Za-z0-9_.:/-]*$"
"""Names of attributes that may stand in TraceQL as they are."""

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_WILD = re.compile(r"[*?]")
_BARE = re.compile(r"true|false|-?[0-9]{1,18}(?:\.[0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which traces are searched for."""

    service: str | None = None
    """``*`` stands for any text, ``?`` for one character."""
    operation: str | None = None
    min_duration_ms: int | None = None
    max_duration_ms: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


def traceql(wanted: Wanted) -> str:
    """The TraceQL of a search; ValueError for a tag whose name may not stand there."""
    return "{ " + " && ".join(_conditions(wanted)) + " }" if any(_conditions(wanted)) else "{}"


def quoted(text: str) -> str:
    """A TraceQL string: its escapes are Go's, of which JSON's are a part but for surrogates."""
    return json.dumps(text, ensure_ascii=False)


def matching(field_name: str, pattern: str) -> str | None:
    """The condition that a field matches a pattern with wildcards; None if anything does."""
    if set(pattern) == {"*"}:
        return None
    if not _WILD.search(pattern):
        return f"{field_name} = {quoted(pattern)}"
    # Anchored by itself: not every Tempo does it.
    return f"{field_name} =~ {quoted(f'^{_regex(pattern)}$')}"


def _regex(pattern: str) -> str:
    """RE2 for a pattern; everything but the two wildcards is literal."""
    wild = {"*": ".*", "?": "."}
    return "".join(wild.get(each) or _SPECIAL.sub(r"\\\g<0>", each) for each in pattern)


def _conditions(wanted: Wanted) -> Iterator[str]:
    if wanted.service and (told := matching("resource.service.name", wanted.service)):
        yield told
    if wanted.operation and (told := matching("name", wanted.operation)):
        yield told
    if wanted.min_duration_ms is not None:
        yield f"traceDuration >= {wanted.min_duration_ms:d}ms"
    if wanted.max_duration_ms is not None:
        yield f"traceDuration <= {wanted.max_duration_ms:d}ms"
    for name, value in wanted.tags.items():
        yield _tag(name, value)


def _tag(name: str, value: str) -> str:
    """Attributes are typed in TraceQL: what looks like a number or a boolean is tried as both."""
    if not re.fullmatch(ATTRIBUTE, name):
        raise ValueError("is not the name of an attribute, such as http.route or span.http.route")
    scoped = name if name.startswith(("span.", "resource.")) else f".{name}"
    text = f"{scoped} = {quoted(value)}"
    return f"({text} || {scoped} = {value})" if _BARE.fullmatch(value) else text
