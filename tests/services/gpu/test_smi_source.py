"""A cluster's GPUs by nvidia-smi: nodes that are well, slow, broken, new and gone."""

from typing import Any

import httpx
import pytest

from contracts.gpu import Attribution, GpuProcess, GpuProcessType, GpuSource
from services.gpu import smi_source
from services.runtime.kube import exec as pod_exec, exec_failures
from services.runtime.kube.exec import Outcome
from services.runtime.kube.exec_failures import PodContainer
from services.runtime.kube.failures import ApiFailureKind
from tests.services.gpu.nodes import DRIVER, HANG, NOW, SPACE, Node, cluster
from tests.services.gpu.test_nvidia_smi import recording

pytestmark = pytest.mark.anyio

UID = "e4b97838-73cc-4b94-9f3a-88153d3c8e31"


async def test_each_node_tells_of_its_gpus() -> None:
    nodes = [Node("b", values={"temperature.gpu": "61"}), Node("a", values={"fan.speed": "30"})]
    async with cluster(*nodes) as found:
        told = await found.sample()
    assert list(told) == ["a", "b"]
    update = told["b"]
    assert (update.source, update.source_reason) == (GpuSource.NVIDIA_SMI, "there are no metrics")
    assert (update.sampled_at, update.interval_seconds, update.error) == (NOW, 15, None)
    (gpu,) = update.gpus
    assert (gpu.uuid, gpu.index, gpu.temperature_celsius) == ("GPU-b", 0, 61.0)
    assert (gpu.driver_version, gpu.cuda_version) == (DRIVER, "13.0")
    assert (gpu.processes, gpu.mig, gpu.power_draw_watts) == ((), (), None)
    assert told["a"].gpus[0].fan_speed_percent == 30.0


async def test_what_does_not_change_is_asked_for_once() -> None:
    async with cluster(Node("a", unknown=("clocks_event_reasons.active",))) as found:
        first = await found.sample()
        assert found.asked == [
            f"list /api/v1/namespaces/{SPACE}/pods",
            "a: nvidia-smi --query-gpu=i",
            "a: nvidia-smi --query-gpu=i",
            "a: nvidia-smi",
            "a: nvidia-smi --query-compu",
        ]
        again = await found.sample(later=15)
        assert found.asked == ["a: nvidia-smi --query-gpu=i", "a: nvidia-smi --query-compu"]
        assert first["a"].gpus == again["a"].gpus
        await found.sample(later=301)
        assert found.asked[0] == f"list /api/v1/namespaces/{SPACE}/pods"


async def test_another_driver_is_asked_for_everything_again() -> None:
    node = Node("a", unknown=("temperature.memory",), values={"temperature.memory": "71"})
    async with cluster(node) as found:
        assert (await found.sample())["a"].gpus[0].memory_temperature_celsius is None
        node.driver, node.unknown = "590.44.01", ()
        node.overview = "| NVIDIA-SMI 590.44.01  KMD Version: 590.44.01  CUDA UMD Version: 13.1  |"
        (gpu,) = (await found.sample(later=15))["a"].gpus
        assert (gpu.driver_version, gpu.cuda_version) == ("590.44.01", "13.1")
        (gpu,) = (await found.sample(later=30))["a"].gpus
        assert gpu.memory_temperature_celsius == 71.0


async def test_a_gpu_that_is_lost_is_told_with_its_error() -> None:
    node = Node("a")
    async with cluster(node) as found:
        await found.sample()
        node.values = {"driver_version": "[GPU is lost]", "temperature.gpu": "[GPU is lost]"}
        (gpu,) = (await found.sample(later=15))["a"].gpus
        assert (gpu.uuid, gpu.error, gpu.temperature_celsius) == ("GPU-a", "GPU is lost", None)
        assert "a: nvidia-smi" not in found.asked


async def test_a_broken_driver_is_told_of_and_harms_no_other_node() -> None:
    mismatch = "Failed to initialize NVML: Driver/library version mismatch\n", 18
    nodes = [Node("a"), Node("b", instead=mismatch), Node("c", instead=("", 127))]
    async with cluster(*nodes) as found:
        told = await found.sample()
    assert [bool(each.gpus) for each in told.values()] == [True, False, False]
    assert "does not fit its library" in (told["b"].error or "")
    assert "no nvidia-smi in the pod" in (told["c"].error or "")


async def test_a_node_that_hangs_is_left_out_in_time() -> None:
    nodes = [Node("a"), Node("b", instead=HANG), Node("c")]
    async with cluster(*nodes) as found:
        assert list(await found.sample(seconds=5)) == ["a", "c"]


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No command ends in the pods of this list."""
    pods, whole = list[str](), pod_exec.run

    async def run(api: httpx.AsyncClient, where: PodContainer, *args: Any, **how: Any) -> Outcome:
        outcome = await whole(api, where, *args, **how)
        if where.pod in pods:
            raise exec_failures.late(where, how["seconds"])
        return outcome

    monkeypatch.setattr(pod_exec, "run", run)
    return pods


async def test_where_it_hangs_again_it_is_run_less_and_less_often(
    hangs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node("b")
    async with cluster(Node("a"), node) as found:
        hangs.append(node.pod)
        tried: list[int] = []
        for seconds in range(0, 600, 15):
            assert list(await found.sample(later=seconds)) == ["a"]
            tried += [seconds] if any(each.startswith("b: ") for each in found.asked) else []
        assert tried == [0, 15, 75, 195, 435]
        # It takes another number of seconds each time; that is no news.
        assert capsys.readouterr().out.count("node_not_sampled") == 1
        hangs.clear()
        for seconds in (915, 930):
            assert list(await found.sample(later=seconds)) == ["a", "b"]


async def test_a_pod_in_place_of_one_where_it_hangs_is_asked_at_once(hangs: list[str]) -> None:
    node = Node("b")
    async with cluster(Node("a"), node) as found:
        hangs.append(node.pod)
        for seconds in (0, 15):
            await found.sample(later=seconds)
        node.pod = "nvidia-driver-daemonset-new"
        # By then the pods are listed again.
        assert list(await found.sample(later=315)) == ["a", "b"]


async def test_many_nodes_that_hang_leave_time_for_the_others() -> None:
    # As many as are asked at once, and the first in line.
    nodes = [Node(f"a{number}", instead=HANG) for number in range(8)] + [Node("b"), Node("c")]
    async with cluster(*nodes) as found:
        assert list(await found.sample(seconds=6)) == ["b", "c"]
        assert found.most_at_once <= 8


async def test_a_pod_that_was_replaced_loses_no_sample() -> None:
    node = Node("a")
    async with cluster(node, Node("b")) as found:
        await found.sample()
        node.pod = "nvidia-driver-daemonset-new"
        assert list(await found.sample(later=15)) == ["a", "b"]
        found.nodes.remove(node)
        assert list(await found.sample(later=30)) == ["b"]


async def test_a_new_node_is_found_when_the_pods_are_listed_again() -> None:
    async with cluster(Node("a")) as found:
        await found.sample()
        found.nodes.append(Node("b"))
        assert list(await found.sample(later=15)) == ["a"]
        assert list(await found.sample(later=301)) == ["a", "b"]
        smi_source.forget(found.wanted.cluster_id)
        found.nodes.pop()
        assert list(await found.sample(later=302)) == ["a"]


async def test_a_cluster_that_cannot_be_asked_says_why() -> None:
    async with cluster(Node("a")) as found:
        found.refused = 403, ""
        failed = await found.failure()
        assert failed.kind is ApiFailureKind.FORBIDDEN
        assert f"list pods in {SPACE}" in failed.message
        found.refused = None
        await found.sample()
        found.refused = 403, ""
        failed = await found.failure(later=15)
        assert failed.kind is ApiFailureKind.FORBIDDEN
        assert f"pods/exec in {SPACE}" in failed.message
        found.refused = None
        assert list(await found.sample(later=30)) == ["a"]


async def test_a_cluster_without_such_pods_has_nothing_to_tell() -> None:
    async with cluster() as found:
        assert await found.sample() == {}


def training(node: str) -> dict[str, object]:
    told = {"containerStatuses": [{"name": "main", "containerID": f"containerd://{'c' * 64}"}]}
    metadata = {"name": "llm-0", "namespace": "training", "uid": UID}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"phase": "Running"} | told}


def busy(**more: object) -> Node:
    """A node with a process in a pod, one of the node itself, and one that has just ended."""
    lines = [
        f"/proc/7/cgroup:0::/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/"
        f"cri-containerd-{'c' * 64}.scope",
        "/proc/8/cgroup:0::/system.slice/monitor.service",
    ]
    running = [f"GPU-a, {pid}, {name}, 100" for pid, name in ((7, "python"), (8, "m"), (9, "x"))]
    node = Node("a", processes="\n".join(running), cgroups=lines)
    for name, value in more.items():
        setattr(node, name, value)
    return node


async def test_processes_are_told_with_their_pods_as_far_as_they_are_known() -> None:
    async with cluster(busy()) as found:
        found.others.append(training("a"))
        (gpu,) = (await found.sample())["a"].gpus
        assert found.asked[-2:] == [
            "a: grep -H  /proc/7/cgroup ",
            "list /api/v1/pods spec.nodeName=a",
        ]
        first = GpuProcess(
            gpu_uuid="GPU-a",
            pid=7,
            process_name="python",
            used_memory_mb=100,
            type=GpuProcessType.COMPUTE,
            attribution=Attribution.POD,
            namespace="training",
            pod="llm-0",
            container="main",
        )
        assert gpu.processes[0] == first
        assert [each.attribution for each in gpu.processes[1:]] == [
            Attribution.HOST,
            Attribution.UNKNOWN,
        ]
        # Only the one that was not found is looked for again.
        (gpu,) = (await found.sample(later=15))["a"].gpus
        assert gpu.processes[0] == first
        assert found.asked[-1] == "a: grep -H  /proc/9/cgroup"


async def test_a_pod_with_process_numbers_of_its_own_finds_nobody() -> None:
    async with cluster(busy(host_pid=False)) as found:
        found.others.append(training("a"))
        (gpu,) = (await found.sample())["a"].gpus
        assert {each.attribution for each in gpu.processes} == {Attribution.UNKNOWN}
        assert not [each for each in found.asked if "grep" in each]


async def test_processes_of_a_pod_that_is_not_known_are_unknown() -> None:
    async with cluster(busy()) as found:
        (gpu,) = (await found.sample())["a"].gpus
        assert gpu.processes[0].attribution is Attribution.UNKNOWN
        found.others.append(training("a"))
        (gpu,) = (await found.sample(later=15))["a"].gpus
        assert gpu.processes[0].attribution is Attribution.UNKNOWN
        (gpu,) = (await found.sample(later=60))["a"].gpus
        assert gpu.processes[0].pod == "llm-0"


async def test_a_divided_gpu_is_told_with_its_instances_and_who_is_in_them() -> None:
    node = Node(
        "a",
        values={"mig.mode.current": "Enabled"},
        overview=recording("a100-mig-570.148.08.txt")[1],
        listed=recording("a100-mig-list.txt")[1],
        processes="GPU-a, 3817655, /tmp/sample, 714",
    )
    async with cluster(node) as found:
        for later in (0, 15):
            (gpu,) = (await found.sample(later=later))["a"].gpus
            assert gpu.mig_enabled
            assert [(each.gpu_instance_id, each.profile) for each in gpu.mig] == [
                (1, "3g.40gb"),
                (5, "2g.20gb"),
                (13, "1g.10gb"),
                (14, "1g.10gb"),
            ]
            assert gpu.processes[0].gpu_instance_id == 5
