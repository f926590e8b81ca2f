"""The rows of the GPU projection, and GPUs as people see them."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from contracts.envelope import Message, Timestamp
from contracts.gpu import Gpu, GpuMetric, GpuProcess, GpuSource
from services.runtime.projections.table import Table


class ClusterRow(NamedTuple):
    """A cluster that is registered: GPUs of others are not shown."""

    cluster_id: UUID
    name: str


class StandingRow(NamedTuple):
    """What the last event about a GPU leaves."""

    cluster_id: UUID
    uuid: str
    node_name: str
    namespace: str | None
    """Of a pod that used it then."""
    gpu_index: int | None
    gpu_name: str | None
    present: bool
    raised: tuple[str, ...]
    last_seen_at: datetime | None
    """Of one that has disappeared."""


class CrossingRow(NamedTuple):
    """A threshold that is crossed."""

    cluster_id: UUID
    uuid: str
    metric: str
    value: float
    threshold: float
    since: datetime


class XidRow(NamedTuple):
    """The last error that the driver has told of a GPU."""

    cluster_id: UUID
    uuid: str
    xid: int
    description: str | None
    at: datetime


class ToldXid(Message):
    """An error that a driver has told of a GPU (NVIDIA XID), and when."""

    xid: int
    description: str | None
    at: Timestamp


class GpuView(Gpu):
    """A GPU in REST: its last sample, and what is remarkable about it."""

    raised: list[GpuMetric]
    """Of which metrics a threshold is crossed."""
    idle: bool | None
    """No sample of the last `gpu.idle_minutes` tells of work; null if its utilisation is not known,
    as that of a divided GPU (MIG)."""
    wasted: bool
    """Known to be idle, and held by a process or pod all the same."""
    last_xid: ToldXid | None
    """The last one that was told as an event."""


class LostGpu(Message):
    """A GPU that its node does not tell of any more."""

    uuid: str
    index: int | None
    name: str | None
    last_seen_at: Timestamp | None


class GpuNode(Message):
    """A node with GPUs, as its last sample tells it."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    source: GpuSource
    source_reason: str
    """Why this source, and not the other one."""
    last_updated: Timestamp
    """When its GPUs were sampled last."""
    interval_seconds: int
    stale: bool
    """There has been no sample for three intervals: this is how it was, not how it is."""
    error: str | None
    """Why nothing is known of its GPUs."""
    gpus: list[GpuView]
    """In the order of their index."""


class GpuNodeDetail(GpuNode):
    """One node with GPUs, and which of them have disappeared."""

    lost: list[LostGpu]


class GpuProcessView(GpuProcess):
    """What uses a GPU, and where."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    gpu_index: int | None
    gpu_name: str | None
    utilization_gpu_percent: float | None
    """Of the GPU, all who use it together."""
    stale: bool
    """Of its node there has been no sample for three intervals: it may use the GPU no more."""


class GpuColumn(StrEnum):
    """What there is a history of, in the units of `Gpu`."""

    UTILIZATION_GPU_PERCENT = "utilization_gpu_percent"
    UTILIZATION_MEMORY_PERCENT = "utilization_memory_percent"
    MEMORY_USED_MB = "memory_used_mb"
    TEMPERATURE_CELSIUS = "temperature_celsius"
    MEMORY_TEMPERATURE_CELSIUS = "memory_temperature_celsius"
    POWER_DRAW_WATTS = "power_draw_watts"
    SM_CLOCK_MHZ = "sm_clock_mhz"
    FAN_SPEED_PERCENT = "fan_speed_percent"
    NVLINK_BYTES_PER_SECOND = "nvlink_bytes_per_second"


class OverTime(StrEnum):
    """What becomes of all values of a step."""

    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"


class GpuHistorySource(StrEnum):
    """What a history was made of: single samples, or what they were by minute or hour.

    The newest, which is not put together yet, comes from the finer one.
    """

    SAMPLES = "SAMPLES"
    MINUTES = "MINUTES"
    HOURS = "HOURS"


CLUSTER = Table("cluster", ClusterRow, key=("cluster_id",), history=True)
STANDING = Table(
    "standing",
    StandingRow,
    key=("cluster_id", "uuid"),
    indexes=("(cluster_id, node_name) where not present",),
    history=True,
)
CROSSING = Table("crossing", CrossingRow, key=("cluster_id", "uuid", "metric"), history=True)
XID = Table("xid", XidRow, key=("cluster_id", "uuid"), history=True)
