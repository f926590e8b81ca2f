"""As much TraceQL as a simulated Tempo understands: conditions on one span, all of which hold."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.simulator.cluster import Cluster
from deploy.simulator.questions import Misunderstood, seconds_of, unquoted
from deploy.simulator.traces import Span, Trace

Found = str | int | float | bool | None
_CONDITION = re.compile(
    r"\s*((?:resource|span)?\.[\w./-]+|[A-Za-z][\w:]*)\s*(=~|!~|!=|>=|<=|=|>|<)\s*"
    r'("(?:[^"\\]|\\.)*"|`[^`]*`|[\w.µ]+)\s*',
)
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
INTRINSICS: Mapping[str, Callable[[Trace, Span], Found]] = {
    "name": lambda _, span: span.name,
    "duration": lambda _, span: span.duration / 1e9,
    "status": lambda _, span: "error" if span.failed else "unset",
    "kind": lambda _, span: span.kind,
    "rootName": lambda trace, _: trace.root.name,
    "rootServiceName": lambda trace, _: trace.root.service,
    "traceDuration": lambda trace, _: trace.root.duration / 1e9,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What an attribute of a span must be."""

    field: str
    operator: str
    value: Found

    def holds(self, cluster: Cluster, trace: Trace, span: Span) -> bool:
        """True if it is so."""
        found = value_of(cluster, trace, span, self.field)
        if found is None:
            return False
        if self.operator in _COMPARED:
            if not isinstance(found, int | float) or not isinstance(self.value, int | float):
                return False
            return _COMPARED[self.operator](found, self.value)
        if self.operator.endswith("~"):
            same = re.fullmatch(str(self.value), str(found)) is not None
        else:
            same = found == self.value
        return same is not self.operator.startswith("!")


Conditions = tuple[Condition, ...]


def parse(text: str) -> Conditions:
    """The conditions of ``{ … && … }``; Misunderstood if it is anything else."""
    inner = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.DOTALL)
    if inner is None:
        raise _unexpected(1, text.strip()[:12] or "$end")
    body, at, found = inner.group(1), 0, list[Condition]()
    while body[at:].strip():
        part = _CONDITION.match(body, at)
        if part is None:
            raise _unexpected(at + 2, body[at:].strip()[:12])
        field, how, value = part.groups()
        if not field.startswith((".", "resource.", "span.")) and _plain(field) not in INTRINSICS:
            raise _unexpected(at + 2, "IDENTIFIER")
        found.append(Condition(field, how, _checked(how, _value(value))))
        at = part.end()
        if body.startswith("&&", at) and body[at + 2 :].strip():
            at += 2
        elif body[at:].strip():
            raise _unexpected(at + 2, body[at:].strip()[:12])
    return tuple(found)


def value_of(cluster: Cluster, trace: Trace, span: Span, field: str) -> Found:
    """What a span has under a name, be it scoped or not; None if it has no such thing."""
    intrinsic = INTRINSICS.get(_plain(field))
    if intrinsic is not None and "." not in field:
        return intrinsic(trace, span)
    scope, _, name = field.partition(".")
    if scope not in {"", "resource", "span"}:
        scope, name = "", field
    found: Found = None
    if scope != "resource":
        found = span.attributes.get(name)
    if found is None and scope != "span":
        found = resource_of(cluster, span.service).get(name)
    return found


def resource_of(cluster: Cluster, service: str) -> Mapping[str, str]:
    """What is known of the process that a span is from."""
    known = {"service.name": service, "k8s.cluster.name": cluster.name}
    workload = next((each for each in cluster.workloads if each.app == service), None)
    if workload is None:
        return known
    pod = cluster.pod(workload, 0)
    return known | {"k8s.namespace.name": pod.namespace, "k8s.pod.name": pod.name}


def _plain(field: str) -> str:
    """An intrinsic by its older name: ``span:duration`` is ``duration``."""
    scope, _, name = field.rpartition(":")
    return f"{scope}{name.title()}" if scope == "trace" else name


def _value(text: str) -> Found:
    if text[0] in '"`':
        return unquoted(text)
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text if (seconds := seconds_of(text)) is None else seconds


def _checked(how: str, value: Found) -> Found:
    if how.endswith("~"):
        try:
            re.compile(str(value))
        except re.error:
            raise Misunderstood("invalid TraceQL query: error parsing regexp") from None
    return value


def _unexpected(at: int, what: str) -> Misunderstood:
    return Misunderstood(
        f"invalid TraceQL query: parse error at line 1, col {at}: syntax error: unexpected {what}"
    )
