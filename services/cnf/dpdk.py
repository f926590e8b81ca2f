"""Packet counters of DPDK's ethdev, by its telemetry or as exporters tell of it: pure.

Sources: "DPDK Telemetry", https://doc.dpdk.org/guides/howto/telemetry.html (``/ethdev/list`` and
``/ethdev/stats``, fields of ``struct rte_eth_stats``); the ``dpdk`` input of Telegraf, which says
in ``params`` what others say in ``port``. No counter tells what was lost on the way out.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.cnf import DpdkPort, DpdkStats
from services.cnf.vectors import Sample, count, own

QUERY: Final = '{__name__=~"dpdk_(ipackets|opackets|imissed|rx_nombuf|ierrors|oerrors)"}'
_PREFIX = "dpdk_"
MOST_PORTS = 16
_LIST, _STATS = "/ethdev/list", "/ethdev/stats"
_QUESTIONS = "\\n".join((_LIST, *(f"{_STATS},{port}" for port in range(MOST_PORTS))))
COMMAND: Final = ("sh", "-c", f"printf '{_QUESTIONS}\\n' | dpdk-telemetry.py")
"""Asks for all ports at once; what is asked of one that is not there is answered with null."""

Counters = Mapping[str, int]


class NoTelemetry(ValueError):
    """What was printed does not tell of ports."""


def ports(output: str) -> tuple[DpdkPort, ...]:
    """The ports that ``COMMAND`` has told of. NoTelemetry."""
    answers = list(_objects(output))
    listed = next((each[_LIST] for each in answers if _LIST in each), None)
    if not isinstance(listed, list):
        raise NoTelemetry("dpdk-telemetry.py tells of no ports")
    told = [each[_STATS] for each in answers if _STATS in each]
    known = {str(port): port for port in range(MOST_PORTS)}
    found: list[DpdkPort] = []
    for name in map(str, listed):  # pyright: ignore[reportUnknownArgumentType]
        number = known.get(name)
        counters = told[number] if number is not None and number < len(told) else None
        if isinstance(counters, dict):
            found.append(_port(name, _whole(counters)))  # pyright: ignore[reportUnknownArgumentType]
    return tuple(found)


def of_samples(samples: Iterable[Sample]) -> tuple[DpdkStats, ...]:
    """The ports of all pods; series that name no pod belong to nobody."""
    pods: dict[tuple[str, str], dict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(dict[str, int])
    )
    nodes: dict[tuple[str, str], str | None] = {}
    for sample in samples:
        namespace, pod = own(sample.labels, "namespace"), own(sample.labels, "pod")
        port = sample.labels.get("port") or sample.labels.get("params")
        if not (namespace and pod and port) or sample.count is None:
            continue
        nodes[namespace, pod] = own(sample.labels, "node")
        pods[namespace, pod][port][sample.metric.removeprefix(_PREFIX)] = sample.count
    return tuple(
        DpdkStats(
            namespace=namespace,
            pod=pod,
            node_name=nodes[namespace, pod],
            ports=tuple(_port(name, counters) for name, counters in sorted(told.items())),
        )
        for (namespace, pod), told in sorted(pods.items())
    )


def _port(name: str, told: Counters) -> DpdkPort:
    lost = [told[each] for each in ("imissed", "rx_nombuf") if each in told]
    return DpdkPort(
        port=name,
        rx_packets=told.get("ipackets"),
        tx_packets=told.get("opackets"),
        rx_dropped=count(sum(lost)) if lost else None,
        rx_errors=told.get("ierrors"),
        tx_errors=told.get("oerrors"),
    )


def _whole(counters: Mapping[Any, Any]) -> Counters:
    return {
        str(name): value
        for name, value in counters.items()
        if isinstance(value, int) and not isinstance(value, bool) and count(value) is not None
    }


def _objects(output: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in it, with whatever prompts and greetings in between."""
    decoder, at = json.JSONDecoder(), output.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(output, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = output.find("{", end)
