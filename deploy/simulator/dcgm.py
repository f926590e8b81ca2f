"""The metrics of dcgm-exporter in a simulated cluster: the same GPUs that ``nvidia-smi`` shows.

Names, help texts and labels are those of https://github.com/NVIDIA/dcgm-exporter: its file
``etc/default-counters.csv`` with what is commonly added to it, and its attribution to pods. Where
Prometheus is told by a ServiceMonitor, as the GPU operator does it on OpenShift, the exporter's own
labels of pods become ``exported_…``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from deploy.simulator import gpus
from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.gpus import Card, Gpu, Instance
from deploy.simulator.nvidia_smi import driver_of
from deploy.simulator.series import Found, Metric

_SPACE, _EXPORTER = "nvidia-gpu-operator", "nvidia-dcgm-exporter"
_LINK_BYTES = 8e9
"""A second, on one NVLink of a GPU that is busy."""


_Value = Callable[[Gpu], float | None]
_OfInstance = Callable[[Gpu, Instance], float | None]


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of DCGM."""

    kind: str
    help: str
    value: _Value
    of_instance: _OfInstance | None = None
    """Where an instance has a value of its own; otherwise it shows that of its GPU."""


def _whole(value: Callable[[Gpu], float]) -> _Value:
    """What is not known of a GPU that is cut."""
    return lambda gpu: None if gpu.card.instances else value(gpu)


def _linked(value: Callable[[Gpu], float]) -> _Value:
    return lambda gpu: value(gpu) if gpu.card.model.links else None


def _link_bytes(gpu: Gpu) -> float:
    return round(gpu.load * gpu.card.model.links * _LINK_BYTES)


_FIELDS: Mapping[str, _Field] = {
    "SM_CLOCK": _Field("gauge", "SM clock frequency (in MHz).", lambda gpu: gpu.sm_mhz),
    "MEM_CLOCK": _Field(
        "gauge", "Memory clock frequency (in MHz).", lambda gpu: gpu.card.model.memory_mhz
    ),
    "MEMORY_TEMP": _Field("gauge", "Memory temperature (in C).", lambda gpu: gpu.memory_celsius),
    "GPU_TEMP": _Field("gauge", "GPU temperature (in C).", lambda gpu: gpu.celsius),
    "POWER_USAGE": _Field("gauge", "Power draw (in W).", lambda gpu: gpu.watts),
    "POWER_MGMT_LIMIT": _Field(
        "gauge", "Current power limit (in W).", lambda gpu: gpu.card.model.limit_watts
    ),
    "PCIE_REPLAY_COUNTER": _Field("counter", "Total number of PCIe retries.", lambda _: 0),
    "GPU_UTIL": _Field(
        "gauge", "GPU utilization (in %).", _whole(lambda gpu: round(100 * gpu.load))
    ),
    "MEM_COPY_UTIL": _Field(
        "gauge", "Memory utilization (in %).", _whole(lambda gpu: round(60 * gpu.load))
    ),
    "ENC_UTIL": _Field("gauge", "Encoder utilization (in %).", _whole(lambda _: 0)),
    "DEC_UTIL": _Field("gauge", "Decoder utilization (in %).", _whole(lambda _: 0)),
    "XID_ERRORS": _Field("gauge", "Value of the last XID error encountered.", lambda gpu: gpu.xid),
    "FB_FREE": _Field(
        "gauge",
        "Framebuffer memory free (in MiB).",
        lambda gpu: gpu.free_mib,
        lambda _, part: part.memory_mib - part.used_mib,
    ),
    "FB_USED": _Field(
        "gauge",
        "Framebuffer memory used (in MiB).",
        lambda gpu: gpu.used_mib,
        lambda _, part: part.used_mib,
    ),
    "FB_RESERVED": _Field(
        "gauge",
        "Framebuffer memory reserved (in MiB).",
        lambda gpu: gpu.card.model.reserved_mib,
        lambda _gpu, _part: 0,
    ),
    "ECC_DBE_VOL_TOTAL": _Field(
        "counter", "Total number of double-bit volatile ECC errors.", lambda gpu: gpu.ecc
    ),
    "CLOCK_THROTTLE_REASONS": _Field(
        "gauge", "Current clock throttle reasons (bitmask).", lambda gpu: gpu.reasons
    ),
    "NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL": _Field(
        "counter", "Total number of NVLink flow-control CRC errors.", _linked(lambda _: 0)
    ),
}
_PROFILED: Mapping[str, _Field] = {
    "GR_ENGINE_ACTIVE": _Field(
        "gauge",
        "Ratio of time the graphics engine is active.",
        lambda gpu: round(gpu.load, 6),
        lambda _, part: round(part.load, 6),
    ),
    "NVLINK_TX_BYTES": _Field(
        "gauge",
        "The rate of data transmitted over NVLink, in bytes per second.",
        _linked(_link_bytes),
    ),
    "NVLINK_RX_BYTES": _Field(
        "gauge",
        "The rate of data received over NVLink, in bytes per second.",
        _linked(_link_bytes),
    ),
}


def _places(cluster: Cluster) -> list[tuple[Card, Instance | None, int, Mapping[str, str]]]:
    """Every GPU, or every instance of one that is cut: and the labels of its series."""
    if not cluster.traits.dcgm:
        return []
    found: list[tuple[Card, Instance | None, int, Mapping[str, str]]] = []
    for node in gpus.gpu_nodes(cluster):
        scraped = _scraped(cluster, node)
        for card in gpus.cards(cluster)[node.name]:
            for number, part in enumerate(card.instances or (None,)):
                held = card.process if number == 0 else None
                labels = scraped | _labels(cluster, node, card)
                if part is not None:
                    labels |= {"GPU_I_PROFILE": part.profile, "GPU_I_ID": str(part.number)}
                if held is not None and held.pod is not None:
                    labels |= _attributed(cluster, held.pod)
                found.append((card, part, number, labels))
    return found


def _labels(cluster: Cluster, node: Node, card: Card) -> dict[str, str]:
    return {
        "gpu": str(card.index),
        "UUID": card.uuid,
        "pci_bus_id": card.bus,
        "device": f"nvidia{card.index}",
        "modelName": card.model.name,
        "Hostname": node.name,
        "DCGM_FI_DRIVER_VERSION": driver_of(cluster).version,
    }


def _attributed(cluster: Cluster, pod: Pod) -> dict[str, str]:
    head = "exported_" if cluster.traits.openshift else ""
    return {
        f"{head}namespace": pod.namespace,
        f"{head}pod": pod.name,
        f"{head}container": pod.container,
    }


def _scraped(cluster: Cluster, node: Node) -> dict[str, str]:
    """What Prometheus says of the exporter."""
    if not cluster.traits.openshift:
        return {"instance": f"{node.name}:9400", "job": "gpu-metrics"}
    exporters = cluster.pods(_SPACE)
    pod = next(each for each in exporters if (each.app, each.node) == (_EXPORTER, node.name))
    return {
        "container": _EXPORTER,
        "endpoint": "gpu-metrics",
        "instance": f"{node.name}:9400",
        "job": _EXPORTER,
        "namespace": _SPACE,
        "pod": pod.name,
        "service": _EXPORTER,
    }


def _series(field: _Field, cluster: Cluster) -> Found:
    for card, part, number, labels in cluster.remembered("dcgm", _places):
        if part is None or field.of_instance is None:
            yield labels, partial(_of_gpu, cluster, card, field)
        else:
            yield labels, partial(_of_part, cluster, card, field.of_instance, number)


def _of_gpu(cluster: Cluster, card: Card, field: _Field, at: float) -> float | None:
    # What was measured last is told even of a GPU that is lost, until it is not listed any more.
    gpu = gpus.state(cluster, card, at)
    return None if gpu is None else field.value(gpu)


def _of_part(
    cluster: Cluster, card: Card, value: _OfInstance, number: int, at: float
) -> float | None:
    gpu = gpus.state(cluster, card, at)
    return None if gpu is None else value(gpu, gpu.instances[number])


def _metrics(head: str, fields: Mapping[str, _Field]) -> dict[str, Metric]:
    return {
        f"{head}_{name}": Metric(field.kind, field.help, partial(_series, field))
        for name, field in fields.items()
    }


METRICS: Mapping[str, Metric] = _metrics("DCGM_FI_DEV", _FIELDS) | _metrics(
    "DCGM_FI_PROF", _PROFILED
)
