"""Log lines of before and now, as the patterns that are new or come far more often. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.rca_seen import RcaSeen
from services.rca.live.focus import BEFORE, Focus
from services.rca.ranking.templates import OVERFLOW, Templates
from services.runtime.kube.names import stem
from services.runtime.masking import SECRET, without_logins

NAMESPACE_LABELS = ("namespace", "kubernetes_namespace_name", "k8s_namespace_name")
"""As Promtail and Alloy, OpenShift's collector, and OpenTelemetry call it."""
_POD_LABELS = ("pod", "kubernetes_pod_name", "k8s_pod_name")
LIMIT = 1_500
"""Lines of one answer."""
MOST = 12
_LONGEST = 1_000
"""Characters of a line that are looked at."""
_LEAST = 4
"""Fewer lines are chance."""
_RISE = 4.0
"""Times as many a second."""
_BAD = (
    "error|fatal|panic|exception|fail|refused|denied|timeout|timed out|expired|no space|oom"
    "|exceeded|unable|cannot"
)
_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"no space left|disk (is )?full|disk quota", "LOG_DISK_FULL"),
    (r"certificate|x509|tls handshake", "LOG_CERTIFICATE"),
    (r"no such host|name resolution|server misbehaving|NXDOMAIN|SERVFAIL", "LOG_DNS"),
    (r"out of memory|OutOfMemory|cannot allocate|oom[- ]kill|heap space", "LOG_OOM"),
    (r"exceeded quota|quota exceeded", "LOG_QUOTA"),
    (r"too many (clients|connections)|deadlock|connection pool|read-only", "LOG_DATABASE"),
    (r"invalid (config|value)|missing (required|environment|key)|unknown (field|flag)",
     "LOG_CONFIG"),
    (r"panic|nil pointer|NullPointer|segfault|segmentation|stack overflow", "LOG_PANIC"),
    (r"refused|unreachable|upstream|reset by peer|no route", "LOG_CANNOT_REACH"),
    (r"timeout|timed out|deadline exceeded", "LOG_TIMEOUT"),
    (r"denied|unauthorized|forbidden", "LOG_DENIED"),
)  # fmt: skip
_NAMED = [(re.compile(pattern, re.IGNORECASE), name) for pattern, name in _MEANINGS]


class _Stream(msgspec.Struct, frozen=True):
    stream: dict[str, str]
    values: list[tuple[str, str]]


_DECODER = msgspec.json.Decoder(list[_Stream])


def query(focus: Focus, label: str) -> str:
    """As LogQL."""
    return f'{{{label}=~"{"|".join(focus.namespaces)}"}} |~ "(?i)({_BAD})"'


@dataclass(slots=True)
class _Count:
    """The lines of one template."""

    lines: int = 0
    first: int = 0
    """Nanoseconds."""
    where: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])


_Key = tuple[str, int]
"""Whose lines, and their template."""


@dataclass(frozen=True, slots=True)
class _Counted:
    found: Mapping[_Key, _Count]
    seconds: float
    """That the lines cover: an answer that is full holds the last ones alone."""
    is_whole: bool


def seen(focus: Focus, before: bytes, now: bytes, asked: str) -> list[RcaSeen]:
    """Patterns of now that were not there before, or far more seldom; those of most lines first.

    ValueError for what is no answer.
    """
    templates = Templates()
    then = _counted(before, focus.since - BEFORE, focus.since, templates)
    here = _counted(now, focus.since, focus.until, templates)
    found: list[tuple[int, RcaSeen]] = []
    for (whose, number), count in here.found.items():
        was = then.found.get((whose, number), _Count()).lines
        rate, usual = count.lines / here.seconds, was / then.seconds
        if count.lines >= _LEAST and number != OVERFLOW and rate > _RISE * usual:
            text = _without_secrets(templates.text(whose, number))
            whole = here.is_whole and then.is_whole
            risen = _Risen(whose, text, count, was, then.seconds, whole and not was)
            found.append((count.lines, risen.seen(focus, asked)))
    found.sort(key=lambda one: (-one[0], one[1].where, one[1].text))
    return [told for _, told in found[:MOST]]


def _counted(data: bytes, start: datetime, end: datetime, templates: Templates) -> _Counted:
    try:
        streams = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("it cannot be read") from error
    inside = range(int(start.timestamp()) * 10**9, int(end.timestamp() + 1) * 10**9)
    lines = sorted(
        (int(at), where, text)
        for each in streams
        if (where := _where(each.stream))
        for at, text in each.values
        if int(at) in inside
    )
    found: dict[_Key, _Count] = defaultdict(_Count)
    for at, where, text in lines:
        whose = where[-1]
        count = found[whose, templates.number(whose, without_logins(text[:_LONGEST]))]
        count.first = count.first or at
        count.lines += 1
        if len(count.where) <= 1:
            count.where.add(where)
    is_whole = not lines or sum(len(each.values) for each in streams) < LIMIT
    first = start.timestamp() if is_whole else lines[0][0] / 1e9
    return _Counted(found, max(end.timestamp() - first, 1.0), is_whole)


def _where(labels: Mapping[str, str]) -> tuple[str, ...]:
    namespace = _first(labels, NAMESPACE_LABELS)
    pod = _first(labels, _POD_LABELS)
    if not namespace:
        return ()
    if not pod:
        return (f"namespace/{namespace}",)
    return f"pod/{namespace}/{pod}"[:400], f"workload/{namespace}/{stem(pod)}"[:400]


def _first(labels: Mapping[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


@dataclass(frozen=True, slots=True)
class _Risen:
    """A template whose lines come more often than they did."""

    whose: str
    text: str
    now: _Count
    before: int
    before_seconds: float
    is_dated: bool

    def seen(self, focus: Focus, asked: str) -> RcaSeen:
        """As it is told."""
        name = next((name for each, name in _NAMED if each.search(self.text)), "LOG_NEW_ERRORS")
        minutes = max(round(self.before_seconds / 60), 1)
        how_long = "the hour" if minutes == 60 else f"the {minutes} min"
        usual = f"{self.before or 'none'} in {how_long} before"
        first = datetime.fromtimestamp(self.now.first / 1e9, UTC)
        return RcaSeen(
            cluster_id=focus.cluster_id,
            backend=Checked.LOKI,
            name=name,
            severity=Severity.WARNING,
            # Where more than one pod writes it, it is the workload's.
            where=next(iter(self.now.where)) if len(self.now.where) == 1 else (self.whose,),
            text=f"{self.now.lines} lines like “{self.text[:300]}”, {usual}",
            query=asked[:2_000],
            start=focus.since,
            end=focus.until,
            began_at=first if self.is_dated else None,
        )


def _without_secrets(template: str) -> str:
    """What follows a word that speaks of a secret may be one."""
    found = SECRET.search(template)
    if found is None or not template[found.end() :].strip():
        return template
    return f"{template[: found.end()]} ***"
