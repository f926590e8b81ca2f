"""What ``nvidia-smi`` prints on a simulated node: GPUs and what computes on them, hour by hour.

Everything follows from what the fleet's seed has drawn and from the time; nothing is kept. The
options and the form of what is printed: https://docs.nvidia.com/deploy/nvidia-smi/
"""

import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Generic, TypeVar

from deploy.simulator.cluster import Cluster, Node

DRIVER = "570.124.06"
_MIB, _PERCENT, _WATTS = "MiB", "%", "W"
_RESERVED_MIB = 614
_UNUSED_MIB = 4
_PROGRAMS = ("python3", "/opt/tritonserver/bin/tritonserver", "/usr/bin/ffmpeg", "VLLM::EngineCore")
_INVALID = 2
"""The exit code that the manual gives for arguments that are not valid."""
_CONFUSED = "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n"


@dataclass(frozen=True, slots=True)
class _Model:
    """What does not change about a kind of GPU."""

    memory_mib: int
    idle_watts: float
    limit_watts: float


_MODELS = {
    "NVIDIA-A100-SXM4-80GB": _Model(81_920, 62.0, 400.0),
    "NVIDIA-L40S": _Model(46_068, 33.0, 350.0),
    "NVIDIA-A10": _Model(23_028, 16.0, 150.0),
}


@dataclass(frozen=True, slots=True)
class Process:
    """One program that computes on a GPU."""

    pid: int
    name: str
    used_mib: int


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU at one moment."""

    index: int
    uuid: str
    bus: str
    name: str
    model: _Model
    load: float
    """How busy it is, from 0 to 1."""
    processes: tuple[Process, ...]
    at: datetime

    @property
    def used_mib(self) -> int:
        """The memory in use."""
        return _UNUSED_MIB + sum(each.used_mib for each in self.processes)


def gpus(cluster: Cluster, node: Node, at: datetime) -> tuple[Gpu, ...]:
    """The GPUs of a node at a moment."""
    # The tokens are what the seed has drawn for every cluster.
    drawn = cluster.accounts[0].token
    return tuple(
        _gpu(f"{drawn}/{node.name}/{index}", node, index, at) for index in range(node.gpus)
    )


def _gpu(mark: str, node: Node, index: int, at: datetime) -> Gpu:
    draw = Random(mark)  # noqa: S311 - a simulation, and it has to be repeatable
    label = node.gpu_type or ""
    model = _MODELS[label]
    hashed = hashlib.blake2b(mark.encode(), digest_size=16).hexdigest()
    busy = _wave(draw, at)
    programs = draw.sample(_PROGRAMS, draw.choice((0, 1, 1, 2)))
    held = _wave(draw, at) * (model.memory_mib - _RESERVED_MIB - _UNUSED_MIB) * 0.9
    running = [
        Process(draw.randrange(1_000, 4_000_000), name, round(held / len(programs)))
        for name in programs
    ]
    return Gpu(
        index=index,
        uuid="GPU-" + "-".join(_cut(hashed, 8, 4, 4, 4, 12)),
        bus=f"00000000:{0x10 + 0x20 * index:02X}:00.0",
        name=label.replace("NVIDIA-", "NVIDIA ", 1),
        model=model,
        load=busy if running else 0.0,
        processes=tuple(running),
        at=at,
    )


def _wave(draw: Random, at: datetime) -> float:
    """Between 0 and 1, up and down within ten minutes to an hour."""
    middle, period, phase = draw.uniform(0.3, 0.7), draw.uniform(600, 3600), draw.random()
    swing = draw.uniform(0.1, 0.3)
    return middle + swing * math.sin(2 * math.pi * (at.timestamp() / period + phase))


def _cut(text: str, *sizes: int) -> Iterator[str]:
    start = 0
    for size in sizes:
        yield text[start : start + size]
        start += size


_Value = str | int | float
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class _Table(Generic[_Row]):
    """What can be asked by one option."""

    rows: Callable[[Sequence[Gpu]], Iterable[_Row]]
    columns: Mapping[str, tuple[str, Callable[[_Row], _Value]]]
    """By the name of the field: its unit, and where its value comes from."""
    other_names: Mapping[str, str]

    def printed(self, fields: str, forms: Collection[str], there: Sequence[Gpu]) -> tuple[str, int]:
        """The lines for these fields, and the exit code."""
        names = [self.other_names.get(name, name) for name in map(str.strip, fields.split(","))]
        unknown = next((name for name in names if name not in self.columns), None)
        if unknown is not None:
            return f'Field "{unknown}" is not a valid field to query.\n\n', _INVALID
        columns = [(name, *self.columns[name]) for name in names]
        lines = [", ".join(_titled(name, unit) for name, unit, _ in columns)]
        units = "nounits" not in forms
        lines += [
            ", ".join(_told(value(row), unit, units=units) for _, unit, value in columns)
            for row in self.rows(there)
        ]
        return "".join(f"{line}\n" for line in lines["noheader" in forms :]), 0


def _titled(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _told(value: _Value, unit: str, *, units: bool) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if units and unit and not isinstance(value, str) else text


def _stamp(at: datetime) -> str:
    return at.strftime("%Y/%m/%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def _power(gpu: Gpu) -> float:
    model = gpu.model
    return model.idle_watts + (model.limit_watts - model.idle_watts) * 0.95 * gpu.load


def _running(there: Sequence[Gpu]) -> Iterator[tuple[Gpu, Process]]:
    return ((gpu, process) for gpu in there for process in gpu.processes)


_GPUS: _Table[Gpu] = _Table(
    rows=lambda there: there,
    columns={
        "timestamp": ("", lambda gpu: _stamp(gpu.at)),
        "driver_version": ("", lambda _: DRIVER),
        "index": ("", lambda gpu: gpu.index),
        "name": ("", lambda gpu: gpu.name),
        "uuid": ("", lambda gpu: gpu.uuid),
        "pci.bus_id": ("", lambda gpu: gpu.bus),
        # All of these models are cooled by the fans of their server.
        "fan.speed": (_PERCENT, lambda _: "[N/A]"),
        "memory.total": (_MIB, lambda gpu: gpu.model.memory_mib),
        "memory.reserved": (_MIB, lambda _: _RESERVED_MIB),
        "memory.used": (_MIB, lambda gpu: gpu.used_mib),
        "memory.free": (_MIB, lambda gpu: gpu.model.memory_mib - _RESERVED_MIB - gpu.used_mib),
        "utilization.gpu": (_PERCENT, lambda gpu: round(100 * gpu.load)),
        "utilization.memory": (_PERCENT, lambda gpu: round(60 * gpu.load)),
        "temperature.gpu": ("", lambda gpu: round(31 + 46 * gpu.load)),
        "power.draw": (_WATTS, _power),
        "power.limit": (_WATTS, lambda gpu: gpu.model.limit_watts),
    },
    other_names={"gpu_name": "name", "gpu_uuid": "uuid", "gpu_bus_id": "pci.bus_id"},
)
_APPS: _Table[tuple[Gpu, Process]] = _Table(
    rows=_running,
    columns={
        "timestamp": ("", lambda row: _stamp(row[0].at)),
        "gpu_name": ("", lambda row: row[0].name),
        "gpu_bus_id": ("", lambda row: row[0].bus),
        "gpu_uuid": ("", lambda row: row[0].uuid),
        "pid": ("", lambda row: row[1].pid),
        "process_name": ("", lambda row: row[1].name),
        "used_gpu_memory": (_MIB, lambda row: row[1].used_mib),
    },
    other_names={"name": "process_name", "used_memory": "used_gpu_memory"},
)


def run(cluster: Cluster, node: Node, options: Sequence[str], at: datetime) -> tuple[str, int]:
    """What is printed for these options, and the exit code."""
    told = dict(option.split("=", 1) for option in options if "=" in option)
    forms = told.pop("--format", "").split(",")
    if len(told) != 1 or len(options) != 2 or "csv" not in forms:
        return _CONFUSED, _INVALID
    there = gpus(cluster, node, at)
    match told.popitem():
        case "--query-gpu", fields:
            return _GPUS.printed(fields, forms, there)
        case "--query-compute-apps", fields:
            return _APPS.printed(fields, forms, there)
        case _:
            return _CONFUSED, _INVALID
