"""Where nvidia-smi is run, and whose processes are whose."""

import json
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from contracts.gpu import Attribution, GpuProcess
from services.gpu.pods import Inhabitants, Place, Places
from services.gpu.pods_processes import attributed, groups, question
from services.runtime.kube.exec import PodContainer
from services.runtime.kube.failures import UnreadablePage

SPACE = "nvidia-gpu-operator"
UID = "e4b97838-73cc-4b94-9f3a-88153d3c8e31"
CONTAINER = "c664156b4a3cd7658b484ba00f1cb35c037edd2a427931ed8dd9fe20f35f84a2"
OUTER = "701c443334f086aa29e06aba3e42dc979a9605f794b0b19af1f8304bbe5abe7a"


def pod(name: str, node: str | None = "n1", **more: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "first"}, {"name": "second"}]} | (
        {"nodeName": node} if node else {}
    )
    made = {
        "metadata": {"name": name, "namespace": SPACE, "uid": UID},
        "spec": spec | more.pop("spec", {}),
        "status": {"phase": "Running"} | more.pop("status", {}),
    }
    made["metadata"] |= more
    return made


def page(*items: Any, token: str = "") -> bytes:
    return json.dumps({"metadata": {"continue": token}, "items": items}).encode()


def places(*items: Any) -> dict[str, Place]:
    gathered = Places()
    assert gathered.take(page(*items)) is None
    return gathered.found


def test_the_drivers_pod_goes_before_the_others() -> None:
    kinds = ["nvidia-dcgm-x", "nvidia-dcgm-exporter-x", "nvidia-device-plugin-daemonset-x"]
    # On OpenShift the version of the system is part of the name.
    kinds.append("nvidia-driver-daemonset-412.86.202303241612-0-x7k2p")
    chosen = [places(*map(pod, kinds[: count + 1]))["n1"].where.pod for count in range(len(kinds))]
    assert chosen == kinds


def test_one_pod_of_each_node_is_taken() -> None:
    named = ["nvidia-driver-daemonset-b", "nvidia-driver-daemonset-a"]
    found = places(*map(pod, named), pod("nvidia-device-plugin-daemonset-c", "n2"))
    assert {node: at.where.pod for node, at in found.items()} == {
        "n1": named[1],
        "n2": "nvidia-device-plugin-daemonset-c",
    }


def test_it_is_told_in_which_container_and_whether_all_processes_are_seen_there() -> None:
    driver = {"containers": [{"name": "other"}, {"name": "nvidia-driver-ctr"}], "hostPID": True}
    assert places(pod("nvidia-driver-daemonset-a", spec=driver))["n1"] == Place(
        "n1", PodContainer(SPACE, "nvidia-driver-daemonset-a", "nvidia-driver-ctr"), sees_all=True
    )
    assert places(pod("nvidia-dcgm-a"))["n1"] == Place(
        "n1", PodContainer(SPACE, "nvidia-dcgm-a", "first"), sees_all=False
    )


@pytest.mark.parametrize(
    "other",
    [
        pod("gpu-operator-7c9d"),
        pod("nvidia-driver-daemonsets-a"),
        pod("nvidia-driver-daemonset-a", None),
        pod("nvidia-driver-daemonset-a", status={"phase": "Pending"}),
        pod("nvidia-driver-daemonset-a", deletionTimestamp="2026-03-01T12:00:00Z"),
        pod("nvidia-driver-daemonset-a", "n" * 254),
        pod("nvidia-driver-daemonset-a", "n\0"),
        pod("nvidia-driver-daemonset-a", spec={"containers": None}),
        {"metadata": {"name": "nvidia-driver-daemonset-a"}},
    ],
)
def test_other_pods_are_passed_over(other: dict[str, Any]) -> None:
    assert places(other) == {}


def test_pages_follow_each_other() -> None:
    gathered = Places()
    assert gathered.take(page(pod("nvidia-dcgm-a"), token="more")) == "more"
    assert gathered.take(b'{"metadata":{},"items":null}') is None
    assert set(gathered.found) == {"n1"}
    for broken in (b"[]", b"{", b'{"items":[1]}', b"\xff"):
        with pytest.raises(UnreadablePage):
            gathered.take(broken)


def lines(pid: int, *told: str) -> str:
    return "".join(f"/proc/{pid}/cgroup:{each}\n" for each in told)


KNOWN = [
    # A node that is itself in a container: sustainable-computing-io/kepler#923.
    (
        f"12:rdma:/system.slice/docker-{OUTER}.scope",
        f"11:blkio:/system.slice/docker-{OUTER}.scope/kubelet/kubepods/besteffort/pod{UID}/{CONTAINER}",
    ),
    (f"11:memory:/kubepods/burstable/pod{UID}/{CONTAINER}",),
    (
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
        f"{UID.replace('-', '_')}.slice/crio-{CONTAINER}.scope",
    ),
    (
        f"0::/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/"
        f"cri-containerd-{CONTAINER}.scope",
    ),
    (f"0::/../../kubepods-besteffort-pod{UID.replace('-', '_')}.slice/docker-{CONTAINER}.scope",),
    # elastic/apm-agent-nodejs#3550.
    (
        "1:name=systemd:/system.slice/containerd.service/kubepods-burstable-pod"
        f"{UID.replace('-', '_')}.slice:cri-containerd:{CONTAINER}",
    ),
    (
        "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
        f"kubelet-kubepods-besteffort-pod{UID.replace('-', '_')}.slice/"
        f"cri-containerd-{CONTAINER}.scope",
    ),
    # The pod's own, seen from inside of it: only the container is told.
    (f"0::/../cri-containerd-{CONTAINER}.scope",),
]


def inhabitants() -> Inhabitants:
    told = {"containerStatuses": [{"name": "main", "containerID": f"cri-o://{CONTAINER}"}]}
    gathered = Inhabitants()
    gathered.take(page(pod("llm-0", namespace="training", status=told), pod("x", uid="other")))
    return gathered


@pytest.mark.parametrize("told", KNOWN)
def test_a_process_is_found_in_its_pod(told: tuple[str, ...]) -> None:
    group = groups(lines(7, *told))[7]
    placed = attributed(GpuProcess(gpu_uuid="GPU-a", pid=7), group, inhabitants().found)
    assert placed == GpuProcess(
        gpu_uuid="GPU-a",
        pid=7,
        attribution=Attribution.POD,
        namespace="training",
        pod="llm-0",
        container="main",
    )


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("0::/system.slice/nvidia-persistenced.service", Attribution.HOST),
        ("0::/../../../system.slice/sshd.service", Attribution.HOST),
        ("0::/user.slice/user-1000.slice/session-3.scope", Attribution.HOST),
        (f"0::/system.slice/docker-{OUTER}.scope", Attribution.HOST),
        ("0::/", Attribution.UNKNOWN),
        ("0::/..", Attribution.UNKNOWN),
        (f"0::/kubepods/burstable/pod{UID[:-1]}0/{OUTER}", Attribution.UNKNOWN),
    ],
)
def test_a_process_elsewhere_is_in_no_pod(told: str, known: Attribution) -> None:
    process = GpuProcess(gpu_uuid="GPU-a", pid=7)
    group = groups(lines(7, told))[7]
    placed = attributed(process, group, inhabitants().found)
    assert placed == process.model_copy(update={"attribution": known})


def test_processes_are_asked_for_together_and_some_have_ended() -> None:
    assert question([7, 8]) == ("grep", "-H", "", "/proc/7/cgroup", "/proc/8/cgroup")
    output = lines(7, *KNOWN[0]) + "grep: /proc/8/cgroup: No such file or directory\n"
    found = groups(output)
    assert set(found) == {7}
    process = GpuProcess(gpu_uuid="GPU-a", pid=8)
    assert attributed(process, found.get(8), inhabitants().found) == process


@for_all(st.text())
def test_nothing_that_is_printed_does_harm(text: str) -> None:
    for output in (text, f"/proc/7/cgroup:0::/{text}"):
        for group in groups(output).values():
            attributed(GpuProcess(gpu_uuid="GPU-a", pid=7), group, inhabitants().found)
