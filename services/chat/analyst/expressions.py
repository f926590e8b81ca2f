"""PromQL, LogQL and TraceQL: as they stand in a question, or made of its words. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from services.chat.analyst.log_lines import string


class Language(Enum):
    """Of an expression."""

    PROMQL = "PromQL"
    LOGQL = "LogQL"
    TRACEQL = "TraceQL"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured of every cluster."""

    name: str
    """In words, with its unit."""
    query: str


_TICKED = re.compile(r"```(?:\w+\n)?(.+?)```|`([^`\n]+)`", re.DOTALL)
_METRIC = re.compile(r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")
_NAMED = re.compile(r"(?<![\w`./-])([a-zA-Z]\w*(?:[_:]\w+)+)(?![\w/-])")
_TITLED = re.compile(r"[A-Z][A-Z0-9_]+ (?:on|of) \S*[-\d]")
"""Of an incident, as they are titled: what is wrong, and with what."""
_COMPARED = re.compile(r"^[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:[=!]=|[<>]=?|[*/%+-])\s*[\w.]")
_PIPED = re.compile(r"\}\s*(\|=|\|~|!=|!~|\|\s*\w)")
_SPANS = re.compile(
    r"(^|[{&|(\s])(resource|span|trace|rootServiceName|status|duration|kind|name)\b"
)
_MOST = 4_000

MEASURES: Mapping[str, Measure] = {
    "cpu": Measure(
        "CPU in use by node, in cores",
        'sum by (node) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))',
    ),
    "load": Measure("load of nodes over one minute", "node_load1"),
    "memory": Measure(
        "memory in use by node, in per cent",
        "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    ),
    "disk": Measure(
        "room left on disks, in bytes", "min by (instance) (node_filesystem_avail_bytes)"
    ),
    "network": Measure(
        "bytes received by node and second",
        'sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))',
    ),
    "restart": Measure(
        "restarts of containers within an hour",
        "sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0",
    ),
    "unready": Measure(
        "pods that are not ready",
        'sum by (namespace, pod) (kube_pod_status_ready{condition="false"}) > 0',
    ),
    "down": Measure("targets that cannot be scraped", "up == 0"),
    "gpu": Measure("utilisation of GPUs, in per cent", "DCGM_FI_DEV_GPU_UTIL"),
    "gpu temperature": Measure("temperature of GPUs, in °C", "DCGM_FI_DEV_GPU_TEMP"),
    "gpu power": Measure("power of GPUs, in W", "DCGM_FI_DEV_POWER_USAGE"),
    "gpu memory": Measure("memory of GPUs in use, in MiB", "DCGM_FI_DEV_FB_USED"),
    "ptp": Measure("offset of PTP clocks, in ns", "openshift_ptp_offset_ns"),
}
_WORDS: Mapping[str, str] = {
    "cpu": "cpu", "load": "load", "capacity": "cpu", "memory": "memory", "ram": "memory",
    "disk": "disk", "filesystem": "disk", "storage": "disk", "network": "network",
    "bandwidth": "network", "throughput": "network", "restart": "restart", "crashloop": "restart",
    "unready": "unready", "down": "down", "target": "down",
}  # fmt: skip
_OF_GPUS: Mapping[str, str] = {
    "temp": "gpu temperature", "temperature": "gpu temperature", "hot": "gpu temperature",
    "hottest": "gpu temperature", "heat": "gpu temperature", "power": "gpu power",
    "watt": "gpu power", "memory": "gpu memory", "vram": "gpu memory",
}  # fmt: skip


def written(question: str, words: Collection[str]) -> list[tuple[Language, str]]:
    """The expressions that a question holds: in backticks, or the bare name of a metric."""
    ticked = [(one or other).strip() for one, other in _TICKED.findall(question)]
    found = [(_language(each, words), each) for each in ticked if _is_expression(each)]
    if not found:
        bare = _NAMED.findall(_TITLED.sub(" ", _TICKED.sub(" ", question)))
        found = [(Language.PROMQL, each) for each in bare if not _is_column(each)]
    return [(language, text) for language, text in found if len(text) <= _MOST][:2]


def _is_expression(text: str) -> bool:
    if "\0" in text:
        return False
    is_name = bool(_METRIC.match(text)) and ("_" in text or ":" in text or text == "up")
    return is_name or _COMPARED.match(text) is not None or any(each in text for each in "({[")


def _is_column(name: str) -> bool:
    """A tool's own name, such as people write who have read the documentation."""
    return name.startswith(("get_", "list_", "query_", "search_", "detect_", "analyze_"))


def _language(text: str, words: Collection[str]) -> Language:
    if text.startswith("{"):
        if _PIPED.search(text) or {"log", "logql", "loki"} & set(words):
            return Language.LOGQL
        if {"trace", "span", "traceql", "tempo"} & set(words) or _is_traceql(text):
            return Language.TRACEQL
    return Language.PROMQL


def _is_traceql(text: str) -> bool:
    return _SPANS.search(text) is not None and ("." in text or "status" in text)


def measures(words: Collection[str], *, of_gpus: bool, of_clocks: bool) -> list[Measure]:
    """What of the things that are measured the words name, two at most."""
    if of_clocks:
        return [MEASURES["ptp"]]
    if of_gpus:
        names = [_OF_GPUS[each] for each in sorted(words) if each in _OF_GPUS] or ["gpu"]
    else:
        names = [_WORDS[each] for each in sorted(words) if each in _WORDS]
    return [MEASURES[each] for each in dict.fromkeys(names)][:2]


def traceql(service: str | None, *, failed: bool, least_ms: int | None) -> str | None:
    """Of a service's traces that failed; null where names and durations are enough."""
    if not failed:
        return None
    parts = ["status = error"]
    if service:
        parts.append(f"resource.service.name = {string(service)}")
    if least_ms:
        parts.append(f"duration > {least_ms}ms")
    return f"{{ {' && '.join(parts)} }}"
