"""Shapes of answers about GPUs, which come ready from the database.

A test reads real answers through these models. Means are over what is known, of nodes that are not
stale; null where nothing is.
"""

from uuid import UUID

from pydantic import Field

from contracts.envelope import Message, Timestamp
from contracts.gpu import GpuMetric, GpuSource
from gateway.rest.documented import Paged
from projections.gpu.view import GpuColumn, GpuHistorySource, GpuNode, GpuProcessView, OverTime


class GpuNodeList(Paged):
    """A page of nodes with GPUs."""

    items: list[GpuNode]


class GpuProcessList(Paged):
    """A page of what uses GPUs."""

    items: list[GpuProcessView]


class GpuFigures(Message):
    """Some GPUs together."""

    gpus: int
    idle: int
    wasted: int
    utilization_gpu_percent: float | None
    memory_total_mb: int | None
    memory_used_mb: int | None
    power_draw_watts: float | None
    power_limit_watts: float | None


class GpusByModel(GpuFigures):
    """Those of one model."""

    name: str | None


class GpusByCluster(GpuFigures):
    """Those of one cluster."""

    cluster_id: UUID
    cluster_name: str
    nodes: int
    stale_nodes: int


class GpusByNamespace(GpuFigures):
    """Those that pods of one namespace use; a GPU that several use is in each."""

    namespace: str


class NodesBySource(Message):
    """How many nodes are sampled in which way."""

    source: GpuSource
    nodes: int


class HottestGpu(Message):
    """The GPU with the highest temperature."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    uuid: str
    index: int | None
    name: str | None
    temperature_celsius: float


class RaisedCounts(Message):
    """Of how many GPUs a threshold is crossed, by metric."""

    TEMPERATURE: int
    MEMORY_TEMPERATURE: int
    MEMORY_USED: int
    POWER_DRAW: int


class GpuSummary(GpuFigures):
    """The GPUs of the fleet in figures.

    How many nodes, GPUs, errors and crossed thresholds there are is counted over all; how many GPUs
    are idle or wasted, and the rest, over those of nodes that are not stale.
    """

    nodes: int
    stale_nodes: int
    lost: int
    """That have disappeared; they are not among `gpus`."""
    errors: int
    """GPUs with which something is wrong."""
    hottest: HottestGpu | None
    raised: RaisedCounts
    by_model: list[GpusByModel]
    """Most first, as in the next two."""
    by_cluster: list[GpusByCluster]
    by_namespace: list[GpusByNamespace]
    by_source: list[NodesBySource]


class GpuSeries(Message):
    """One metric of one GPU."""

    gpu_uuid: str
    index: int | None
    name: str | None
    metric: GpuColumn
    points: list[tuple[int, float | None]]
    """Unix seconds at which a step begins, and its value; null where nothing is known. Oldest
    first, one for each step."""


class GpuHistory(Message):
    """GPUs of a node over time."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    since: Timestamp = Field(alias="from")
    until: Timestamp = Field(alias="to")
    """Exclusive."""
    step_seconds: int
    aggregation: OverTime
    source: GpuHistorySource
    series: list[GpuSeries]


class GpuMapCluster(Message):
    """A cluster of the map."""

    id: UUID
    name: str


class GpuMap(Message):
    """Every GPU of the fleet in few bytes."""

    at: Timestamp
    clusters: list[GpuMapCluster]
    nodes: list[tuple[int, str, int, bool]]
    """Place of its cluster in `clusters`, name, seconds since its last sample, and whether it is
    stale."""
    models: list[str | None]
    gpus: list[
        tuple[
            int,
            int | None,
            int,
            float | None,
            float | None,
            float | None,
            float | None,
            float | None,
            int,
        ]
    ]
    """Place of its node in `nodes`, index on the node, place of its model in `models`,
    utilisation in per cent, memory in use in per cent, temperature in °C, power in per cent of its
    limit, power in W, and its state, a sum of: 1 a threshold is crossed, 2 lost, 4 idle, 8 wasted,
    16 something is wrong with it."""


class GpuThreshold(Message):
    """When a metric is told as too high."""

    metric: GpuMetric
    raise_at: float
    """The level or above."""
    clear_at: float
    """Well again below this."""
    unit: str
    """°C, or %: of the memory or the power limit."""


class GpuRaised(Message):
    """A threshold that is crossed."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    gpu_uuid: str
    gpu_index: int | None
    gpu_name: str | None
    metric: GpuMetric
    value: float | None
    """That crossed it; null, as the next two, if the log does not tell it any more."""
    threshold: float | None
    since: Timestamp | None


class GpuThresholds(Paged):
    """The thresholds, and a page of those that are crossed, the newest first."""

    thresholds: list[GpuThreshold]
    raised: list[GpuRaised]
