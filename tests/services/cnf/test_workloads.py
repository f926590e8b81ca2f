"""Which pods are network functions, and how they are."""

from collections.abc import Mapping
from typing import Any

import pytest

from contracts.clusters import CnfType
from contracts.cnf import CnfWorkload, WorkloadState
from services.cnf import kube_objects, workloads
from services.runtime.kube.failures import UnreadablePage
from tests.services.cnf import objects
from tests.services.cnf.recordings import samples

KUBE_STATE_METRICS = """\
kube_pod_info{namespace="du-site-1",pod="du-0",node="worker-1",host_ip="10.0.0.1"} 1
kube_pod_status_phase{namespace="du-site-1",pod="du-0",phase="Running"} 1
kube_pod_status_phase{namespace="du-site-1",pod="du-0",phase="Failed"} 0
kube_pod_status_ready{namespace="du-site-1",pod="du-0",condition="false"} 1
kube_pod_status_ready{namespace="du-site-1",pod="du-0",condition="true"} 0
kube_pod_container_status_restarts_total{namespace="du-site-1",pod="du-0",container="a"} 7
kube_pod_container_status_restarts_total{namespace="du-site-1",pod="du-0",container="b"} 2
kube_pod_container_status_waiting_reason{namespace="du-site-1",pod="du-0",container="a",\
reason="CrashLoopBackOff"} 1
kube_pod_info{namespace="core",pod="upf-7d9f-x2x1z",node="worker-2"} 1
kube_pod_status_phase{namespace="core",pod="upf-7d9f-x2x1z",phase="Pending"} 1
kube_pod_info{namespace="probes",pod="pktgen-0",node="worker-2"} 1
kube_pod_status_phase{namespace="probes",pod="pktgen-0",phase="Running"} 1
kube_pod_info{namespace="shop",pod="web-0",node="worker-2"} 1
kube_pod_status_reason{namespace="du-site-1",pod="du-gone",reason="Evicted"} 1
"""
"""As docs/metrics/workload/pod-metrics.md of kube-state-metrics describes its series."""


def read(*pods: Mapping[str, Any], devices: frozenset[str] = frozenset()) -> list[CnfWorkload]:
    items, token = kube_objects.pods(objects.page(*pods))
    assert token is None
    return [found for each in items if (found := workloads.of_pod(each, devices)) is not None]


def test_a_pod_of_a_network_function_is_told_of_as_it_is() -> None:
    (found,) = read(objects.pod("main-0"))
    assert found == CnfWorkload(
        cnf_type=CnfType.VDU,
        namespace="du-site-1",
        pod="main-0",
        node_name="worker-1",
        state=WorkloadState.RUNNING,
        ready=True,
        restarts=0,
        reason=None,
        evidence="namespace named like a VDU",
    )


@pytest.mark.parametrize(
    ("pod", "kind", "evidence"),
    [
        (objects.pod("upf-0", "cu-1"), CnfType.UPF, "pod named like a UPF"),
        (objects.pod("a", "x", labels={"app": "o-du"}), CnfType.VDU, "its label app says so"),
        (
            objects.pod("du-0", "x", labels={"o-ran.org/function": "O-CU-CP", "app": "du"}),
            CnfType.VCU,
            "its label o-ran.org/function says so",
        ),
        (
            objects.pod("probe", "x", asks={"intel.com/vf": "1"}),
            CnfType.OTHER,
            "it asks for intel.com/vf",
        ),
        (
            objects.pod("probe", "x", asks={"hugepages-1Gi": "4Gi"}),
            CnfType.OTHER,
            "it asks for hugepages-1Gi",
        ),
    ],
)
def test_what_makes_a_pod_a_network_function(pod: Any, kind: CnfType, evidence: str) -> None:
    (found,) = read(pod, devices=frozenset({"intel.com/vf"}))
    assert (found.cnf_type, found.evidence) == (kind, evidence)


def test_other_pods_are_none() -> None:
    assert read(objects.pod("web-0", "shop", labels={"app": "web"})) == []


def waiting(reason: str) -> Any:
    return {"restartCount": 3, "state": {"waiting": {"reason": reason}}}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"containerStatuses": [waiting("CrashLoopBackOff")]}, "CrashLoopBackOff"),
        ({"reason": "Evicted", "containerStatuses": [waiting("X")]}, "Evicted"),
        ({"initContainerStatuses": [waiting("ErrImagePull")]}, "ErrImagePull"),
        (
            {"containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled"}}}]},
            "OOMKilled",
        ),
        (
            {"containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}]},
            None,
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
                ]
            },
            "Unschedulable",
        ),
    ],
)
def test_why_a_pod_is_not_running(status: Any, reason: str | None) -> None:
    (found,) = read(objects.pod("du-0", **status))
    assert found.reason == reason


def test_a_pod_before_it_is_scheduled() -> None:
    told: Any = {"conditions": None, "containerStatuses": None}
    (found,) = read(objects.pod("du-0", node=None, phase="Pending", **told))
    assert (found.node_name, found.ready, found.restarts) == (None, None, None)
    assert found.state is WorkloadState.PENDING


def test_a_phase_that_nobody_knows_is_unknown() -> None:
    (found,) = read(objects.pod("du-0", phase="Dreaming"))
    assert found.state is WorkloadState.UNKNOWN


@pytest.mark.parametrize("body", [b"", b"{}", b'{"items": 1}', b'\xff{"items": []}'])
def test_what_is_no_list_is_not_read(body: bytes) -> None:
    with pytest.raises(UnreadablePage):
        kube_objects.pods(body)


def test_the_same_out_of_metrics() -> None:
    others = {("probes", "pktgen-0"): "openshift.io/du_fronthaul"}
    pktgen, upf, du = sorted(
        workloads.of_samples(samples(KUBE_STATE_METRICS), others),
        key=lambda each: ["pktgen-0", "upf-7d9f-x2x1z", "du-0"].index(each.pod),
    )
    assert du == CnfWorkload(
        cnf_type=CnfType.VDU,
        namespace="du-site-1",
        pod="du-0",
        node_name="worker-1",
        state=WorkloadState.RUNNING,
        ready=False,
        restarts=9,
        reason="CrashLoopBackOff",
        evidence="pod named like a VDU",
    )
    assert (upf.cnf_type, upf.state, upf.ready) == (CnfType.UPF, WorkloadState.PENDING, None)
    assert pktgen.evidence == "it asks for openshift.io/du_fronthaul"


def test_pods_of_no_telling_name_are_asked_for_by_theirs() -> None:
    query = workloads.query([("a", "pktgen.1"), ("b", 'bad"name')])
    assert "|pktgen[.]1" in query
    assert 'bad"name' not in query
