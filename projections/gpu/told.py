"""Samples of nodes as they come on the bus, read as little as they are needed.

`contracts.gpu.GpuUpdate` is the vocabulary; here its messages are read some ten times faster, and
what a GPU's source tells besides its measures is compared without being taken apart.
"""

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from services.runtime.projections.keeper import Unreadable

MEASURES = (
    "nvlink_bytes_per_second",
    "utilization_gpu_percent",
    "utilization_memory_percent",
    "memory_used_mb",
    "memory_free_mb",
    "temperature_celsius",
    "memory_temperature_celsius",
    "power_draw_watts",
    "sm_clock_mhz",
    "fan_speed_percent",
)
"""The fields of a GPU that each single sample keeps, in the order of `aiops.gpu_sample`."""
_STILL = (
    "index",
    "name",
    "driver_version",
    "cuda_version",
    "memory_total_mb",
    "power_limit_watts",
    "xid",
    "nvlink_errors",
    "ecc_uncorrected",
    "mig_enabled",
    "error",
)
_MOVING = ("memory_clock_mhz", "throttle_reasons", "mig", "processes")
TOLD = ("uuid", *_STILL, *_MOVING)
"""All others. Those that move with the load are told anew once a minute only."""
_STILLS = 1 + len(_STILL)

Measure = Annotated[float, Meta(ge=-1e30, le=1e30)]
"""What a `real` of PostgreSQL can hold; more would become infinite without a word, and of what is
still greater there is no mean."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_NULL = Raw(b"null")
_NONE = Raw(b"[]")


class ToldGpu(Struct, gc=False):
    """A `contracts.gpu.Gpu`."""

    uuid: Annotated[str, Meta(min_length=1, max_length=128)]
    index: Count | None = None
    name: str | None = None
    driver_version: str | None = None
    cuda_version: str | None = None
    memory_total_mb: Count | None = None
    memory_used_mb: Measure | None = None
    memory_free_mb: Measure | None = None
    utilization_gpu_percent: Measure | None = None
    utilization_memory_percent: Measure | None = None
    temperature_celsius: Measure | None = None
    memory_temperature_celsius: Measure | None = None
    power_draw_watts: Measure | None = None
    power_limit_watts: Measure | None = None
    fan_speed_percent: Measure | None = None
    sm_clock_mhz: Measure | None = None
    memory_clock_mhz: Measure | None = None
    throttle_reasons: Raw = _NULL
    xid: Count | None = None
    nvlink_bytes_per_second: Measure | None = None
    nvlink_errors: Count | None = None
    ecc_uncorrected: Count | None = None
    mig_enabled: bool | None = None
    mig: Raw = _NONE
    processes: Raw = _NONE
    error: str | None = None


class ToldNode(Struct):
    """A `contracts.gpu.GpuUpdate`."""

    cluster_id: UUID
    node_name: Annotated[str, Meta(min_length=1, max_length=253)]
    source: str
    source_reason: str
    sampled_at: Annotated[datetime, Meta(tz=True)]
    interval_seconds: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    gpus: Annotated[list[ToldGpu], Meta(max_length=256)]
    error: str | None = None


class _Process(Struct, frozen=True):
    """Who a process is; what it uses at the moment is left out."""

    pid: int | None = None
    process_name: str | None = None
    type: str | None = None
    attribution: str | None = None
    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    gpu_instance_id: int | None = None


class _Instance(Struct, frozen=True):
    gpu_instance_id: int
    profile: str | None = None
    uuid: str | None = None
    memory_total_mb: int | None = None


class Who(Struct, frozen=True):
    """Who uses a GPU, and how it is divided."""

    processes: tuple[_Process, ...]
    instances: tuple[_Instance, ...]

    @property
    def namespaces(self) -> list[str]:
        """Of the pods that use it."""
        return sorted({each.namespace for each in self.processes if each.namespace})


NOBODY = Who((), ())
_NODE = msgspec.json.Decoder(ToldNode)
_PROCESSES = msgspec.json.Decoder(tuple[_Process, ...])
_INSTANCES = msgspec.json.Decoder(tuple[_Instance, ...])
_REASONS = msgspec.json.Decoder(tuple[str, ...] | None)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_NUL = b"\\u0000"
measures_of = attrgetter(*MEASURES)
told_of = attrgetter(*TOLD)
"""The parts that are JSON are views of the message as long as they are not copied."""


def read(data: bytes) -> ToldNode:
    """A node's sample; Unreadable for what is none, or what no text of PostgreSQL can hold."""
    if (
        b"\\" in data and _NUL in data
    ):  # The one is found much sooner than the other, or not at all.
        raise Unreadable("it has a NUL in it")
    try:
        return _NODE.decode(data)
    except _BROKEN as error:
        raise Unreadable(str(error)) from error


def is_same(told: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """True if two are the same but for what moves with the load."""
    return told[:_STILLS] == other[:_STILLS]


def copied(told: tuple[Any, ...]) -> tuple[Any, ...]:
    """To be kept for longer than its message."""
    return tuple(part.copy() if isinstance(part, Raw) else part for part in told)


def who_uses(gpu: ToldGpu) -> Who:
    """Unreadable if a part of it is broken."""
    try:
        _REASONS.decode(gpu.throttle_reasons)
        return Who(_PROCESSES.decode(gpu.processes), _INSTANCES.decode(gpu.mig))
    except _BROKEN as error:
        raise Unreadable(str(error)) from error


def as_json(gpu: ToldGpu) -> str:
    """All that is told of it besides its measures."""
    return msgspec.json.encode(dict(zip(TOLD, told_of(gpu), strict=True))).decode()
