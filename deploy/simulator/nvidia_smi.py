"""What ``nvidia-smi`` prints on a simulated node.

The options and the form of what is printed: https://docs.nvidia.com/deploy/nvidia-smi/
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from deploy.simulator import gpus
from deploy.simulator.cluster import Cluster, Node
from deploy.simulator.gpus import Gpu, Process
from deploy.simulator.nvidia_smi_tables import overview

_MIB, _PERCENT, _WATTS, _MHZ = "MiB", "%", "W", "MHz"
_UNKNOWN, _LOST = "[N/A]", "[GPU is lost]"
_INVALID = 2
"""The exit code that the manual gives for arguments that are not valid."""
_NO_GPU = "No devices were found\n"
_NOT_FOUND = 6
"""The exit code for a query that found no device."""
_CONFUSED = "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n"


@dataclass(frozen=True, slots=True)
class Driver:
    """A generation of the driver."""

    version: str
    cuda: str
    unknown: frozenset[str] = frozenset()
    """Fields that it does not know yet."""
    tells_versions: bool = True
    """Whether there is ``--version``."""


NEW = Driver("570.124.06", "12.8")
OLD = Driver("525.147.05", "12.0", frozenset({"clocks_event_reasons.active"}), tells_versions=False)


def driver_of(cluster: Cluster) -> Driver:
    """The driver of a cluster's nodes: where there is no DCGM, it is an old one."""
    return NEW if cluster.traits.dcgm else OLD


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, of which GPUs, and when."""

    driver: Driver
    there: Sequence[Gpu]
    at: datetime


_Value = str | int | float
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class _Table(Generic[_Row]):
    """What can be asked by one option."""

    rows: Callable[[Sequence[Gpu]], Iterable[_Row]]
    columns: Mapping[str, tuple[str, Callable[[_Row], _Value]]]
    """By the name of the field: its unit, and where its value comes from."""
    other_names: Mapping[str, str]
    gpu: Callable[[_Row], Gpu]
    known: frozenset[str]
    """What is told even of a GPU that is lost."""

    def printed(self, fields: str, forms: Collection[str], asked: _Asked) -> tuple[str, int]:
        """The lines for these fields, and the exit code."""
        wanted = list(map(str.strip, fields.split(",")))
        names = [self.other_names.get(name, name) for name in wanted]
        for name, full in zip(wanted, names, strict=True):
            if name in asked.driver.unknown or not (full in self.columns or full in _OF_ALL):
                return f'Field "{name}" is not a valid field to query.\n\n', _INVALID
        lines = [", ".join(_titled(name, self._unit(name)) for name in names)]
        lines += [
            ", ".join(self._cell(row, name, forms, asked) for name in names)
            for row in self.rows(asked.there)
        ]
        return "".join(f"{line}\n" for line in lines["noheader" in forms :]), 0

    def _unit(self, name: str) -> str:
        return "" if name in _OF_ALL else self.columns[name][0]

    def _cell(self, row: _Row, name: str, forms: Collection[str], asked: _Asked) -> str:
        if name in _OF_ALL:
            return _OF_ALL[name](asked)
        if self.gpu(row).lost and name not in self.known:
            return _LOST
        unit, value = self.columns[name]
        return _told(value(row), unit, units="nounits" not in forms)


def _titled(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _told(value: _Value, unit: str, *, units: bool) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if units and unit and not isinstance(value, str) else text


def _stamp(at: datetime) -> str:
    return at.strftime("%Y/%m/%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def _running(there: Sequence[Gpu]) -> Iterator[tuple[Gpu, Process]]:
    return ((gpu, process) for gpu in there if not gpu.lost for process in gpu.processes)


def _busy(gpu: Gpu, share: float) -> _Value:
    # Of a GPU that is cut nothing is known but what its instances do.
    return _UNKNOWN if gpu.instances else round(share * gpu.load)


def _memory_temperature(gpu: Gpu) -> _Value:
    found = gpu.memory_celsius
    return "N/A" if found is None else found


def _mig(gpu: Gpu) -> str:
    if not gpu.card.model.links:
        return _UNKNOWN
    return "Enabled" if gpu.instances else "Disabled"


_OF_ALL: Mapping[str, Callable[[_Asked], str]] = {
    "timestamp": lambda asked: _stamp(asked.at),
    "driver_version": lambda asked: asked.driver.version,
    "count": lambda asked: str(len(asked.there)),
}
_GPUS: _Table[Gpu] = _Table(
    rows=lambda there: there,
    columns={
        "index": ("", lambda gpu: gpu.card.index),
        "name": ("", lambda gpu: gpu.card.model.name),
        "uuid": ("", lambda gpu: gpu.card.uuid),
        "pci.bus_id": ("", lambda gpu: gpu.card.bus),
        "pstate": ("", lambda gpu: "P0" if gpu.load else "P8"),
        # All of these models are cooled by the fans of their server.
        "fan.speed": (_PERCENT, lambda _: _UNKNOWN),
        "memory.total": (_MIB, lambda gpu: gpu.card.model.memory_mib),
        "memory.reserved": (_MIB, lambda gpu: gpu.card.model.reserved_mib),
        "memory.used": (_MIB, lambda gpu: gpu.used_mib),
        "memory.free": (_MIB, lambda gpu: gpu.free_mib),
        "utilization.gpu": (_PERCENT, lambda gpu: _busy(gpu, 100)),
        "utilization.memory": (_PERCENT, lambda gpu: _busy(gpu, 60)),
        "temperature.gpu": ("", lambda gpu: gpu.celsius),
        "temperature.memory": ("", _memory_temperature),
        "power.draw": (_WATTS, lambda gpu: gpu.watts),
        "power.limit": (_WATTS, lambda gpu: float(gpu.card.model.limit_watts)),
        "enforced.power.limit": (_WATTS, lambda gpu: float(gpu.card.model.limit_watts)),
        "clocks.current.sm": (_MHZ, lambda gpu: gpu.sm_mhz),
        "clocks.current.memory": (_MHZ, lambda gpu: gpu.card.model.memory_mhz),
        "clocks_event_reasons.active": ("", lambda gpu: f"0x{gpu.reasons:016X}"),
        "mig.mode.current": ("", _mig),
        "ecc.mode.current": ("", lambda _: "Enabled"),
        "ecc.errors.uncorrected.volatile.total": ("", lambda gpu: gpu.ecc),
        "ecc.errors.corrected.volatile.total": ("", lambda _: 0),
    },
    other_names={
        "gpu_name": "name",
        "gpu_uuid": "uuid",
        "gpu_bus_id": "pci.bus_id",
        "clocks.sm": "clocks.current.sm",
        "clocks.mem": "clocks.current.memory",
        "clocks_throttle_reasons.active": "clocks_event_reasons.active",
    },
    gpu=lambda gpu: gpu,
    known=frozenset({"index", "name", "uuid", "pci.bus_id"}),
)
_APPS: _Table[tuple[Gpu, Process]] = _Table(
    rows=_running,
    columns={
        "gpu_name": ("", lambda row: row[0].card.model.name),
        "gpu_bus_id": ("", lambda row: row[0].card.bus),
        "gpu_uuid": ("", lambda row: row[0].card.uuid),
        "pid": ("", lambda row: row[1].pid),
        "process_name": ("", lambda row: row[1].name),
        "used_gpu_memory": (_MIB, lambda row: row[1].used_mib),
    },
    other_names={"name": "process_name", "used_memory": "used_gpu_memory"},
    gpu=lambda row: row[0],
    known=frozenset(),
)


def run(cluster: Cluster, node: Node, options: Sequence[str], at: datetime) -> tuple[str, int]:
    """What is printed for these options, and the exit code."""
    there = list(gpus.of_node(cluster, node, at.timestamp()))
    asked = _Asked(driver_of(cluster), there, at)
    match options:
        case _ if not there:
            return _NO_GPU, _NOT_FOUND
        case []:
            return overview(asked.driver.version, asked.driver.cuda, there, at), 0
        case ["-L" | "--list-gpus"]:
            return "".join(_listed(there)), 0
        case ["--version"]:
            return _versions(asked.driver)
        case _:
            return _queried(options, asked)


def _queried(options: Sequence[str], asked: _Asked) -> tuple[str, int]:
    told = dict(option.split("=", 1) for option in options if "=" in option)
    forms = told.pop("--format", "").split(",")
    if len(told) != 1 or len(options) != 2 or "csv" not in forms:
        return _CONFUSED, _INVALID
    match told.popitem():
        case "--query-gpu", fields:
            return _GPUS.printed(fields, forms, asked)
        case "--query-compute-apps", fields:
            return _APPS.printed(fields, forms, asked)
        case _:
            return _CONFUSED, _INVALID


def _listed(there: Sequence[Gpu]) -> Iterator[str]:
    for gpu in there:
        card = gpu.card
        yield f"GPU {card.index}: {card.model.name} (UUID: {card.uuid})\n"
        for number, each in enumerate(gpu.instances):
            yield f"  MIG {each.profile:<11} Device {number:>2}: (UUID: {each.uuid})\n"


def _versions(driver: Driver) -> tuple[str, int]:
    if not driver.tells_versions:
        said = "ERROR: Option --version is not recognized. Please run 'nvidia-smi -h'.\n\n"
        return said, _INVALID
    nvml = driver.version.rpartition(".")[0]
    text = (
        f"NVIDIA-SMI version  : {driver.version}\n"
        f"NVML version        : {nvml}\n"
        f"DRIVER version      : {driver.version}\n"
        f"CUDA Version        : {driver.cuda}\n"
    )
    return text, 0
