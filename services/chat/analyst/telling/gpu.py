"""GPUs in words."""

from collections.abc import Sequence

from services.chat.analyst.reading import (
    Json,
    items,
    number as number_of,
    part,
    parts,
    speaking,
    text,
)
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

_HEAT = frozenset({"temp", "temperature", "hot", "hottest", "heat"})
_POWER = frozenset({"power", "watt"})
_MEMORY = frozenset({"memory", "vram", "ram"})
_Gpu = tuple[Json, Json]
"""Its node, and itself."""


def nodes(data: Json, view: View) -> list[str]:
    """Each GPU, the remarkable ones first, or the highest of what is asked for."""
    rows = speaking(parts(data, "items"), view.terms)
    found = [(node, one) for node in rows for one in parts(node, "gpus")]
    total = number_of(data, "total")
    if not rows:
        return ["**GPUs:** no node with GPUs is known" + _of_node(view) + "."]
    ranked = _ranked(found, view)
    lines = [
        f"**GPUs:** {number(len(found))} on {number(len(rows))} nodes"
        + (f" of {number(total)}" if total is not None and total > len(rows) else "")
        + ".",
        *_highest(found, view),
        *table(
            ("Node", "GPU", "Model", "Utilisation", "Memory", "Temperature", "Power", "Remarks"),
            (_row(*each) for each in ranked),
        ),
        *of_many(len(ranked), len(ranked)),
    ]
    lost = [each for each in rows if text(each, "error") or each.get("stale") is True]
    return [*lines, *_silent(lost)]


def _of_node(view: View) -> str:
    name = view.arguments.get("node_name")
    return f" by the name {quoted(name, 80)}" if name else ""


def _silent(rows: Sequence[Json]) -> list[str]:
    told = [
        f"- {quoted(text(each, 'node_name'), 80)}: "
        + (quoted(text(each, "error"), 200) if text(each, "error") else "")
        + (f" no sample since {moment(each.get('last_updated'))}" if each.get("stale") else "")
        for each in rows[:5]
    ]
    return ["", "Of these nodes nothing new is known:", "", *told] if told else []


def _ranked(found: list[_Gpu], view: View) -> list[_Gpu]:
    field = _field(view)
    if field is not None:
        return sorted(found, key=lambda each: -(number_of(each[1], field) or 0))
    return sorted(
        found, key=lambda each: (not _remarks(each[1]), each[1].get("wasted") is not True)
    )


def _field(view: View) -> str | None:
    words = set(view.words)
    if words & _HEAT:
        return "temperature_celsius"
    if words & _POWER:
        return "power_draw_watts"
    return "memory_used_mb" if words & _MEMORY else None


def _highest(found: list[_Gpu], view: View) -> list[str]:
    field = _field(view) or "temperature_celsius"
    unit = {"temperature_celsius": "°C", "power_draw_watts": "W"}.get(field, "MiB")
    name = {"temperature_celsius": "The hottest", "power_draw_watts": "The one that draws most"}
    some = [each for each in found if number_of(each[1], field) is not None]
    if not some:
        return []
    node, one = max(some, key=lambda each: number_of(each[1], field) or 0)
    told = name.get(field, "The fullest")
    return [
        f"{told}{' of those told' if view.of else ''} is GPU {number(one.get('index'))} of"
        f" {quoted(text(node, 'node_name'), 80)} in {quoted(text(node, 'cluster_name'), 60)}"
        f" with {number(one.get(field), unit)}."
    ]


def _row(node: Json, one: Json) -> tuple[str, ...]:
    used, all_of_it = one.get("memory_used_mb"), one.get("memory_total_mb")
    return (
        quoted(text(node, "node_name"), 60),
        number(one.get("index")),
        quoted(text(one, "name"), 40),
        number(one.get("utilization_gpu_percent"), "%"),
        f"{number(used)} of {number(all_of_it, 'MiB')}",
        number(one.get("temperature_celsius"), "°C"),
        number(one.get("power_draw_watts"), "W"),
        _remarks(one) or "-",
    )


def _remarks(one: Json) -> str:
    raised = [word(each) for each in items(one, "raised") if isinstance(each, str)]
    throttled = [word(each) for each in items(one, "throttle_reasons") if isinstance(each, str)]
    last = part(one, "last_xid")
    xid = number_of(last, "xid") or number_of(one, "xid")
    return joined(
        f"too high: {' and '.join(raised[:4])}" if raised else "",
        f"XID {number(xid)}" if xid else "",
        f"held back: {' and '.join(throttled[:3])}" if throttled else "",
        "wasted" if one.get("wasted") is True else "idle" if one.get("idle") is True else "",
        quoted(text(one, "error"), 80) if text(one, "error") else "",
    )


def figures(data: Json, view: View) -> list[str]:
    """All GPUs in numbers."""
    hottest, raised = part(data, "hottest"), counts(part(data, "raised"))
    lines = [
        f"**GPUs:** {number(data.get('gpus'))} on {number(data.get('nodes'))} nodes;"
        f" {number(data.get('idle'))} idle, {number(data.get('wasted'))} of them wasted,"
        f" {number(data.get('errors'))} with errors, {number(data.get('lost'))} lost.",
        f"- Utilisation: {number(data.get('utilization_gpu_percent'), '%')} on average",
        f"- Memory: {number(data.get('memory_used_mb'))} of"
        f" {number(data.get('memory_total_mb'), 'MiB')}",
        f"- Power: {number(data.get('power_draw_watts'))} of"
        f" {number(data.get('power_limit_watts'), 'W')}",
    ]
    if hottest:
        lines.append(
            f"- Hottest: GPU {number(hottest.get('index'))} of"
            f" {quoted(text(hottest, 'node_name'), 80)} in"
            f" {quoted(text(hottest, 'cluster_name'), 60)} with"
            f" {number(hottest.get('temperature_celsius'), '°C')}"
        )
    if raised:
        lines.append(f"- Over a threshold: {raised}")
    if number_of(data, "stale_nodes"):
        lines.append(f"- Nodes without new samples: {number(data.get('stale_nodes'))}")
    by = "by_model" if "model" in view.words else "by_cluster"
    return [*lines, *_by(parts(data, by), "name" if by == "by_model" else "cluster_name")]


def _by(rows: list[Json], name: str) -> list[str]:
    header = ("Model" if name == "name" else "Cluster", "GPUs", "Idle", "Wasted", "Utilisation")
    return table(
        header,
        (
            (
                quoted(text(each, name), 60),
                number(each.get("gpus")),
                number(each.get("idle")),
                number(each.get("wasted")),
                number(each.get("utilization_gpu_percent"), "%"),
            )
            for each in rows
        ),
    )


def processes(data: Json, view: View) -> list[str]:
    """What uses GPUs, the largest first."""
    total, rows = number_of(data, "total"), speaking(parts(data, "items"), view.terms)
    if not rows:
        return ["**Processes on GPUs:** none is known."]
    largest = sorted(rows, key=lambda each: -(number_of(each, "used_memory_mb") or 0))
    return [
        f"**Processes on GPUs:** {number(total if total is not None else len(rows))}.",
        *table(
            ("Pod", "Process", "Node", "GPU", "Memory", "Utilisation of the GPU"),
            map(_process, largest),
        ),
        *of_many(len(largest), total if len(rows) == len(parts(data, "items")) else None),
    ]


def _process(one: Json) -> tuple[str, ...]:
    pod = "/".join(each for each in (text(one, "namespace"), text(one, "pod")) if each)
    return (
        quoted(pod, 80) if pod else word(one.get("attribution")),
        quoted(text(one, "process_name"), 60),
        quoted(text(one, "node_name"), 60),
        number(one.get("gpu_index")),
        number(one.get("used_memory_mb"), "MiB"),
        number(one.get("utilization_gpu_percent"), "%"),
    )
