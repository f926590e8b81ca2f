"""Virtual functions of nodes, by the operator's objects and by metrics."""

from typing import Any

import msgspec
import pytest

from contracts.cnf import SriovStatus
from services.cnf import kube_objects, sriov
from services.cnf.kube_objects import Node, NodeState, Pod
from tests.services.cnf import objects
from tests.services.cnf.recordings import json_of, samples

FRONTHAUL = "openshift.io/du_fronthaul"
KUBE_STATE_METRICS = """\
kube_node_status_allocatable{node="worker-1",resource="openshift_io_du_fronthaul",unit="integer"} 8
kube_node_status_capacity{node="worker-1",resource="openshift_io_du_fronthaul",unit="integer"} 10
kube_node_status_allocatable{node="worker-1",resource="hugepages_1Gi",unit="byte"} 3.4e+10
kube_pod_container_resource_requests{namespace="du-site-1",pod="du-0",container="a",\
node="worker-1",resource="openshift_io_du_fronthaul",unit="integer"} 2
kube_pod_container_resource_requests{namespace="du-site-1",pod="du-0",container="b",\
node="worker-1",resource="openshift_io_du_fronthaul",unit="integer"} 1
kube_pod_container_resource_requests{namespace="du-site-1",pod="du-old",container="a",\
node="worker-1",resource="openshift_io_du_fronthaul",unit="integer"} 4
kube_pod_container_resource_requests{namespace="core",pod="pktgen-0",container="a",\
node="worker-2",resource="hugepages_1Gi",unit="byte"} 4.2e+09
kube_pod_status_phase{namespace="du-site-1",pod="du-old",phase="Succeeded"} 1
"""
"""As the documents of kube-state-metrics describe its series."""


def state(told: Any) -> NodeState:
    return msgspec.convert(told, NodeState)


def nodes(*told: Any) -> list[Node]:
    return list(kube_objects.nodes(objects.page(*told))[0])


def pods(*told: Any) -> list[Pod]:
    return list(kube_objects.pods(objects.page(*told))[0])


def test_a_resource_is_told_with_all_that_there_is_of_it() -> None:
    users = pods(
        objects.pod("du-0", asks={FRONTHAUL: "2"}),
        objects.pod("du-1", asks={FRONTHAUL: "1"}),
        objects.pod("du-2", asks={FRONTHAUL: "4"}, phase="Succeeded"),
        objects.pod("du-3", asks={FRONTHAUL: "4"}, node=None),
        objects.pod("du-4", asks={FRONTHAUL: "4"}, node="worker-2"),
    )
    found = sriov.statuses([state(objects.node_state())], nodes(objects.node(allocatable=7)), users)
    assert found == (
        SriovStatus(
            node_name="worker-1",
            resource_name=FRONTHAUL,
            policy="du-fronthaul",
            interfaces=("ens2f0",),
            total_vfs=8,
            allocatable_vfs=7,
            used_vfs=3,
        ),
    )


def test_a_recorded_node_before_its_device_plugin_runs() -> None:
    (found,) = sriov.statuses([state(json_of("node-state.json"))], [], [])
    assert found == SriovStatus(
        node_name="cnfdf06.ran.dfwt5g.lab",
        resource_name="openshift.io/vuy_sriovnic",
        policy="sriov-network-node-policy",
        interfaces=("ens5f0",),
        total_vfs=6,
        allocatable_vfs=None,
        used_vfs=0,
    )


@pytest.mark.parametrize(
    ("vf_range", "total"), [("ens2f0#0-7", 8), (f"ens2f0#0-{'9' * 5000}", 8), ("odd", 8)]
)
def test_nonsense_of_an_operator_costs_nothing(vf_range: str, total: int) -> None:
    told: Any = objects.node_state(vfs=8)
    interface = told["spec"]["interfaces"][0]
    interface["vfGroups"][0]["vfRange"] = vf_range
    told["status"]["interfaces"][0] |= {"numVfs": 10**15, "Vfs": None}
    (found,) = sriov.statuses([state(told)], nodes(objects.node()), [])
    assert found.total_vfs == total


def test_functions_that_are_still_being_made_are_not_there() -> None:
    (found,) = sriov.statuses([state(objects.node_state(vfs=3))], nodes(objects.node()), [])
    assert found.total_vfs == 3


def test_one_interface_may_be_shared_out() -> None:
    told = objects.node_state()
    interface = told["spec"]["interfaces"][0]
    interface["vfGroups"] = [
        {"policyName": "a", "resourceName": "du_fronthaul", "vfRange": "0-1"},
        {"policyName": "b", "resourceName": "du_midhaul", "vfRange": "ens2f0#2-7"},
        {"policyName": "c", "resourceName": "", "vfRange": "0-7"},
    ]
    found = sriov.statuses([state(told)], [], None)
    assert [(each.resource_name, each.total_vfs, each.used_vfs) for each in found] == [
        (FRONTHAUL, 2, None),
        ("openshift.io/du_midhaul", 6, None),
    ]


def test_other_prefixes_are_known_by_the_policies() -> None:
    told = objects.node()
    for part in ("capacity", "allocatable"):
        told["status"][part] = {"intel.com/du_fronthaul": "8", "nvidia.com/gpu": "4"}
    found = sriov.statuses([state(objects.node_state())], nodes(told), [])
    assert [each.resource_name for each in found] == ["intel.com/du_fronthaul"]
    assert found[0].policy == "du-fronthaul"


def test_what_init_containers_had_is_not_added() -> None:
    told = objects.pod("du-0", asks={FRONTHAUL: "1"})
    told["spec"]["initContainers"] = [{"resources": {"limits": {FRONTHAUL: "2"}}}]
    (found,) = sriov.statuses([state(objects.node_state())], nodes(objects.node()), pods(told))
    assert found.used_vfs == 2


@pytest.mark.parametrize("quantity", ["", "8k", "-1", "1e3"])
def test_what_is_no_number_of_devices_is_not_known(quantity: str) -> None:
    assert kube_objects.whole(quantity) is None


def test_the_same_out_of_metrics() -> None:
    told = samples(KUBE_STATE_METRICS)
    asked = sriov.requests(told)
    assert asked.statuses(sriov.over(told)) == (
        SriovStatus(
            node_name="worker-1",
            resource_name=FRONTHAUL,
            total_vfs=10,
            allocatable_vfs=8,
            used_vfs=3,
        ),
    )
    assert asked.others == {
        ("du-site-1", "du-0"): FRONTHAUL,
        ("du-site-1", "du-old"): FRONTHAUL,
        ("core", "pktgen-0"): "hugepages-1Gi",
    }
