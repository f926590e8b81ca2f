"""Log lines and traces in words."""

from collections import Counter

from services.chat.analyst.reading import Json, number as number_of, part, parts, text
from services.chat.analyst.telling.said import (
    MOST_ROWS,
    View,
    joined,
    moment,
    number,
    of_many,
    quoted,
    table,
    word,
)

_PLACES = ("pod", "kubernetes_pod_name", "k8s_pod_name", "app", "container", "namespace")


def lines(data: Json, view: View) -> list[str]:
    """How many there are and from where, and the newest of them."""
    query = quoted(view.arguments.get("query", ""), 300)
    rows = parts(data, "entries")
    asked, told = number_of(data, "clusters_queried"), number_of(data, "clusters_succeeded")
    answered = f", from {number(told)} of {number(asked)} clusters" if asked is not None else ""
    if not rows:
        return [f"**Logs:** {query}: no lines{answered}."]
    by = Counter(text(each, "cluster_name") for each in rows)
    where = ", ".join(f"{number(many)} in {quoted(name, 60)}" for name, many in by.most_common(5))
    return [
        f"**Logs:** {query}: {number(view.of or len(rows))} lines{answered}"
        f" ({f'of {number(len(rows))} told: ' if view.of else ''}{where}). The newest:",
        "",
        *map(_line, rows[:MOST_ROWS]),
        *of_many(len(rows), view.of or len(rows)),
    ]


def _line(one: Json) -> str:
    stream = part(one, "stream")
    place = text(stream, *_PLACES) or text(one, "cluster_name")
    at = _to_seconds(text(one, "timestamp"))
    return f"- {moment(at)} {quoted(place, 60)}: {quoted(text(one, 'message'), 240)}"


def _to_seconds(time: str) -> str:
    """Without the nanoseconds."""
    return f"{time[:19]}Z" if len(time) > 20 and time.endswith("Z") else time


def traces(data: Json, view: View) -> list[str]:
    """The newest, or, if that is asked, the slowest first."""
    rows = parts(data, "traces")
    asked, told = number_of(data, "clusters_queried"), number_of(data, "clusters_succeeded")
    answered = f", from {number(told)} of {number(asked)} clusters" if asked is not None else ""
    query = view.arguments.get("traceql") or view.arguments.get("service_name")
    of = f" for {quoted(query, 300)}" if query else ""
    if not rows:
        return [f"**Traces:** none{of}{answered}."]
    by_time = bool({"slow", "slowest", "latency"} & set(view.words))
    shown = (
        sorted(rows, key=lambda each: -(number_of(each, "duration_ms") or 0)) if by_time else rows
    )
    return [
        f"**Traces:** {number(view.of or len(rows))}{of}{answered}.",
        *table(
            ("Trace", "Service", "Operation", "Duration", "Spans", "Errors", "Begin", "Cluster"),
            map(_trace, shown),
        ),
        *of_many(len(rows), view.of or len(rows)),
    ]


def _trace(one: Json) -> tuple[str, ...]:
    failed = {True: "yes", False: "no"}
    errors = one.get("has_errors")
    return (
        quoted(text(one, "trace_id"), 40),
        quoted(text(one, "root_service"), 60),
        quoted(text(one, "root_operation"), 60),
        number(one.get("duration_ms"), "ms"),
        number(one.get("span_count")),
        failed[errors] if isinstance(errors, bool) else "-",
        moment(_to_seconds(text(one, "start_time"))),
        quoted(text(one, "cluster_name"), 60),
    )


def spans(data: Json, view: View) -> list[str]:
    """Of one trace: those that failed, then those that took longest."""
    rows, total = parts(data, "items"), number_of(data, "total")
    of = quoted(view.arguments.get("trace_id", ""), 40)
    if not rows:
        return [f"**Trace {of}:** no span of it was found."]
    failed = [each for each in rows if text(each, "status") == "ERROR"]
    longest = sorted(rows, key=lambda each: -(number_of(each, "duration_ms") or 0))
    shown = [*failed, *(each for each in longest if each not in failed)]
    services = Counter(text(each, "service_name") for each in rows)
    return [
        f"**Trace {of}:** {number(total if total is not None else len(rows))} spans,"
        f" {number(len(failed))} of those told with errors; services:"
        f" {', '.join(quoted(name, 60) for name, _ in services.most_common(8))}.",
        *table(
            ("Service", "Operation", "Duration", "Status", "Begin", "Cluster"), map(_span, shown)
        ),
        *of_many(len(shown), total),
    ]


def _span(one: Json) -> tuple[str, ...]:
    return (
        quoted(text(one, "service_name"), 60),
        quoted(text(one, "operation_name"), 80),
        number(one.get("duration_ms"), "ms"),
        joined(word(one.get("status"))),
        moment(_to_seconds(text(one, "start_time"))),
        quoted(text(one, "cluster_name"), 60),
    )
