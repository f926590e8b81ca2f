"""Network functions, clocks, virtual functions and packet counters in words."""

from services.chat.analyst.reading import Json, number as number_of, part, parts, speaking, text
from services.chat.analyst.telling.said import (
    View,
    counts,
    moment,
    number,
    of_many,
    quoted,
    table,
    word,
)

_BAD_STATES = ("CRASHING", "FAILED", "PENDING", "UNKNOWN")
_BAD_CLOCKS = ("FREERUN", "HOLDOVER")


def workloads(data: Json, view: View) -> list[str]:
    """How many of which kind and state, and those that are not well first."""
    rows, total = speaking(parts(data, "items"), view.terms), number_of(data, "total")
    if not rows:
        return ["**Network functions:** none is known."]
    by = [counts(part(data, each)) for each in ("by_state", "by_type")]
    told = "; ".join(each for each in by if each)
    worst = sorted(rows, key=lambda each: (_is_well(each), -(number_of(each, "restarts") or 0)))
    return [
        f"**Network functions:** {number(total)} pods{f' ({told})' if told else ''}.",
        *table(
            ("Pod", "Type", "State", "Ready", "Restarts", "Node", "Cluster", "Reason"),
            map(_workload, worst),
        ),
        *of_many(len(worst), total if len(rows) == len(parts(data, "items")) else None),
    ]


def _is_well(one: Json) -> bool:
    states = (text(one, "state"), text(one, "standing"))
    return one.get("ready") is not False and not any(each in _BAD_STATES for each in states)


def _workload(one: Json) -> tuple[str, ...]:
    ready = {True: "yes", False: "no"}.get(one.get("ready") is True, "no")
    return (
        quoted(f"{text(one, 'namespace')}/{text(one, 'pod')}", 80),
        word(one.get("cnf_type")).upper(),
        word(text(one, "standing", "state") or None),
        ready if isinstance(one.get("ready"), bool) else "-",
        number(one.get("restarts")),
        quoted(text(one, "node_name"), 60),
        quoted(text(one, "cluster_name"), 60),
        quoted(text(one, "reason"), 60),
    )


def clocks(data: Json, view: View) -> list[str]:
    """How many clocks are in which state, and the worst of them."""
    rows, total = speaking(parts(data, "items"), view.terms), number_of(data, "total")
    if not rows:
        return ["**PTP clocks:** none is known."]
    worst = sorted(rows, key=lambda each: (_follows(each), -abs(number_of(each, "offset_ns") or 0)))
    by = counts(part(data, "by_state"))
    return [
        f"**PTP clocks:** {number(total)}{f' ({by})' if by else ''}.",
        *_farthest(rows, view),
        *table(
            ("Node", "Interface", "Process", "State", "Offset", "Class", "Cluster", "Since"),
            map(_clock, worst),
        ),
        *of_many(len(worst), total if len(rows) == len(parts(data, "items")) else None),
    ]


def _follows(one: Json) -> bool:
    return text(one, "clock_state") not in _BAD_CLOCKS


def _farthest(rows: list[Json], view: View) -> list[str]:
    some = [each for each in rows if number_of(each, "offset_ns") is not None]
    if not some:
        return []
    one = max(some, key=lambda each: abs(number_of(each, "offset_ns") or 0))
    return [
        f"The largest offset{' of those told' if view.of else ''} is"
        f" {number(one.get('offset_ns'), 'ns')}, of {quoted(text(one, 'interface'), 60)}"
        f" on {quoted(text(one, 'node_name'), 80)} in"
        f" {quoted(text(one, 'cluster_name'), 60)}."
    ]


def _clock(one: Json) -> tuple[str, ...]:
    return (
        quoted(text(one, "node_name"), 60),
        quoted(text(one, "interface"), 40),
        quoted(text(one, "process"), 20),
        word(one.get("clock_state")),
        number(one.get("offset_ns"), "ns"),
        number(one.get("clock_class")),
        quoted(text(one, "cluster_name"), 60),
        moment(one.get("state_since")),
    )


def ports(data: Json, view: View) -> list[str]:
    """DPDK ports, those that drop packets first."""
    rows, total = speaking(parts(data, "items"), view.terms), number_of(data, "total")
    if not rows:
        return ["**DPDK ports:** none is known."]
    totals = part(data, "totals")
    worst = sorted(rows, key=lambda each: -_dropped(each))
    return [
        f"**DPDK ports:** {number(total)}, {number(totals.get('dropping'))} of them drop packets;"
        f" {number(totals.get('rx_packets_per_second'))} packets/s received,"
        f" {number(totals.get('tx_packets_per_second'))} sent.",
        *table(
            ("Pod", "Port", "Received/s", "Sent/s", "Dropped/s (in)", "Dropped (in)", "Errors"),
            map(_port, worst),
        ),
        *of_many(len(worst), total if len(rows) == len(parts(data, "items")) else None),
    ]


def _dropped(one: Json) -> float:
    return (number_of(one, "rx_dropped_per_second") or 0) * 1e12 + (
        number_of(one, "rx_dropped") or 0
    )


def _port(one: Json) -> tuple[str, ...]:
    return (
        quoted(f"{text(one, 'namespace')}/{text(one, 'pod')}", 80),
        quoted(text(one, "port"), 40),
        number(one.get("rx_packets_per_second")),
        number(one.get("tx_packets_per_second")),
        number(one.get("rx_dropped_per_second")),
        number(one.get("rx_dropped")),
        number(one.get("rx_errors")),
    )


def functions(data: Json, view: View) -> list[str]:
    """Virtual functions, the resources without free ones first."""
    rows, total = speaking(parts(data, "items"), view.terms), number_of(data, "total")
    if not rows:
        return ["**SR-IOV:** no resource is known."]
    totals = part(data, "totals")
    fullest = sorted(rows, key=lambda each: number_of(each, "free_vfs") or 0)
    return [
        f"**SR-IOV:** {number(totals.get('used_vfs'))} of {number(totals.get('total_vfs'))} virtual"
        f" functions are in use; resources: {number(total)}, exhausted:"
        f" {number(totals.get('exhausted'))}.",
        *table(("Resource", "Node", "In use", "Free", "All", "Cluster"), map(_resource, fullest)),
        *of_many(len(fullest), total if len(rows) == len(parts(data, "items")) else None),
    ]


def _resource(one: Json) -> tuple[str, ...]:
    return (
        quoted(text(one, "resource_name"), 60),
        quoted(text(one, "node_name"), 60),
        number(one.get("used_vfs")),
        number(one.get("free_vfs")),
        number(one.get("total_vfs")),
        quoted(text(one, "cluster_name"), 60),
    )
