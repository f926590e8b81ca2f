"""Metrics of clocks, of virtual functions and of DPDK in a simulated cluster.

Sources: the metrics of the linuxptp daemon in the documentation of OpenShift's PTP operator, those
of https://github.com/k8snetworkplumbingwg/sriov-network-metrics-exporter, and the input plugin
``dpdk`` of Telegraf as its Prometheus output names the fields.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial

from deploy.simulator import telco
from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.series import Found, Metric, Sampled, constant
from deploy.simulator.telco import Clock, Packets

_CONFIG = "ptp4l.0.config"
_SYSTEM = "CLOCK_REALTIME"
_MASKED = telco.INTERFACE[:-1] + "x"
"""The daemon hides the number of a port that stands for the whole card."""
_PTP4L = {"iface": _MASKED, "process": "ptp4l"}
_PHC2SYS = {"iface": _SYSTEM, "process": "phc2sys"}
_FOLLOWED = 10
"""How much better the node's own clock follows its card's than that its grandmaster, in parts."""


def _own(clock: Clock) -> int:
    return round(clock.offset_ns / _FOLLOWED)


def _daemons(cluster: Cluster) -> Iterator[tuple[Node, dict[str, str]]]:
    """Nodes, and what Prometheus says of the daemon on them."""
    if not cluster.traits.cnf_metrics:
        return
    daemons = {pod.node: pod.name for pod in cluster.pods("openshift-ptp")}
    for node in cluster.cnf_nodes():
        yield (
            node,
            {
                "container": "kube-rbac-proxy",
                "endpoint": "metrics",
                "instance": f"{node.name}:8443",
                "job": "ptp-monitor-service",
                "namespace": "openshift-ptp",
                "node": node.name,
                "pod": daemons[node.name],
                "service": "ptp-monitor-service",
            },
        )


def _clocks(
    told: tuple[tuple[Mapping[str, str], Callable[[Clock], float]], ...], cluster: Cluster
) -> Found:
    for node, labels in _daemons(cluster):
        for more, value in told:
            yield {**labels, **more}, _of_clock(cluster, node, value)


def _of_clock(cluster: Cluster, node: Node, value: Callable[[Clock], float]) -> Sampled:
    return lambda at: value(telco.clock(cluster, node, at))


def _ptp(
    help_text: str, *told: tuple[Mapping[str, str], Callable[[Clock], float]], kind: str = "gauge"
) -> Metric:
    return Metric(kind, help_text, partial(_clocks, told))


_FROM_MASTER, _FROM_PHC = _PTP4L | {"from": "master"}, _PHC2SYS | {"from": "phc"}
_PTP = {
    "offset_ns": _ptp("", (_FROM_MASTER, lambda c: c.offset_ns), (_FROM_PHC, _own)),
    "max_offset_ns": _ptp(
        "",
        (_FROM_MASTER, lambda c: abs(c.offset_ns) + 4),
        (_FROM_PHC, lambda c: abs(_own(c)) + 4),
    ),
    "delay_ns": _ptp("", (_FROM_MASTER, lambda c: c.delay_ns), (_FROM_PHC, lambda _: 505)),
    "frequency_adjustment_ns": _ptp(
        "", (_FROM_MASTER, lambda c: -4212 - c.offset_ns), (_FROM_PHC, lambda _: -6768)
    ),
    "clock_state": _ptp(
        "0 = FREERUN, 1 = LOCKED, 2 = HOLDOVER",
        (_PTP4L, lambda c: c.state),
        (_PHC2SYS, lambda c: c.state),
    ),
    "interface_role": _ptp(
        "0 = PASSIVE, 1 = SLAVE, 2 = MASTER, 3 = FAULTY, 4 =  UNKNOWN, 5 = LISTENING",
        ({"iface": telco.INTERFACE, "process": "ptp4l"}, lambda c: c.role),
    ),
    "clock_class": _ptp("", ({"process": "ptp4l"}, lambda c: c.clock_class)),
    "process_status": _ptp(
        "0 = DOWN, 1 = UP",
        ({"config": _CONFIG, "process": "ptp4l"}, lambda _: 1),
        ({"config": _CONFIG, "process": "phc2sys"}, lambda _: 1),
    ),
    "process_restart_count": _ptp(
        "",
        ({"config": _CONFIG, "process": "ptp4l"}, lambda _: 1),
        ({"config": _CONFIG, "process": "phc2sys"}, lambda _: 1),
        kind="counter",
    ),
}


def _devices(cluster: Cluster) -> Found:
    """The virtual functions that pods have, one by one."""
    given: dict[tuple[str, str], int] = {}
    for pod in telco.functions(cluster):
        for pool in telco.POOLS:
            for _ in range(pool.users.get(pod.app, 0)):
                number = given[pod.node, pool.policy] = given.get((pod.node, pool.policy), -1) + 1
                labels = {"dev_type": pool.resource, "pciAddr": address_of(pool, number)}
                named = {"namespace": pod.namespace, "pod": pod.name, "container": pod.container}
                yield labels | named | {"node": pod.node}, constant(1)


def address_of(pool: telco.Pool, number: int) -> str:
    """Where a virtual function is on the PCI bus."""
    function = int(pool.address[-1])
    return f"{pool.address[:5]}{pool.address[5:7]}:{2 + 8 * function:02x}.{number}"


def _ports(name: str, cluster: Cluster) -> Found:
    for pod in telco.with_dpdk(cluster) if cluster.traits.cnf_metrics else ():
        for port in range(telco.DPDK_PORTS):
            labels = {
                "command": "/ethdev/stats",
                "container": "telegraf",
                "host": pod.name,
                "job": "dpdk-telemetry",
                "namespace": pod.namespace,
                "params": str(port),
                "pod": pod.name,
            }
            yield labels, partial(_counted, name, cluster, pod, port)


def _counted(name: str, cluster: Cluster, pod: Pod, port: int, at: float) -> float:
    return float(getattr(telco.packets(cluster, pod, port, at), name))


METRICS: Mapping[str, Metric] = {
    **{f"openshift_ptp_{name}": metric for name, metric in _PTP.items()},
    "sriov_kubepoddevice": Metric("counter", "", _devices),
    **{
        f"dpdk_{each.name}": Metric(
            "unknown", "Telegraf collected metric", partial(_ports, each.name)
        )
        for each in fields(Packets)
    },
}
