"""The rows of the projection of network functions, and what people see of them."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from contracts.cnf import ClockState, CnfSource, CnfWorkload, DpdkPort, PtpStatus, SriovStatus
from contracts.envelope import Message, Timestamp
from services.runtime.projections.table import Table


class CnfPart(StrEnum):
    """What a sample of a cluster's network functions is made of."""

    WORKLOADS = "workloads"
    PTP = "ptp"
    SRIOV = "sriov"
    DPDK = "dpdk"


class ClusterNameRow(NamedTuple):
    """How a live cluster is called."""

    cluster_id: UUID
    name: str


class StateRow(NamedTuple):
    """The state of a workload, a clock, a resource or a port, as its last event tells it."""

    cluster_id: UUID
    area: str
    name: str
    """As in `CnfStatusChanged`."""
    old_state: str | None
    state: str
    reason: str
    value: float | None
    changed_at: datetime


class Sampled(Message):
    """Whose it is, and how old."""

    cluster_id: UUID
    cluster_name: str
    last_updated: Timestamp
    """When it was sampled last."""
    stale: bool
    """True if that is more than three intervals ago."""
    source: CnfSource | None
    """Where it is known from; null if the sample does not say."""
    standing: str | None
    """Its state as the last `CNF_STATUS_CHANGED` tells it; null while there was nothing to tell."""
    state_since: Timestamp | None
    """Since when it stands so."""


class CnfWorkloadView(CnfWorkload, Sampled):
    """One pod of a network function."""


class PtpStatusView(PtpStatus, Sampled):
    """One clock."""


class SriovStatusView(SriovStatus, Sampled):
    """Virtual functions of one resource on a node."""

    free_vfs: int | None
    """That no pod has asked for; null if it is not known."""
    exhausted: bool | None
    """True if none is free; null if it is not known, or none can be had at all."""


class DpdkPortView(DpdkPort, Sampled):
    """One port of a pod that uses DPDK.

    Rates are per second, between the last two samples; null after a counter began anew, and where
    there is one sample only.
    """

    namespace: str
    pod: str
    node_name: str | None
    rate_seconds: float | None
    """From the one sample to the other."""
    rx_packets_per_second: float | None
    tx_packets_per_second: float | None
    rx_dropped_per_second: float | None
    tx_dropped_per_second: float | None
    rx_errors_per_second: float | None
    tx_errors_per_second: float | None
    dropping: bool | None
    """True if packets were dropped between the two samples; null if it is not known."""


class CnfUnknown(Message):
    """What is not known of a cluster, and why."""

    cluster_id: UUID
    cluster_name: str
    what: CnfPart
    reason: str
    last_updated: Timestamp | None
    """When it was known last, which is what is shown of it; null for never."""


class ClockChange(Message):
    """A clock is in another state, or known for the first time."""

    at: Timestamp
    old_state: ClockState | None
    """Null for the first that is known."""
    new_state: ClockState
    reason: str
    offset_ns: float | None


class PtpOffsets(Message):
    """The offset of one clock over time."""

    process: str | None
    """Who keeps the clock."""
    points: list[tuple[int, float | None]]
    """Unix seconds of the beginning of a step, and of its samples the offset in ns that is
    farthest from zero; null where there are none."""


class PtpHistory(Message):
    """How the clock of an interface was over time."""

    cluster_id: UUID
    cluster_name: str
    node_name: str
    interface: str
    since: Timestamp = Field(alias="from")
    until: Timestamp = Field(alias="to")
    """Exclusive; of changes inclusive."""
    step_seconds: int
    series: list[PtpOffsets]
    """One for each process that keeps the clock."""
    state: ClockState | None
    """At the beginning; null if it is not known, as before its first sample."""
    changes: list[ClockChange]
    """Oldest first, the newest 1,000 of them."""


CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",), history=True)
STATE = Table("state", StateRow, key=("cluster_id", "area", "name"), history=True)
