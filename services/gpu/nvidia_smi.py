"""What nvidia-smi is asked, and what its lines say of GPUs and processes: pure.

Sources: the manual, https://docs.nvidia.com/deploy/nvidia-smi/, and ``--help-query-gpu``. A value
that is not known is told in brackets or without, by many names; one that is an error says so.
Values stand apart by a comma and a blank and are not quoted, so that the one that is a text may
hold commas itself.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from contracts.gpu import Attribution, Gpu, GpuProcess, GpuProcessType
from services.gpu.dcgm_fields import throttle_reasons

PROGRAM = "nvidia-smi"
FORM = "--format=csv,noheader,nounits"

Row = Mapping[str, str]
"""The values of a line, by field."""

_THROTTLING = "clocks_event_reasons.active"
_OLD_NAMES = {_THROTTLING: "clocks_throttle_reasons.active"}
"""What drivers before 535 call them."""
GPU_FIELDS = (
    "index",
    "uuid",
    "name",
    "driver_version",
    "memory.total",
    "memory.used",
    "memory.free",
    "utilization.gpu",
    "utilization.memory",
    "temperature.gpu",
    "power.draw",
    "power.limit",
    "fan.speed",
    "temperature.memory",
    "clocks.sm",
    "clocks.mem",
    _THROTTLING,
    "mig.mode.current",
    "ecc.errors.uncorrected.volatile.total",
)
"""What is asked of GPUs; a driver that does not know one of them refuses the whole question."""
PROCESS_FIELDS = ("gpu_uuid", "pid", "process_name", "used_memory")

_SEPARATOR = ", "
_TEXTS = frozenset({"name", "gpu_name", "process_name"})
"""Fields that may hold the separator."""
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?(?= (?:%|W|MiB|MHz|C)\Z|\Z)")
_MASK = re.compile(r"0x[0-9a-fA-F]{1,16}")
_UNKNOWN_FIELD = re.compile(r'Field "([^"]{1,64})" is not a valid field to query')
_UUID = re.compile(r"(?:GPU|MIG)-[0-9A-Za-z/-]{1,120}")
_ERRORS = frozenset({"Unknown Error", "ERR!", "GPU is lost", "GPU requires reset"})
_LONGEST = 256
_FAILURES = (
    (
        "Driver/library version mismatch",
        "the node's driver does not fit its library (Driver/library version mismatch); reboot the"
        " node, or load the driver's module anew",
    ),
    (
        "couldn't communicate with the NVIDIA driver",
        "nvidia-smi does not reach the node's driver; look at whether its module is loaded",
    ),
    ("No devices were found", "the node's driver finds no GPU (No devices were found)"),
    (
        "Unable to determine the device handle",
        "the node's driver does not reach a GPU (Unable to determine the device handle); look at"
        " its log for an XID",
    ),
    (
        "GPU access blocked by the operating system",
        "the node's system blocks its GPUs (GPU access blocked by the operating system)",
    ),
    (
        "Insufficient Permissions",
        "nvidia-smi may not reach the node's driver from this pod (Insufficient Permissions)",
    ),
    (
        "Failed to initialize NVML",
        "nvidia-smi cannot start the library of the node's driver (Failed to initialize NVML)",
    ),
    (
        "couldn't find libnvidia-ml.so",
        "the library of the node's driver is not there (libnvidia-ml.so)",
    ),
)


def gpu_query(fields: Sequence[str] = GPU_FIELDS) -> tuple[str, ...]:
    """The command that asks this of all GPUs of a node."""
    return PROGRAM, f"--query-gpu={','.join(fields)}", FORM


PROCESS_QUERY = (PROGRAM, f"--query-compute-apps={','.join(PROCESS_FIELDS)}", FORM)
"""The command that asks which processes compute."""


def without_unknown(fields: Sequence[str], output: str) -> tuple[str, ...] | None:
    """The fields to ask for, after a driver has said that it does not know one of them.

    By its older name if it has one, and else without it. None: that is not what it has said.
    """
    refused = _UNKNOWN_FIELD.search(output)
    if refused is None or refused[1] not in fields:
        return None
    older = _OLD_NAMES.get(refused[1])
    changed = (older if each == refused[1] else each for each in fields)
    return tuple(each for each in changed if each is not None)


def rows(fields: Sequence[str], output: str) -> list[Row]:
    """The lines that hold a value for each field; complaints in between are none of them."""
    found = (_row(fields, line.strip()) for line in output.splitlines())
    return [row for row in found if row is not None]


def gpus(found: Iterable[Row]) -> list[Gpu]:
    """The GPUs of these lines, in the order of their index; one that cannot be named is left out.

    It can be told from no other, nor be known again.
    """
    told = {row["uuid"]: row for row in reversed(list(found)) if _named(row.get("uuid", ""))}
    read = [Gpu(uuid=uuid, **values(row)) for uuid, row in told.items()]
    return sorted(read, key=lambda gpu: (gpu.index is None, gpu.index or 0, gpu.uuid))


def values(row: Row) -> dict[str, Any]:
    """What a line says of its GPU, beside its name: what is not known is null."""
    return {
        "index": _count(row, "index"),
        "name": _text(row, "name"),
        "driver_version": _text(row, "driver_version"),
        "memory_total_mb": _count(row, "memory.total"),
        "memory_used_mb": _count(row, "memory.used"),
        "memory_free_mb": _count(row, "memory.free"),
        "utilization_gpu_percent": _percent(row, "utilization.gpu"),
        "utilization_memory_percent": _percent(row, "utilization.memory"),
        "temperature_celsius": _number(row, "temperature.gpu"),
        "memory_temperature_celsius": _number(row, "temperature.memory"),
        "power_draw_watts": _number(row, "power.draw"),
        "power_limit_watts": _number(row, "power.limit"),
        "fan_speed_percent": _number(row, "fan.speed"),
        "sm_clock_mhz": _number(row, "clocks.sm"),
        "memory_clock_mhz": _number(row, "clocks.mem"),
        "throttle_reasons": _throttling(row),
        "ecc_uncorrected": _count(row, "ecc.errors.uncorrected.volatile.total"),
        "mig_enabled": {"Enabled": True, "Disabled": False}.get(row.get("mig.mode.current", "")),
        "error": _error(row),
    }


def processes(found: Iterable[Row]) -> list[GpuProcess]:
    """The processes of these lines, whose GPU and number are known."""
    return [
        GpuProcess(
            gpu_uuid=row["gpu_uuid"],
            pid=pid,
            process_name=_text(row, "process_name"),
            used_memory_mb=_count(row, "used_memory"),
            type=GpuProcessType.COMPUTE,
            attribution=Attribution.UNKNOWN,
        )
        for row in found
        if (pid := _count(row, "pid")) is not None and _named(row["gpu_uuid"])
    ]


def failure(output: str, code: int) -> str:
    """Why nothing was told of any GPU, in words."""
    if code == 127:
        return "there is no nvidia-smi in the pod that it was to be run in"
    said = next((words for text, words in _FAILURES if text in output), None)
    return said or f"nvidia-smi tells of no GPU; it ended with {code}"


def _row(fields: Sequence[str], line: str) -> Row | None:
    pieces = line.split(_SEPARATOR)
    surplus = len(pieces) - len(fields)
    text = _place(fields, _TEXTS)
    if surplus < 0 or (surplus and text is None):
        return None
    if surplus and text is not None:
        whole = _SEPARATOR.join(pieces[text : text + surplus + 1])
        pieces[text : text + surplus + 1] = [whole]
    return dict(zip(fields, map(_bare, pieces), strict=True))


def _place(fields: Sequence[str], wanted: Collection[str]) -> int | None:
    return next((place for place, field in enumerate(fields) if field in wanted), None)


def _bare(text: str) -> str:
    """A value without the brackets that stand around what is none."""
    text = text.strip()
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _named(uuid: str) -> bool:
    return _UUID.fullmatch(uuid) is not None


def _number(row: Row, field: str) -> float | None:
    found = _NUMBER.match(row.get(field, ""))
    return None if found is None else float(found[0])


def _count(row: Row, field: str) -> int | None:
    value = _number(row, field)
    return int(value) if value is not None and value >= 0 and value == int(value) else None


def _percent(row: Row, field: str) -> float | None:
    value = _number(row, field)
    return value if value is not None and 0 <= value <= 100 else None


_ABSENT = frozenset(
    {"", "N/A", "Not Supported", "Not Found", "Insufficient Permissions", "Unknown", "-"}
)


def _text(row: Row, field: str) -> str | None:
    text = row.get(field, "")
    if text in _ABSENT or text in _ERRORS:
        return None
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])


def _throttling(row: Row) -> tuple[str, ...] | None:
    text = row.get(_THROTTLING) or row.get(_OLD_NAMES[_THROTTLING]) or ""
    return throttle_reasons(int(text, 16)) if _MASK.fullmatch(text) else None


def _error(row: Row) -> str | None:
    told = dict.fromkeys(text for text in row.values() if text in _ERRORS)
    return "; ".join(told) or None
