"""Clusters and the fleet in words."""

from services.chat.analyst.reading import Json, number as number_of, part, parts, speaking, text
from services.chat.analyst.telling.said import (
    View,
    counts,
    joined,
    moment,
    number,
    of_many,
    quoted,
    table,
    word,
)

_STATES = ("OFFLINE", "DEGRADED", "UNKNOWN", "PROVISIONING", "ONLINE")
_BACKENDS = ("api_server", "prometheus", "tempo", "loki", "alertmanager")


def clusters(data: Json, view: View) -> list[str]:
    """Those that are not well first."""
    rows, total = parts(data, "items"), number_of(data, "total")
    filters = [view.arguments.get(each) for each in ("state", "environment", "cluster_type")]
    told = joined(*(word(each) for each in filters if each))
    of = f" that are {told}" if told else ""
    if not rows:
        return [f"**Clusters{of}:** there are none."]
    shown = sorted(speaking(rows, view.terms), key=lambda each: _rank(part(each, "status")))
    if "name" in view.arguments:
        total = len(shown)  # The others only have it within their names.
    return [
        f"**Clusters{of}:** {number(len(rows) if total is None else total)}.",
        *table(
            ("Cluster", "State", "Score", "Type", "Environment", "Version", "Last error"),
            map(_row, shown),
        ),
        *of_many(len(shown), total if len(shown) == len(rows) else None),
    ]


def _rank(status: Json) -> tuple[int, float]:
    state = text(status, "state")
    score = number_of(status, "health_score")
    rank = _STATES.index(state) if state in _STATES else len(_STATES)
    return rank, 101 if score is None else score


def _row(one: Json) -> tuple[str, ...]:
    status = part(one, "status")
    return (
        quoted(text(one, "name"), 60),
        word(status.get("state")),
        number(status.get("health_score")),
        word(one.get("cluster_type")),
        word(one.get("environment")),
        quoted(text(one, "platform_version"), 30),
        quoted(text(status, "last_error"), 100),
    )


def status(data: Json, _: View) -> list[str]:
    """One cluster: how it is, and which check says so."""
    one, health = part(data, "cluster"), part(data, "health")
    now = part(health, "status") or part(one, "status")
    score = now.get("health_score")
    lines = [
        f"**Cluster {quoted(text(one, 'name'), 60)}:** {word(now.get('state'))}, score"
        f" {number(score)}, {word(now.get('connectivity'))};"
        f" checked at {moment(now.get('checked_at'))}.",
    ]
    if text(now, "last_error"):
        lines.append(f"- Last error: {quoted(text(now, 'last_error'), 300)}")
    lines += [*_checks(health, now), *_trend(part(health, "trend")), *_abilities(one)]
    credentials = part(one, "credentials")
    if text(credentials, "warning"):
        lines.append(f"- Credentials: {quoted(text(credentials, 'warning'), 200)}")
    return lines


def _checks(health: Json, now: Json) -> list[str]:
    rows = parts(health, "checks")
    if not rows:
        failed = [each for each in _BACKENDS if now.get(f"{each}_healthy") is False]
        return [f"- Not well: {', '.join(map(word, failed))}"] if failed else []
    return [
        f"- {word(each.get('name'))}: {'well' if each.get('healthy') is True else 'not well'}"
        + (f", {number(each.get('latency_ms'), 'ms')}" if each.get("healthy") is True else "")
        + (f", {quoted(text(each, 'error'), 200)}" if text(each, "error") else "")
        + (f" ({quoted(text(each, 'advice'), 200)})" if text(each, "advice") else "")
        for each in rows[:8]
    ]


def _trend(trend: Json) -> list[str]:
    if not text(trend, "direction"):
        return []
    return [
        f"- Its health is {word(trend.get('direction'))}: score"
        f" {number(trend.get('last_hour'))} over the last hour,"
        f" {number(trend.get('day_before'))} over the day before"
    ]


def _abilities(one: Json) -> list[str]:
    told = part(one, "capabilities")
    known = [
        f"{number(told[name])} {what}"
        for name, what in (("node_count", "nodes"), ("gpu_count", "GPUs"))
        if number_of(told, name)
    ]
    version = text(one, "platform_version")
    platform = f"{word(one.get('platform'))} {quoted(version, 30)}" if version else ""
    line = joined(platform, *known)
    return [f"- {line}"] if line else []


def fleet(data: Json, _: View) -> list[str]:
    """All of it in numbers."""
    lines = [
        f"**Fleet:** {number(data.get('total'))} clusters"
        f" ({counts(part(data, 'by_state'), _STATES) or 'none'});"
        f" average score {number(data.get('average_health_score'))}."
    ]
    by_type, by_environment = counts(part(data, "by_type")), counts(part(data, "by_environment"))
    lines += [f"- Types: {by_type}"] if by_type else []
    lines += [f"- Environments: {by_environment}"] if by_environment else []
    lines.append(
        f"- Nodes: {number(data.get('node_count'))}; GPUs: {number(data.get('gpu_count'))} in"
        f" {number(data.get('gpu_clusters'))} clusters; clusters with network functions:"
        f" {number(data.get('cnf_clusters'))}"
    )
    return lines
