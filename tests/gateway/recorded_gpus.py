"""What was recorded of real GPUs, read here by itself: the fields that each recording has."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parents[1] / "services" / "gpu" / "recorded"
UNKNOWN = {"[N/A]", "N/A", "[Not Supported]", "[Insufficient Permissions]", "[Unknown Error]"}
Values = dict[str, Any]
_LINE = re.compile(r"(?P<metric>\w+)\{(?P<labels>.*)\} (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_BLANK = "9223372036854775794"
"""What DCGM tells for a number that it has not."""


def _as_told(text: str) -> float | None:
    return None if text == _BLANK else float(text)


def _percent(text: str) -> float:
    return round(float(text) * 100, 4)


METRICS: Mapping[str, tuple[str, Callable[[str], float | None]]] = {
    "DCGM_FI_DEV_GPU_UTIL": ("utilization_gpu_percent", _as_told),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": ("engine", _percent),
    "DCGM_FI_DEV_MEM_COPY_UTIL": ("utilization_memory_percent", _as_told),
    "DCGM_FI_DEV_FB_USED": ("memory_used_mb", _as_told),
    "DCGM_FI_DEV_FB_FREE": ("memory_free_mb", _as_told),
    "DCGM_FI_DEV_FB_RESERVED": ("reserved", _as_told),
    "DCGM_FI_DEV_GPU_TEMP": ("temperature_celsius", _as_told),
    # 0 °C is told of a memory that has no thermometer.
    "DCGM_FI_DEV_MEMORY_TEMP": ("memory_temperature_celsius", lambda text: _as_told(text) or None),
    "DCGM_FI_DEV_POWER_USAGE": ("power_draw_watts", _as_told),
    "DCGM_FI_DEV_SM_CLOCK": ("sm_clock_mhz", _as_told),
    "DCGM_FI_DEV_MEM_CLOCK": ("memory_clock_mhz", _as_told),
    "DCGM_FI_DEV_XID_ERRORS": ("xid", _as_told),
    "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": ("nvlink_bytes_per_second", _as_told),
}
"""In the recordings nothing goes over NVLink: 0 in whichever unit."""
_OF_INSTANCES = ("memory_used_mb", "memory_free_mb", "engine", "reserved")
"""What an instance has of its own; all else it tells of its GPU."""
UNASKED = {
    f"DCGM_FI_{name}"
    for name in (
        *("DEV_TOTAL_ENERGY_CONSUMPTION", "DEV_PCIE_REPLAY_COUNTER", "DEV_VGPU_LICENSE_STATUS"),
        *("DEV_ENC_UTIL", "DEV_DEC_UTIL", "PROF_PIPE_TENSOR_ACTIVE", "PROF_DRAM_ACTIVE"),
        *("PROF_PCIE_TX_BYTES", "PROF_PCIE_RX_BYTES"),
    )
}
"""Of this nothing is shown."""


@dataclass
class _Exported:
    """One GPU of an exporter."""

    labels: Mapping[str, str]
    own: Values = field(default_factory=Values)
    parts: defaultdict[int, Values] = field(default_factory=lambda: defaultdict(Values))
    profiles: dict[int, str] = field(default_factory=dict[int, str])
    users: set[tuple[Any, ...]] = field(default_factory=set[tuple[Any, ...]])

    def take(self, metric: str, labels: Mapping[str, str], text: str) -> None:
        name, reading = METRICS[metric]
        instance = int(labels["GPU_I_ID"]) if "GPU_I_ID" in labels else None
        if instance is not None:
            self.profiles[instance] = labels["GPU_I_PROFILE"]
            self.parts[instance]
        if labels.get("pod"):
            user = labels["namespace"], labels["pod"], labels["container"]
            self.users.add((labels["UUID"], *user, instance))
        if instance is not None and name in _OF_INSTANCES:
            self.parts[instance][name] = reading(text)
        elif instance is None or name not in self.own:
            self.own[name] = reading(text)
        elif (value := reading(text)) is not None:
            # The instances of a GPU are read one after the other.
            self.own[name] = max(value, self.own[name] or 0)

    @property
    def shown(self) -> Values:
        """The GPU as the hub has to show it; what is not in it is unknown."""
        made = {
            "uuid": self.labels["UUID"],
            "index": int(self.labels["gpu"]),
            "name": self.labels.get("modelName"),
            "driver_version": self.labels.get("DCGM_FI_DRIVER_VERSION"),
            "mig_enabled": True if self.parts else None,
            "mig": [_instance(*each, self.profiles) for each in sorted(self.parts.items())],
            **_memory(self.own),
        }
        if self.parts and not any(name.startswith("memory_") and name.endswith("_mb")
                                  for name in self.own):  # fmt: skip
            made |= _together([_memory(part) for part in self.parts.values()])
        made.setdefault("utilization_gpu_percent", made.pop("engine", None))
        for name in ("engine", "reserved"):
            made.pop(name, None)
        return made


def _memory(told: Values) -> Values:
    """With the total that its parts come to, as no exporter of these tells it."""
    if told.get("memory_used_mb") is None or told.get("memory_free_mb") is None:
        return told
    total = told["memory_used_mb"] + told["memory_free_mb"] + (told.get("reserved") or 0)
    return {**told, "memory_total_mb": total}


def _together(parts: Iterable[Values]) -> Values:
    told = list(parts)
    names = ("memory_total_mb", "memory_used_mb", "memory_free_mb")
    return {
        name: sum(part[name] for part in told)
        for name in names
        if all(part.get(name) is not None for part in told)
    }


def _instance(number: int, told: Values, profiles: Mapping[int, str]) -> Values:
    known = {name: value for name, value in _memory(told).items() if name.startswith("memory_")}
    return {
        "gpu_instance_id": number,
        "profile": profiles[number],
        "utilization_gpu_percent": told.get("engine"),
        **known,
    }


@dataclass(frozen=True)
class Exposition:
    """What an exporter has told."""

    gpus: list[Values]
    users: set[tuple[Any, ...]]
    """UUID, namespace, pod, container and instance."""
    metrics: set[str]


def exposition(file: str) -> Exposition:
    """A recording of dcgm-exporter."""
    found: dict[str, _Exported] = {}
    metrics: set[str] = set()
    for line in (RECORDED / "dcgm" / file).read_text().splitlines():
        if line.startswith("#"):
            continue
        told = _LINE.fullmatch(line)
        assert told is not None, line
        labels = dict(_LABEL.findall(told["labels"]))
        metrics.add(told["metric"])
        gpu = found.setdefault(labels["UUID"], _Exported(labels))
        if told["metric"] in METRICS:
            gpu.take(told["metric"], labels, told["value"])
    gpus = sorted((gpu.shown for gpu in found.values()), key=lambda gpu: gpu["index"])
    return Exposition(gpus, {user for gpu in found.values() for user in gpu.users}, metrics)


ASKABLE: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "index": ("index", int),
    "uuid": ("uuid", str),
    "name": ("name", str),
    "driver_version": ("driver_version", str),
    "memory.total": ("memory_total_mb", int),
    "memory.used": ("memory_used_mb", int),
    "memory.free": ("memory_free_mb", int),
    "utilization.gpu": ("utilization_gpu_percent", float),
    "utilization.memory": ("utilization_memory_percent", float),
    "temperature.gpu": ("temperature_celsius", float),
    "temperature.memory": ("memory_temperature_celsius", float),
    "power.draw": ("power_draw_watts", float),
    "power.limit": ("power_limit_watts", float),
    "fan.speed": ("fan_speed_percent", float),
    "clocks.sm": ("sm_clock_mhz", float),
    "clocks.mem": ("memory_clock_mhz", float),
}
"""What the recordings have of what is shown."""
_WORDS = ("name", "uuid", "driver_version")


def printed(file: str) -> list[dict[str, str]]:
    """The lines of a recording of nvidia-smi, each value as it was printed, by field."""
    lines = (RECORDED / "nvidia_smi" / file).read_text().splitlines()
    fields = next(line.removeprefix("# Fields: ") for line in lines if line.startswith("# Fields"))
    values = csv.reader((each for each in lines if not each.startswith("#")), skipinitialspace=True)
    return [dict(zip(fields.split(","), row, strict=True)) for row in values]


def shown(line: Mapping[str, str]) -> Values:
    """What the hub has to show of such a line."""
    made: Values = {}
    for asked, (name, kind) in ASKABLE.items():
        text = line.get(asked)
        if text is not None and text not in UNKNOWN:
            made[name] = kind(text if asked in _WORDS else text.split(" ")[0])
    return made


def text(file: str) -> str:
    """A recording of a table, without what was said of it."""
    lines = (RECORDED / "nvidia_smi" / file).read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def _cells(table: str) -> Iterable[list[list[str]]]:
    for line in table.splitlines():
        if line.startswith("| "):
            yield [cell.split() for cell in line.strip("|").split("|")]


def instances(table: str, listed: str) -> list[Values]:
    """The instances in a table, with what a list says of them."""
    names = [line.split() for line in listed.splitlines() if line.startswith("  MIG ")]
    found: list[Values] = []
    for cells in _cells(table):
        if len(cells) < 4 or len(cells[0]) != 4 or not all(map(str.isdecimal, cells[0])):
            continue
        used, total = (int(cells[1][place].removesuffix("MiB")) for place in (0, 2))
        named = next((row for row in names if row[3] == f"{cells[0][3]}:"), None)
        found.append(
            {
                "gpu_instance_id": int(cells[0][1]),
                "profile": named[1] if named else None,
                "uuid": named[5].rstrip(")") if named else None,
                "memory_total_mb": total,
                "memory_used_mb": used,
                "memory_free_mb": total - used,
            }
        )
    return found


def processes(table: str) -> list[Values]:
    """Of a table of processes, with instances."""
    types = {"C": "COMPUTE", "M+C": "COMPUTE", "G": "GRAPHICS", "C+G": "MIXED"}
    return [
        {
            "gpu_index": int(gpu),
            "gpu_instance_id": None if instance == "N/A" else int(instance),
            "pid": int(pid),
            "type": types[kind],
            "process_name": name,
            "used_memory_mb": int(used.removesuffix("MiB")),
        }
        for cells in _cells(table)
        if len(cells) == 1 and len(cells[0]) == 7 and cells[0][3].isdecimal()
        for gpu, instance, _, pid, kind, name, used in cells
    ]
