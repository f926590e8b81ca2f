"""Shapes of answers about network functions, which come ready from the database."""

from contracts.envelope import Message
from gateway.rest.documented import Paged
from projections.cnf.view import (
    CnfUnknown,
    CnfWorkloadView,
    DpdkPortView,
    PtpStatusView,
    SriovStatusView,
)


class WithGaps(Paged):
    """A page, and what is not in it because nobody knows it."""

    missing: list[CnfUnknown]
    """By cluster; the first 1,000."""


class CnfWorkloadsByState(Message):
    """How many workloads are in which state, over the whole filtered set."""

    PENDING: int
    RUNNING: int
    """But for those that are CRASHING."""
    SUCCEEDED: int
    FAILED: int
    UNKNOWN: int
    CRASHING: int
    """That run for a moment between two crashes."""


class CnfWorkloadsByType(Message):
    """How many workloads are of which type, over the whole filtered set."""

    VDU: int
    VCU: int
    UPF: int
    AMF: int
    SMF: int
    OTHER: int


class CnfWorkloadList(WithGaps):
    """A page of the pods of network functions."""

    items: list[CnfWorkloadView]
    by_type: CnfWorkloadsByType
    by_state: CnfWorkloadsByState


class ClocksByState(Message):
    """How many clocks are in which state, over the whole filtered set."""

    LOCKED: int
    HOLDOVER: int
    FREERUN: int
    UNKNOWN: int
    """Whose state is not known."""


class PtpStatusList(WithGaps):
    """A page of clocks."""

    items: list[PtpStatusView]
    by_state: ClocksByState


class SriovTotals(Message):
    """Virtual functions over the whole filtered set, as far as they are known."""

    total_vfs: int
    allocatable_vfs: int
    used_vfs: int
    exhausted: int
    """Resources of which none is free."""


class SriovStatusList(WithGaps):
    """A page of resources of virtual functions."""

    items: list[SriovStatusView]
    totals: SriovTotals


class DpdkTotals(Message):
    """Ports over the whole filtered set; rates are sums of those that are known."""

    dropping: int
    """Ports that drop packets."""
    rx_packets_per_second: float | None
    tx_packets_per_second: float | None
    rx_dropped_per_second: float | None
    tx_dropped_per_second: float | None


class DpdkPortList(WithGaps):
    """A page of ports."""

    items: list[DpdkPortView]
    totals: DpdkTotals
