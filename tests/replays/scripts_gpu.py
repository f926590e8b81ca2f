"""What goes wrong with GPUs, and what that does to training and serving."""

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from contracts.gpu import GpuMetric
from tests.kit import builders
from tests.kit.gpu_builders import gpu_disappeared
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place, Workload
from tests.replays.scene import Scene, Script, Telling

_EXPORTER = {
    "job": "nvidia-dcgm-exporter",
    "namespace": "nvidia-gpu-operator",
    "service": "nvidia-dcgm-exporter",
    "modelName": "NVIDIA H100 80GB HBM3",
}


def _uuid(source: random.Random) -> str:
    digits = f"{source.getrandbits(128):032x}"
    ends = (0, 8, 12, 16, 20, 32)
    return "GPU-" + "-".join(digits[a:b] for a, b in pairwise(ends))


def _fact(at: Place, node: str, uuid: str, index: int, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"cluster_id": at.id, "node_name": node, "gpu_uuid": uuid}
    return values | {"gpu_index": index, "pod": None, "pod_namespace": None} | changes


def _of_gpu(
    told: Telling, begin: float, name: str, node: str, gpu: tuple[str, int], **labels: str
) -> Symptom:
    uuid, index = gpu
    where = {"Hostname": node, "UUID": uuid, "gpu": str(index), "device": f"nvidia{index}"}
    return told.alert(begin, name, **(_EXPORTER | where | labels))


def _job(told: Telling) -> tuple[Workload, str, str]:
    """A training of several pods, and one of them with its node."""
    training = told.workload(names=("worker", "search", "images", "scheduler"), pods=2)
    pod, node = told.source.choice(training.pods)
    return training, pod, node


def _fails(told: Telling, begin: float, training: Workload, pods: Sequence[str]) -> None:
    """The others wait for the one that is gone, and give up."""
    for pod in pods:
        if told.chance(0.7):
            told.says(told.crash(begin + told.between(0, 90), training, pod))
        if told.chance(0.4):
            told.says(told.of_pod(begin + 30, "KubePodNotReady", training, pod))
    told.says(told.replicas(begin + 30, training))
    told.says(told.of_service(begin, "TrainingThroughputLow", training))
    for caller in told.callers(training, 0, 2):
        told.slow(begin + told.between(30, 120), caller)


def thermal_throttling(source: random.Random, at: Place) -> Scene:
    """A node is not cooled: its GPUs get hot and slow, and what computes there gets slow."""
    told = Telling(source, at)
    training, pod, node = _job(told)
    for index in range(source.choice((4, 8))):
        gpu = (_uuid(source), index)
        using = {"pod": pod, "pod_namespace": training.namespace} if index < 2 else {}
        about = _fact(at, node, *gpu, **using)
        metric = source.choice((GpuMetric.TEMPERATURE, GpuMetric.MEMORY_TEMPERATURE))
        hot = builders.threshold_crossed(**about, metric=metric, value=told.between(86, 94))
        told.tells(told.event(told.between(30, 150), hot))
        for name, likely in (("GPUHighTemperature", 0.6), ("GPUThermalThrottling", 0.5)):
            if told.chance(likely):
                told.tells(_of_gpu(told, told.between(0, 120), name, node, gpu))
    told.says(told.of_service(-300, "TrainingThroughputLow", training))
    for workload, _ in told.some(told.on(node), 2, 5):
        told.slow(told.between(-290, 60), workload)
    return told.scene(f"node/{node}", f"address/{at.addresses[node]}")


_XIDS = (
    (48, "Double bit ECC error"),
    (63, "ECC page retirement or row remapping recording event"),
    (94, "Contained ECC error"),
    (119, "GSP RPC timeout"),
)


def xid_error(source: random.Random, at: Place) -> Scene:
    """One GPU computes wrong: the training that uses it ends, on all its nodes."""
    told = Telling(source, at)
    training, pod, node = _job(told)
    gpu = (_uuid(source), source.randrange(8))
    xid, words = source.choice(_XIDS)
    using = {"pod": pod, "pod_namespace": training.namespace}
    about = _fact(at, node, *gpu, **using)
    told.tells(told.event(20, builders.xid_error(**about, xid=xid, description=words)))
    if told.chance(0.7):
        told.tells(_of_gpu(told, 10, "GPUXidError", node, gpu, err_code=str(xid)))
    _fails(told, -30 * (source.random() < 0.5), training, [one for one, _ in training.pods[:8]])
    return told.scene(f"gpu/{gpu[0]}", f"gpu/{node}/{gpu[1]}")


def off_the_bus(source: random.Random, at: Place) -> Scene:
    """One GPU is gone: XID 79, no samples, and fewer of the resource than pods ask for."""
    told = Telling(source, at)
    training, pod, node = _job(told)
    gpu = (_uuid(source), source.randrange(8))
    about = _fact(at, node, *gpu, pod=pod, pod_namespace=training.namespace)
    if told.chance(0.7):
        told.tells(told.event(5, builders.xid_error(**about)))
    told.tells(told.event(told.between(60, 120), gpu_disappeared(**about)))
    if told.chance(0.6):
        told.tells(_of_gpu(told, 0, "GPUFallenOffBus", node, gpu))
    plugin = Workload("nvidia-gpu-operator", "nvidia-device-plugin-daemonset", "daemonset", ())
    if told.chance(0.5):
        told.says(told.replicas(60, plugin))
    told.errors(-60, training)
    _fails(told, 10, training, [one for one, _ in training.pods[:6]])
    return told.scene(f"gpu/{gpu[0]}", f"gpu/{node}/{gpu[1]}")


def memory_of_gpus_full(source: random.Random, at: Place) -> Scene:
    """A new model takes all the memory of the GPUs it shares: the others fail to allocate."""
    told = Telling(source, at)
    model = told.workload(kind="deployment", names=("search", "images", "pricing"), pods=2)
    told.tells(told.of_workload(0, "KubeDeploymentGenerationMismatch", model))
    for index, (pod, node) in enumerate(model.pods[:4]):
        about = _fact(at, node, _uuid(source), index, pod=pod, pod_namespace=model.namespace)
        full = {"metric": GpuMetric.MEMORY_USED, "value": 98.0, "threshold": 95.0}
        told.says(told.event(told.between(30, 120), builders.threshold_crossed(**about, **full)))
        told.tells(told.crash(told.between(60, 200), model, pod))
        sharing = [one for one in told.on(node) if one[0] != model]
        for workload, other in told.some(sharing, 1, 2):
            told.says(told.crash(told.between(30, 120), workload, other))
            told.errors(told.between(30, 120), workload)
    return told.scene(f"workload/{model.namespace}/{model.name}")


GPU: Mapping[str, Script] = {
    "gpu thermal throttling": thermal_throttling,
    "gpu xid error": xid_error,
    "gpu off the bus": off_the_bus,
    "gpu memory full": memory_of_gpus_full,
}
