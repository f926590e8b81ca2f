"""GPUs: what is measured of them, and the events of what happens to them.

Units are those of the field names; memory is in MiB, as NVIDIA counts it. Whatever a source does
not know is null. Sources: the manual of nvidia-smi, https://docs.nvidia.com/deploy/nvidia-smi/, and
the field identifiers of DCGM, https://docs.nvidia.com/datacenter/dcgm/latest/.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Message, Query, Timestamp
from contracts.subjects import EntityKey, token

Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
GpuId = Annotated[str, Field(min_length=1, max_length=128)]
"""As the driver names a GPU: ``GPU-`` and a UUID."""


class GpuSource(StrEnum):
    """Where samples of a node come from."""

    DCGM = "DCGM"
    """Metrics of dcgm-exporter in the cluster's Prometheus."""
    NVIDIA_SMI = "NVIDIA_SMI"
    """The program of that name, run in a pod of the node."""


class GpuProcessType(StrEnum):
    """What a process uses a GPU for."""

    COMPUTE = "COMPUTE"
    GRAPHICS = "GRAPHICS"
    MIXED = "MIXED"


class Attribution(StrEnum):
    """How much is known of where a process runs."""

    POD = "POD"
    """In the pod that is named."""
    HOST = "HOST"
    """On the node itself, in no pod."""
    UNKNOWN = "UNKNOWN"


class GpuProcess(Message):
    """What uses a GPU: a process, or a container of which no process is known."""

    gpu_uuid: GpuId
    pid: Count | None = None
    """Null where the source tells containers only, as DCGM does."""
    process_name: str | None = None
    used_memory_mb: Count | None = None
    """Of the GPU."""
    type: GpuProcessType | None = None
    attribution: Attribution = Attribution.UNKNOWN
    namespace: str | None = None
    """With `pod` and `container`: where it runs, if it is in a pod that is known."""
    pod: str | None = None
    container: str | None = None
    gpu_instance_id: Count | None = None
    """Of the MIG instance that it runs in."""


class MigInstance(Message):
    """A part of a GPU with memory and engines of its own (Multi-Instance GPU)."""

    gpu_instance_id: Count
    """Its number on the GPU."""
    profile: str | None = None
    """For example ``1g.10gb``."""
    uuid: str | None = None
    """``MIG-`` and a UUID."""
    utilization_gpu_percent: Percent | None = None
    """Share of the time in which its graphics or compute engine was active."""
    memory_total_mb: Count | None = None
    memory_used_mb: Count | None = None
    memory_free_mb: Count | None = None


class Gpu(Message):
    """One GPU at one moment."""

    uuid: GpuId
    index: Count | None = None
    """Its number on the node."""
    name: str | None = None
    """The product, for example ``NVIDIA H100 80GB HBM3``."""
    driver_version: str | None = None
    cuda_version: str | None = None
    """The newest CUDA that this driver can serve."""
    memory_total_mb: Count | None = None
    """Where a source tells only the parts that it knows, these together: what is used, free and
    reserved, and of a divided GPU of which only the instances are told, theirs."""
    memory_used_mb: Count | None = None
    memory_free_mb: Count | None = None
    utilization_gpu_percent: Percent | None = None
    """Share of the time in which it was at work."""
    utilization_memory_percent: Percent | None = None
    """Share of the time in which its memory was read or written; not how full it is."""
    temperature_celsius: float | None = None
    memory_temperature_celsius: float | None = None
    power_draw_watts: float | None = None
    power_limit_watts: float | None = None
    """That is set."""
    fan_speed_percent: float | None = None
    """Over 100 where a fan runs faster than is nominal."""
    sm_clock_mhz: float | None = None
    """Of its multiprocessors, now."""
    memory_clock_mhz: float | None = None
    throttle_reasons: tuple[str, ...] | None = None
    """Why its clocks are held back, in the words of NVML: ``SW_POWER_CAP``; empty for nothing."""
    xid: Count | None = None
    """The last error that its driver has told (NVIDIA XID); 0: none."""
    nvlink_bytes_per_second: float | None = None
    """Sent and received over all links."""
    nvlink_errors: Count | None = None
    """Since the driver was loaded, over all links and kinds."""
    ecc_uncorrected: Count | None = None
    """Memory errors since the driver was loaded that could not be corrected."""
    mig_enabled: bool | None = None
    """It may be divided into instances."""
    mig: tuple[MigInstance, ...] = ()
    """Empty where it is not divided, or its instances are not told."""
    processes: tuple[GpuProcess, ...] = ()
    """As far as its source knows them."""
    error: str | None = None
    """What is wrong with it as the source says it: a GPU that is lost, a value that is ``ERR!``."""


class AbsentGpu(Message):
    """A GPU that its node has told of, and does not tell of any more."""

    uuid: GpuId
    index: Count | None = None
    name: str | None = None
    xid: Count | None = None
    """The last error that was known of it."""
    last_seen_at: Timestamp
    """When it was in a sample last."""
    samples: Count
    """So many samples in a row tell of GPUs of the node, but not of it."""


class GpuUpdate(Message):
    """Telemetry: the GPUs of one node, sampled together."""

    cluster_id: UUID
    node_name: Annotated[str, Field(min_length=1, max_length=253)]
    source: GpuSource
    """Of all values of this sample."""
    source_reason: str
    """Why this source, and not the other one."""
    sampled_at: Timestamp
    """When the values were measured; of DCGM, when its exporter was last scraped."""
    interval_seconds: Annotated[int, Field(ge=1)]
    """How often there is a sample, by the time since the one before if that is longer; a node
    without one for three intervals is stale."""
    gpus: Annotated[tuple[Gpu, ...], Field(max_length=256)]
    """In the order of their index."""
    error: str | None = None
    """Why nothing is known of the node's GPUs: a driver that does not fit its library, for one."""
    absent: Annotated[tuple[AbsentGpu, ...], Field(max_length=256)] = ()
    """GPUs that are missing since a short while. So each sample says what follows from it together
    with what stands in the log, whoever took the ones before."""
    erring: Annotated[tuple[GpuId, ...], Field(max_length=256)] = ()
    """GPUs that have an XID, and had none in the sample before: if it is the one that was told last
    it has come once more."""


class ReadGpus(Query):
    """Sample the GPUs of a cluster, by the best source that there is.

    The parts are a JSON array of `GpuUpdate`, one a node, as far as there are any.
    """

    interval_seconds: Annotated[int, Field(ge=1)] = 15
    """What is told as the interval of the samples."""


class GpuMetric(StrEnum):
    """What thresholds are about."""

    TEMPERATURE = "TEMPERATURE"
    """°C."""
    MEMORY_TEMPERATURE = "MEMORY_TEMPERATURE"
    """°C."""
    MEMORY_USED = "MEMORY_USED"
    """Per cent of its memory."""
    POWER_DRAW = "POWER_DRAW"
    """Per cent of its limit."""


class Crossing(StrEnum):
    """In which direction a threshold was crossed."""

    RAISED = "RAISED"
    CLEARED = "CLEARED"


class GpuStanding(Message):
    """What stands about a GPU after an event: the whole of it is in each."""

    present: bool = True
    """False from `GpuDisappeared` to `GpuReappeared`."""
    raised: tuple[GpuMetric, ...] = ()
    """Of which metrics a threshold is crossed, in the order of the enum."""
    xid: Count = 0
    """The XID that was told last."""


class _GpuFact(Event):
    entity: ClassVar[str] = "gpu"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    node_name: str
    gpu_uuid: GpuId
    gpu_index: Count | None = None
    """Its number on the node; null if the source does not tell."""
    gpu_name: str | None = None
    """The product."""
    pod_namespace: str | None = None
    """Of the first pod that uses it, if one is known."""
    pod: str | None = None
    """The name of that pod."""
    standing: GpuStanding
    """What stands from now on."""

    @property
    def key(self) -> EntityKey:
        """The GPU."""
        return gpu_key(self.cluster_id, self.gpu_uuid)

    @property
    def namespace(self) -> str | None:
        """That of the pod which uses it."""
        return self.pod_namespace


class GpuThresholdCrossed(_GpuFact):
    """A value of a GPU has reached its threshold, or has come back from it."""

    metric: GpuMetric
    crossing: Crossing
    value: float
    """In the unit of its metric."""
    threshold: float
    """That was crossed: the one for raising, or the lower one for clearing. Where none is set any
    more it is the value itself."""


class GpuXidError(_GpuFact):
    """The driver has told an error of a GPU (NVIDIA XID)."""

    xid: Annotated[int, Field(ge=1)]
    """The number of the error in NVIDIA's list."""
    description: str | None = None
    """What NVIDIA's list of XIDs says of it; null for one that is not on it."""


class GpuDisappeared(_GpuFact):
    """A node that tells of its GPUs does not tell of this one any more."""

    last_seen_at: Timestamp
    """When it was in a sample last: a few samples before it is told."""


class GpuReappeared(_GpuFact):
    """A GPU that had disappeared is there again."""

    lost_at: Timestamp
    """When its disappearance was told."""


GpuEvent = GpuThresholdCrossed | GpuXidError | GpuDisappeared | GpuReappeared


def gpu_key(cluster_id: UUID, uuid: str) -> EntityKey:
    """A GPU of a cluster."""
    return EntityKey(str(cluster_id), "gpu", token(uuid))
