"""Network functions of simulated clusters: told alike by metrics, by the API and by programs."""

import json
import re
from itertools import pairwise

import pytest

from deploy.simulator import telco, telco_objects
from deploy.simulator.cluster import Cluster
from deploy.simulator.incidents import Incident
from tests.deploy.simulator.asking import (
    NOON_S,
    allocatable,
    fleet,
    pod_at,
    pods,
    query,
    said,
    value,
)

PMC = ("pmc", "-u", "-b", "0", "-f", "/var/run/ptp4l.0.config")
SHORT = "openshift.io/fronthaul"


@pytest.fixture
def cluster() -> Cluster:
    return fleet().cluster("edge-1")


def test_the_fleet_has_network_functions_of_several_kinds_some_at_the_far_edge() -> None:
    names = [each.name for each in fleet().clusters if each.traits.cnf]
    assert len(names) >= 2
    assert any(name.startswith("far-edge") for name in names)
    without = [each.name for each in fleet().clusters if not each.traits.cnf_metrics]
    assert without == ["edge-2"]


def test_what_metrics_do_not_tell_programs_do() -> None:
    cluster = fleet().cluster("edge-2")
    assert query(cluster, '{__name__=~"openshift_ptp_.*|dpdk_.*"}') == []
    daemon, *_ = pods(cluster, "linuxptp-daemon")
    assert "master_offset" in said(cluster, daemon, *PMC, "GET TIME_STATUS_NP").stdout
    assert query(cluster, "kube_pod_info")


def test_a_clock_drifts_is_held_runs_free_and_is_locked_again(cluster: Cluster) -> None:
    node = next(cluster.cnf_nodes()).name
    cluster.stage.order(Incident.PTP_DRIFT, NOON_S, 1000)
    labels = f'{{node="{node}",process="ptp4l"}}'
    states = [
        value(cluster, f"openshift_ptp_clock_state{labels}", NOON_S + 10 * step)
        for step in range(-1, 102)
    ]
    changes = [states[0]] + [after for before, after in pairwise(states) if before != after]
    assert changes == [1, 2, 0, 1]
    offsets = [
        abs(value(cluster, f"openshift_ptp_offset_ns{labels}", NOON_S + at))
        for at in (-1, 140, 440, 840, 1001)
    ]
    assert offsets[0] < 100 < offsets[2] < offsets[3]
    assert offsets[4] < 100
    classes = {
        value(cluster, f"openshift_ptp_clock_class{labels}", NOON_S + at) for at in (-1, 300, 700)
    }
    assert classes == {6, 7, 248}


def test_only_one_clock_of_a_cluster_drifts(cluster: Cluster) -> None:
    cluster.stage.order(Incident.PTP_DRIFT, NOON_S, 1000)
    told = query(cluster, 'openshift_ptp_clock_state{process="ptp4l"}', NOON_S + 700)
    assert sorted(state for _, state in told) == [0, 1]


def test_pmc_tells_of_the_clock_that_metrics_tell_of(cluster: Cluster) -> None:
    cluster.stage.order(Incident.PTP_DRIFT, NOON_S, 1000)
    questions = ("GET PORT_DATA_SET", "GET TIME_STATUS_NP", "GET PARENT_DATA_SET", "GET NOTHING")
    for daemon in pods(cluster, "linuxptp-daemon"):
        for at in (-1, 300, 700):
            text = said(cluster, daemon, *PMC, *questions, at=NOON_S + at).stdout
            fields = dict(re.findall(r"^\t\t(\S+) +(\S+)$", text, re.MULTILINE))
            labels = f'{{node="{daemon.node}",process="ptp4l"}}'
            offset = value(cluster, f"openshift_ptp_offset_ns{labels}", NOON_S + at)
            assert float(fields["master_offset"]) == offset
            clock_class = value(cluster, f"openshift_ptp_clock_class{labels}", NOON_S + at)
            assert float(fields["gm.ClockClass"]) == clock_class
            role = value(cluster, f"openshift_ptp_interface_role{labels}", NOON_S + at)
            assert fields["portState"] == telco.Role(int(role)).name
            assert text.count("sending: GET ") == 4
            assert "MANAGEMENT_ERROR_STATUS NOTHING" in text


def test_pmc_knows_one_configuration_and_no_other_pod_knows_pmc(cluster: Cluster) -> None:
    daemon, *_ = pods(cluster, "linuxptp-daemon")
    other = said(cluster, daemon, "pmc", "-f", "/var/run/ptp4l.1.config", "GET TIME_STATUS_NP")
    assert (other.code, other.stdout) == (255, "")
    shop, *_ = pods(cluster, "shop")
    assert said(cluster, shop, *PMC, "GET TIME_STATUS_NP").code == 127


def test_functions_are_used_by_pods_that_have_asked_for_them(cluster: Cluster) -> None:
    for node in cluster.cnf_nodes():
        for pool in telco.POOLS:
            asked = [
                int(requests.get(pool.resource, 0))
                for pod in cluster.pods()
                if pod.node == node.name
                for requests in [_requests(cluster, pod.name)]
            ]
            assert sum(asked) == telco.used(cluster, node, pool) > 0
            name = pool.resource.replace(".", "_").replace("/", "_")
            metric = (
                f'sum(kube_pod_container_resource_requests{{node="{node.name}",resource="{name}"}})'
            )
            assert value(cluster, metric) == sum(asked)
            devices = query(
                cluster, f'sriov_kubepoddevice{{node="{node.name}",dev_type="{pool.resource}"}}'
            )
            assert len({labels["pciAddr"] for labels, _ in devices}) == sum(asked)


def _requests(cluster: Cluster, name: str) -> dict[str, str]:
    pod = next(each for each in cluster.pods() if each.name == name)
    return (
        pod_at(cluster, pod, NOON_S)["spec"]["containers"][0]
        .get("resources", {})
        .get("requests", {})
    )


def test_the_operator_tells_of_the_functions_that_there_are(cluster: Cluster) -> None:
    for node in cluster.cnf_nodes():
        state = telco_objects.node_state(cluster, node)
        wanted = {each["name"]: each for each in state["spec"]["interfaces"]}
        there = {each["name"]: each for each in state["status"]["interfaces"]}
        assert set(wanted) == set(there) == {pool.interface for pool in telco.POOLS}
        for name, each in there.items():
            assert len(each["Vfs"]) == each["numVfs"] == wanted[name]["numVfs"] <= each["totalvfs"]
            addresses = [function["pciAddress"] for function in each["Vfs"]]
            assert len(set(addresses)) == len(addresses)
        used = {labels["pciAddr"] for labels, _ in query(cluster, "sriov_kubepoddevice")}
        assert used <= {
            function["pciAddress"] for each in there.values() for function in each["Vfs"]
        }


def test_functions_run_short_on_one_node(cluster: Cluster) -> None:
    first, last = (node.name for node in cluster.cnf_nodes())
    cluster.stage.order(Incident.VF_SHORTAGE, NOON_S, 600)
    for at, left in ((-1, "8"), (300, "2"), (601, "8")):
        assert allocatable(cluster, first, NOON_S + at)[SHORT] == "8"
        assert allocatable(cluster, last, NOON_S + at)[SHORT] == left
        metric = f'kube_node_status_allocatable{{node="{last}",resource="openshift_io_fronthaul"}}'
        assert value(cluster, metric, NOON_S + at) == float(left)
        total = metric.replace("allocatable", "capacity")
        assert value(cluster, total, NOON_S + at) == 8


def test_a_port_drops_packets_while_that_is_the_incident_and_forgets_none(
    cluster: Cluster,
) -> None:
    cluster.stage.order(Incident.DPDK_DROPS, NOON_S, 600)
    moments = [NOON_S + at for at in (-60, 0, 300, 600, 900)]
    told = [query(cluster, 'dpdk_imissed{command="/ethdev/stats"}', at) for at in moments]
    dropped = [sum(found for _, found in each) for each in told]
    assert dropped[0] == dropped[1] == 0
    assert 0 < dropped[2] < dropped[3] == dropped[4]
    assert sum(found > 0 for _, found in told[3]) == 1
    for metric in ("dpdk_ipackets", "dpdk_opackets", "dpdk_rx_nombuf"):
        totals = [sum(found for _, found in query(cluster, metric, at)) for at in moments]
        assert totals == sorted(totals)


def test_dpdk_tells_by_its_telemetry_what_metrics_tell(cluster: Cluster) -> None:
    cluster.stage.order(Incident.DPDK_DROPS, NOON_S - 60, 600)
    asked = "\\n".join(("/ethdev/list", "/ethdev/stats,0", "/ethdev/stats,1", "/ethdev/stats,2"))
    pod = next(telco.with_dpdk(cluster))
    text = said(cluster, pod, "sh", "-c", f"printf '{asked}\\n' | dpdk-telemetry.py").stdout
    listed, *ports, missing = map(json.loads, text.splitlines())
    assert listed == {"/ethdev/list": [0, 1]}
    assert missing == {"/ethdev/stats": None}
    for number, port in enumerate(ports):
        labels = f'{{pod="{pod.name}",params="{number}"}}'
        for name in ("ipackets", "opackets", "imissed", "rx_nombuf", "ierrors"):
            assert port["/ethdev/stats"][name] == value(cluster, f"dpdk_{name}{labels}")
    cu, *_ = pods(cluster, "cu-main")
    assert said(cluster, cu, "sh", "-c", "echo / | dpdk-telemetry.py").code == 127


def test_a_pod_that_crashes_shows_it_everywhere(cluster: Cluster) -> None:
    pod, *_ = pods(cluster, "du-main")
    cluster.stage.order(Incident.POD_CRASH, NOON_S, 900)
    labels = f'{{namespace="{pod.namespace}",pod="{pod.name}"}}'
    waiting = f"kube_pod_container_status_waiting_reason{labels}"
    restarts = f"kube_pod_container_status_restarts_total{labels}"
    before = value(cluster, restarts, NOON_S - 1)
    for at, crashing in ((-1, False), (450, True), (901, False)):
        told = pod_at(cluster, pod, NOON_S + at)["status"]
        (container,) = told["containerStatuses"]
        assert container["ready"] is not crashing
        assert ("waiting" in container["state"]) is crashing
        assert container["restartCount"] == value(cluster, restarts, NOON_S + at)
        reasons = [labels["reason"] for labels, _ in query(cluster, waiting, NOON_S + at)]
        assert reasons == ["CrashLoopBackOff"] * crashing
        ready = f'kube_pod_status_ready{{pod="{pod.name}",condition="true"}}'
        assert value(cluster, ready, NOON_S + at) == (not crashing)
    assert value(cluster, restarts, NOON_S + 901) > before + 5


def test_every_pod_is_in_one_phase(cluster: Cluster) -> None:
    told = query(cluster, "sum by (pod) (kube_pod_status_phase)")
    assert len(told) == cluster.pod_count
    assert {found for _, found in told} == {1}
