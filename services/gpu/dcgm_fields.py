"""Which metrics of dcgm-exporter are read, and what their values mean: pure.

A metric has the name of its field in DCGM. Sources: "Field Identifiers",
https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html; the counter files
of https://github.com/NVIDIA/dcgm-exporter (etc/) of versions 2.1 to 4.6; for reasons of throttling
"Clocks Event Reasons", https://docs.nvidia.com/deploy/nvml-api/.
"""

import math
from collections.abc import Mapping
from enum import StrEnum, auto


class Value(StrEnum):
    """What is known of a GPU, or of an instance of it."""

    GPU_UTIL = auto()
    ENGINE = auto()
    """Share of the time in which its graphics or compute engine was active: 0 to 1."""
    MEMORY_UTIL = auto()
    TOTAL = auto()
    USED = auto()
    FREE = auto()
    RESERVED = auto()
    TEMPERATURE = auto()
    MEMORY_TEMPERATURE = auto()
    POWER = auto()
    POWER_LIMIT = auto()
    ENFORCED_LIMIT = auto()
    FAN = auto()
    SM_CLOCK = auto()
    MEMORY_CLOCK = auto()
    THROTTLE = auto()
    XID = auto()
    XIDS = auto()
    """How often an XID was told in the last minutes; which one is a label."""
    ECC = auto()
    NVLINK = auto()
    NVLINK_SENT = auto()
    NVLINK_RECEIVED = auto()
    FLIT_ERRORS = auto()
    DATA_ERRORS = auto()
    REPLAYS = auto()
    RECOVERIES = auto()
    MIG = auto()
    CUDA = auto()


METRICS: Mapping[str, Value] = {
    "DCGM_FI_DEV_GPU_UTIL": Value.GPU_UTIL,
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": Value.ENGINE,
    "DCGM_FI_DEV_MEM_COPY_UTIL": Value.MEMORY_UTIL,
    "DCGM_FI_DEV_FB_TOTAL": Value.TOTAL,
    "DCGM_FI_DEV_FB_USED": Value.USED,
    "DCGM_FI_DEV_FB_FREE": Value.FREE,
    "DCGM_FI_DEV_FB_RESERVED": Value.RESERVED,
    "DCGM_FI_DEV_GPU_TEMP": Value.TEMPERATURE,
    "DCGM_FI_DEV_MEMORY_TEMP": Value.MEMORY_TEMPERATURE,
    "DCGM_FI_DEV_POWER_USAGE": Value.POWER,
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": Value.POWER_LIMIT,
    "DCGM_FI_DEV_ENFORCED_POWER_LIMIT": Value.ENFORCED_LIMIT,
    "DCGM_FI_DEV_FAN_SPEED": Value.FAN,
    "DCGM_FI_DEV_SM_CLOCK": Value.SM_CLOCK,
    "DCGM_FI_DEV_MEM_CLOCK": Value.MEMORY_CLOCK,
    "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS": Value.THROTTLE,
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": Value.THROTTLE,
    "DCGM_FI_DEV_XID_ERRORS": Value.XID,
    "DCGM_EXP_XID_ERRORS_COUNT": Value.XIDS,
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": Value.ECC,
    "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": Value.NVLINK,
    "DCGM_FI_PROF_NVLINK_TX_BYTES": Value.NVLINK_SENT,
    "DCGM_FI_PROF_NVLINK_RX_BYTES": Value.NVLINK_RECEIVED,
    "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL": Value.FLIT_ERRORS,
    "DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL": Value.DATA_ERRORS,
    "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL": Value.REPLAYS,
    "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL": Value.RECOVERIES,
    "DCGM_FI_DEV_MIG_MODE": Value.MIG,
    "DCGM_FI_CUDA_DRIVER_VERSION": Value.CUDA,
    # As the newest releases of DCGM call some of them.
    "DCGM_FI_DEV_GPU_TEMP_CELSIUS": Value.TEMPERATURE,
    "DCGM_FI_DEV_MEMORY_TEMP_CELSIUS": Value.MEMORY_TEMPERATURE,
    "DCGM_FI_DEV_BOARD_POWER_WATTS": Value.POWER,
    "DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS": Value.POWER_LIMIT,
    "DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS": Value.ENFORCED_LIMIT,
    "DCGM_FI_DEV_XID_ERROR": Value.XID,
    "DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL": Value.NVLINK,
    "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_TOTAL": Value.FLIT_ERRORS,
    "DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_TOTAL": Value.DATA_ERRORS,
    "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_TOTAL": Value.REPLAYS,
    "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_TOTAL": Value.RECOVERIES,
}
"""What each metric is about."""

Values = Mapping[Value, float]
"""What is known; nothing of it is blank, infinite or not a number."""

_INT32_BLANKS = (0x7FFFFFF0, 0x7FFFFFFF)
_BLANK = 140737488355328.0
"""From here on up no value means a number: DCGM's first blank in FP64; those in INT64 are above."""
_NVLINK_UNIT = 1024 * 1000
"""DCGM takes the KiB of a second and divides them by 1,000 (DcgmCacheManager.cpp); the counter
files call it a counter all the same."""
_HOTTEST = 250
_REASONS = {
    0x1: "GPU_IDLE",
    0x2: "APPLICATIONS_CLOCKS_SETTING",
    0x4: "SW_POWER_CAP",
    0x8: "HW_SLOWDOWN",
    0x10: "SYNC_BOOST",
    0x20: "SW_THERMAL_SLOWDOWN",
    0x40: "HW_THERMAL_SLOWDOWN",
    0x80: "HW_POWER_BRAKE_SLOWDOWN",
    0x100: "DISPLAY_CLOCK_SETTING",
}
_MOST_REASONS = 1 << 32


def number(text: str) -> float | None:
    """A sample's value; null for one that is no number, or stands for one that DCGM has not."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value) or value >= _BLANK:
        return None
    return None if _INT32_BLANKS[0] <= value <= _INT32_BLANKS[1] else value


def percent(value: float | None) -> float | None:
    """Of a value from 0 to 100, itself."""
    return value if value is not None and 0 <= value <= 100 else None


def share(value: float | None) -> float | None:
    """Of a share from 0 to 1, per cent."""
    return percent(None if value is None else round(value * 100, 4))


def count(value: float | None) -> int | None:
    """Of a whole number that is not negative, itself."""
    return int(value) if value is not None and value >= 0 and value == int(value) else None


def amount(value: float | None) -> float | None:
    """Of a value that is not negative, itself."""
    return value if value is not None and value >= 0 else None


def temperature(value: float | None) -> float | None:
    """In °C."""
    return value if value is not None and 0 <= value <= _HOTTEST else None


def memory_temperature(value: float | None) -> float | None:
    """In °C; a GPU without such a sensor tells 0."""
    return temperature(value) or None


def nvlink(values: Values) -> float | None:
    """Bytes a second in both directions; the profiling fields know it to the byte."""
    both = [values.get(Value.NVLINK_SENT), values.get(Value.NVLINK_RECEIVED)]
    known = [each for each in map(amount, both) if each is not None]
    if len(known) == len(both):
        return sum(known)
    rough = amount(values.get(Value.NVLINK))
    return None if rough is None else rough * _NVLINK_UNIT


def nvlink_errors(values: Values) -> int | None:
    """Of all kinds that are exported."""
    kinds = (Value.FLIT_ERRORS, Value.DATA_ERRORS, Value.REPLAYS, Value.RECOVERIES)
    known = [each for each in (count(values.get(kind)) for kind in kinds) if each is not None]
    return sum(known) if known else None


def throttle_reasons(value: float | None) -> tuple[str, ...] | None:
    """The bits of a mask, by their names in NVML; one that has no name as a number."""
    mask = count(value)
    if mask is None or mask >= _MOST_REASONS:
        return None
    bits = (1 << place for place in range(mask.bit_length()) if mask & (1 << place))
    return tuple(_REASONS.get(bit, hex(bit)) for bit in bits)


def cuda_version(value: float | None) -> str | None:
    """For example ``12.8``, of 12080, as CUDA tells it, or of 12800, as DCGM's manual has it."""
    version = count(value)
    if not version or version >= 1_000_000:
        return None
    major, rest = divmod(version, 1000)
    return f"{major}.{rest // 100 or rest // 10}"
