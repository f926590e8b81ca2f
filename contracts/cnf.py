"""Network functions of telco clusters: workloads, clocks, virtual functions, packet counters.

Sources: the metrics of the PTP operator and its linuxptp daemon (IEEE 1588-2019), the objects of
the SR-IOV network operator (``sriovnetwork.openshift.io/v1``), the statistics of DPDK's ethdev.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.clusters import CnfType
from contracts.envelope import Event, Message, Query, Timestamp
from contracts.subjects import EntityKey, token

Count = Annotated[int, Field(ge=0, lt=2**63)]


class CnfSource(StrEnum):
    """Where something is known from."""

    KUBERNETES = "KUBERNETES"
    """Objects of the API server."""
    METRICS = "METRICS"
    """The cluster's Prometheus."""
    EXEC = "EXEC"
    """A program run in a pod."""


class WorkloadState(StrEnum):
    """The phase of a pod, as Kubernetes has it."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class CnfWorkload(Message):
    """One pod of a network function."""

    cnf_type: CnfType
    namespace: str
    pod: str
    node_name: str | None = None
    """Null before it is scheduled."""
    state: WorkloadState
    ready: bool | None = None
    restarts: Count | None = None
    """Of all of its containers."""
    reason: str | None = None
    """Why it is not running, in the words of Kubernetes: ``CrashLoopBackOff``."""
    evidence: str
    """What makes it a network function of this type."""


class ClockState(StrEnum):
    """How a clock follows its source."""

    LOCKED = "LOCKED"
    HOLDOVER = "HOLDOVER"
    FREERUN = "FREERUN"


class PtpRole(StrEnum):
    """What a port does (IEEE 1588-2019, 9.2.5)."""

    SLAVE = "SLAVE"
    MASTER = "MASTER"
    PASSIVE = "PASSIVE"
    LISTENING = "LISTENING"
    FAULTY = "FAULTY"


class PtpPort(Message):
    """One port of a clock."""

    interface: str
    role: PtpRole | None = None


class PtpStatus(Message):
    """A clock of a node: that of an interface or of a whole card, or the node's own."""

    node_name: str
    interface: str
    """By which its source names it: ``ens1f0``, ``ens1fx`` for that of a card with several ports,
    ``CLOCK_REALTIME`` for the node's own."""
    process: str | None = None
    """Who keeps it: ``ptp4l``, ``phc2sys``, ``ts2phc``."""
    offset_ns: float | None = None
    """From its master; positive if it is ahead."""
    clock_state: ClockState | None = None
    """Null if its source does not tell."""
    role: PtpRole | None = None
    """Of its port; of several, that which says most of how it follows."""
    clock_class: Count | None = None
    """Of the grandmaster that it follows (IEEE 1588-2019, table 4)."""
    ports: tuple[PtpPort, ...] = ()
    """That its source tells of; a port is no clock of its own."""


class SriovStatus(Message):
    """Virtual functions of one resource on a node."""

    node_name: str
    resource_name: str
    """As pods ask for it, for example ``openshift.io/du_fronthaul``."""
    policy: str | None = None
    """The SriovNetworkNodePolicy that made it, of several with commas; null if it is not known."""
    interfaces: tuple[str, ...] = ()
    """Ports of the card that they are of."""
    total_vfs: Count | None = None
    """That there are of it, in use or not."""
    allocatable_vfs: Count | None = None
    """That Kubernetes may give to pods."""
    used_vfs: Count | None = None
    """That pods have asked for."""


class DpdkPort(Message):
    """Counters of one port since its pod began."""

    port: str
    rx_packets: Count | None = None
    tx_packets: Count | None = None
    rx_dropped: Count | None = None
    """That came and found no room (``imissed`` and ``rx_nombuf``)."""
    tx_dropped: Count | None = None
    """Null where its source does not count them."""
    rx_errors: Count | None = None
    tx_errors: Count | None = None


class DpdkStats(Message):
    """The ports of one pod that uses DPDK."""

    namespace: str
    pod: str
    node_name: str | None = None
    ports: tuple[DpdkPort, ...]


class CnfUpdate(Message):
    """Telemetry: what is known of a cluster's network functions, sampled together."""

    cluster_id: UUID
    sampled_at: Timestamp
    interval_seconds: Annotated[int, Field(ge=1)]
    """How often there is a sample."""
    workloads: tuple[CnfWorkload, ...] | None = None
    """Null, as each of these, if it could not be found out; empty if there are none."""
    ptp: tuple[PtpStatus, ...] | None = None
    sriov: tuple[SriovStatus, ...] | None = None
    dpdk: tuple[DpdkStats, ...] | None = None
    sources: dict[str, CnfSource] = Field(default_factory=dict[str, CnfSource])
    """By ``workloads``, ``ptp``, ``sriov``, ``dpdk``."""
    missing: dict[str, str] = Field(default_factory=dict[str, str])
    """Why one of them is not known, or not all of it, in words."""


class ReadCnf(Query):
    """Find out about a cluster's network functions, by the best sources that there are.

    The one part is a JSON object `CnfUpdate`.
    """

    interval_seconds: Annotated[int, Field(ge=1)] = 60
    """What is told as the interval of the samples."""


class CnfArea(StrEnum):
    """What a status is about."""

    WORKLOAD = "WORKLOAD"
    PTP = "PTP"
    SRIOV = "SRIOV"
    DPDK = "DPDK"


class CnfStatusChanged(Event):
    """A workload, a clock, a resource of virtual functions or a DPDK port is in another state.

    States: of workloads `WorkloadState`, ``CRASHING`` for one that is started again and again, or
    ``GONE``; of clocks `ClockState`; of virtual functions ``AVAILABLE`` or ``EXHAUSTED``; of DPDK
    ports ``OK`` or ``DROPPING``. What is well when it is first seen is not told.
    """

    entity: ClassVar[str] = "cnf"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    area: CnfArea
    name: str
    """``<namespace>/<pod>``, ``<node>/<interface>``, ``<node>/<resource>``,
    ``<namespace>/<pod>/<port>``."""
    node_name: str | None = None
    """Where it is; null if that is not known, or it is on none."""
    pod_namespace: str | None = None
    cnf_type: CnfType | None = None
    """Of workloads."""
    old_state: str | None
    """Null for the first that is known."""
    new_state: str
    reason: str
    """In words."""
    value: float | None = None
    """Offset in ns, virtual functions in use, or packets dropped per second."""

    @property
    def key(self) -> EntityKey:
        """What has the state."""
        return cnf_key(self.cluster_id, self.area, self.name)

    @property
    def namespace(self) -> str | None:
        """That of its pod."""
        return self.pod_namespace


def cnf_key(cluster_id: UUID, area: CnfArea, name: str) -> EntityKey:
    """Something of a cluster's network functions that has a state."""
    return EntityKey(str(cluster_id), "cnf", token(f"{area}/{name}"))
