"""What is read of nvidia-smi: recorded outputs of its generations, and what else it may print.

In the recordings a field that has two names stands under the one that is asked for.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from contracts.gpu import Gpu, GpuProcess, GpuProcessType
from services.gpu import nvidia_smi
from services.gpu.nvidia_smi import GPU_FIELDS, PROCESS_FIELDS, failure, gpus, processes, rows

RECORDED = Path(__file__).parent / "recorded" / "nvidia_smi"
UUID, OTHER = "GPU-0d70be84-560c-cf1e-8d49-c41015f45415", "GPU-54def825-67ad-1d7d-19d2-84ee7fd4fbb9"
WHOLE = (
    f"0, {UUID}, NVIDIA H100 80GB HBM3, 580.105.08, 81559, 61203, 19742, 87, 41, 64, 512.31,"
    " 700.00, [N/A], 71, 1980, 2619, 0x0000000000000004, Disabled, 0"
)


def recording(name: str) -> tuple[list[str], str]:
    """The fields that were asked for, and what was printed."""
    lines = (RECORDED / name).read_text().splitlines()
    told = next((each for each in lines if each.startswith("# Fields: ")), "")
    printed = [each for each in lines if not each.startswith("#")]
    return told.removeprefix("# Fields: ").split(","), "\n".join(printed)


def known(name: str) -> list[dict[str, Any]]:
    """All that is known by a recording, line by line."""
    found = [nvidia_smi.values(row) for row in rows(*recording(name))]
    return [{key: value for key, value in each.items() if value is not None} for each in found]


def asked(output: str) -> list[Gpu]:
    return gpus(rows(GPU_FIELDS, output))


def line(**changes: str) -> str:
    """A GPU that is well, but for these values."""
    told = dict(zip(GPU_FIELDS, WHOLE.split(", "), strict=True))
    return ", ".join(
        {**told, **{key.replace("_", "."): each for key, each in changes.items()}}.values()
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "rtx-2080-440.64.csv",
            [
                {
                    "name": "GeForce RTX 2080",
                    "driver_version": "440.64",
                    "memory_total_mb": 7979,
                    "utilization_gpu_percent": 86.0,
                    "utilization_memory_percent": 55.0,
                    "temperature_celsius": 45.0,
                    "power_draw_watts": 176.98,
                    "power_limit_watts": 200.0,
                    "fan_speed_percent": 100.0,
                    "sm_clock_mhz": 1965.0,
                    "memory_clock_mhz": 7199.0,
                }
            ],
        ),
        (
            "rtx-2080-ti-442.19.csv",
            [
                {
                    "name": "GeForce RTX 2080 Ti",
                    "utilization_gpu_percent": 100.0,
                    "utilization_memory_percent": 37.0,
                    "temperature_celsius": 56.0,
                    "power_draw_watts": 228.82,
                    "power_limit_watts": 210.0,
                    "fan_speed_percent": 56.0,
                    "memory_clock_mhz": 6800.0,
                    "error": "Unknown Error",
                }
            ],
        ),
        *(
            (
                name,
                [
                    {
                        "memory_total_mb": 2004,
                        "memory_used_mb": 0,
                        "memory_free_mb": 2004,
                        "utilization_gpu_percent": 0.0,
                        "utilization_memory_percent": 0.0,
                        "temperature_celsius": 44.0,
                    }
                ],
            )
            for name in ("laptop-2020-old.csv", "laptop-2020-new.csv")
        ),
        (
            "rtx-2060-460.91.03.csv",
            [
                {
                    "name": "GeForce RTX 2060",
                    "driver_version": "460.91.03",
                    "memory_total_mb": 5934,
                    "memory_used_mb": 682,
                    "memory_free_mb": 5252,
                    "utilization_gpu_percent": 20.0,
                    "utilization_memory_percent": 8.0,
                    "temperature_celsius": 36.0,
                }
            ],
        ),
        (
            "rtx-520.56.06.csv",
            [
                {
                    "index": 0,
                    "utilization_gpu_percent": gpu,
                    "utilization_memory_percent": 4.0,
                    "temperature_celsius": temperature,
                    "power_draw_watts": watts,
                    "fan_speed_percent": 34.0,
                    "sm_clock_mhz": clock,
                    "memory_clock_mhz": 5001.0,
                }
                for gpu, temperature, watts, clock in (
                    (26.0, 56.0, 83.92, 1320.0),
                    (25.0, 55.0, 78.22, 1470.0),
                )
            ],
        ),
        (
            "a100-mig-535.161.08.csv",
            [
                {
                    "name": "NVIDIA A100-SXM4-80GB",
                    "driver_version": "535.161.08",
                    "temperature_celsius": 47.0,
                }
            ],
        ),
        (
            "titan-v-570.86.15.csv",
            [
                {"index": 0, "name": "NVIDIA TITAN V", "driver_version": "570.86.15"},
                {
                    "index": 1,
                    "name": "NVIDIA RTX 5880 Ada Generation",
                    "driver_version": "570.86.15",
                },
            ],
        ),
        ("gb10.csv", [{"utilization_memory_percent": 0.0}]),
    ],
)
def test_recorded_outputs_give_exactly_what_is_in_them(
    name: str, expected: list[dict[str, Any]]
) -> None:
    assert known(name) == expected


def test_a_recorded_gpu_has_its_name() -> None:
    (gpu,) = gpus(rows(*recording("rtx-2080-440.64.csv")))
    assert gpu.uuid == "GPU-22b2c6ac-2d49-4863-197c-9c469071178a"


def test_all_that_is_asked_for_is_read() -> None:
    (gpu,) = asked(f"{WHOLE}\n")
    assert gpu == Gpu(
        uuid=UUID,
        index=0,
        name="NVIDIA H100 80GB HBM3",
        driver_version="580.105.08",
        memory_total_mb=81_559,
        memory_used_mb=61_203,
        memory_free_mb=19_742,
        utilization_gpu_percent=87.0,
        utilization_memory_percent=41.0,
        temperature_celsius=64.0,
        power_draw_watts=512.31,
        power_limit_watts=700.0,
        memory_temperature_celsius=71.0,
        sm_clock_mhz=1980.0,
        memory_clock_mhz=2619.0,
        throttle_reasons=("SW_POWER_CAP",),
        ecc_uncorrected=0,
        mig_enabled=False,
    )


@pytest.mark.parametrize(
    "text",
    [
        "[N/A]",
        "N/A",
        "[Not Supported]",
        "Not Supported",
        "[Insufficient Permissions]",
        "",
        "-1",
        "101",
        "nan",
        "inf",
        "1e3",
        "٣",
        "Requested functionality has been deprecated",
    ],
)
def test_what_is_no_value_is_unknown_and_no_error(text: str) -> None:
    (gpu,) = asked(line(utilization_gpu=text))
    assert gpu.utilization_gpu_percent is None
    assert gpu.error is None
    assert gpu.temperature_celsius == 64.0


@pytest.mark.parametrize("text", ["Unknown Error", "ERR!", "GPU is lost", "GPU requires reset"])
def test_what_is_wrong_with_a_gpu_is_told_once(text: str) -> None:
    (gpu,) = asked(line(utilization_gpu=f"[{text}]", temperature_gpu=text))
    assert (gpu.utilization_gpu_percent, gpu.temperature_celsius) == (None, None)
    assert gpu.error == text
    assert gpu.memory_used_mb == 61_203


def test_a_name_may_hold_commas() -> None:
    (gpu,) = asked(line(name="Odd, Name, Inc."))
    assert gpu.name == "Odd, Name, Inc."
    assert gpu.driver_version == "580.105.08"
    told = rows(PROCESS_FIELDS, f"{UUID}, 7, python train.py --mix a, b, 512")
    assert [(each.process_name, each.used_memory_mb) for each in processes(told)] == [
        ("python train.py --mix a, b", 512)
    ]


def test_gpus_beside_one_that_is_lost_are_read() -> None:
    lost = ", ".join(["[Unknown Error]"] * len(GPU_FIELDS))
    told = "Unable to determine the device handle for GPU0000:02:00.0: Unknown Error"
    found = asked("\n".join((line(index="1", uuid=OTHER), told, lost, WHOLE, WHOLE)))
    assert [(gpu.index, gpu.uuid) for gpu in found] == [(0, UUID), (1, OTHER)]


@pytest.mark.parametrize(
    ("reported", "reasons"),
    [
        ("0x0000000000000000", ()),
        ("0x0000000000000060", ("SW_THERMAL_SLOWDOWN", "HW_THERMAL_SLOWDOWN")),
        ("[N/A]", None),
        ("Active", None),
    ],
)
def test_reasons_of_throttling_have_their_names(
    reported: str, reasons: tuple[str, ...] | None
) -> None:
    told = dict(zip(GPU_FIELDS, WHOLE.split(", "), strict=True))
    for name in ("clocks_event_reasons.active", "clocks_throttle_reasons.active"):
        row = {**told, "clocks_event_reasons.active": "", name: reported}
        assert gpus([row])[0].throttle_reasons == reasons


def test_a_driver_that_knows_less_is_asked_for_less() -> None:
    said = 'Field "{}" is not a valid field to query.\n\n'
    older = nvidia_smi.without_unknown(GPU_FIELDS, said.format("clocks_event_reasons.active"))
    assert older is not None
    assert "clocks_throttle_reasons.active" in older
    assert len(older) == len(GPU_FIELDS)
    oldest = nvidia_smi.without_unknown(older, said.format("clocks_throttle_reasons.active"))
    assert oldest == tuple(each for each in GPU_FIELDS if "reasons" not in each)
    assert nvidia_smi.without_unknown(GPU_FIELDS, said.format("of.no.interest")) is None
    assert nvidia_smi.without_unknown(GPU_FIELDS, WHOLE) is None


@pytest.mark.parametrize(
    ("output", "code", "text"),
    [
        ("No devices were found\n", 6, "finds no GPU"),
        ("Failed to initialize NVML: Driver/library version mismatch\n", 18, "does not fit"),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make"
            " sure that the latest NVIDIA driver is installed and running.\n",
            9,
            "does not reach the node's driver",
        ),
        ("Failed to initialize NVML: Unknown Error\n", 255, "cannot start the library"),
        ("Failed to initialize NVML: Insufficient Permissions\n", 4, "may not reach"),
        (
            "Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error\n",
            255,
            "look at its log for an XID",
        ),
        ("", 127, "no nvidia-smi in the pod"),
        ("", 0, "ended with 0"),
        ("Segmentation fault <secret>\n", 139, "ended with 139"),
    ],
)
def test_a_node_without_any_gpu_says_why(output: str, code: int, text: str) -> None:
    assert asked(output) == []
    told = failure(output, code)
    assert text in told
    assert "secret" not in told


def test_processes_are_read_as_far_as_they_are_known() -> None:
    output = "\n".join(
        (
            f"{UUID}, 114687, /usr/local/bin/python, 19135",
            f"{UUID}, 2, [Insufficient Permissions], [N/A]",
            f"{UUID}, [Not Supported], [Not Supported], [Not Supported]",
            "[N/A], 3, python, 1",
            "",
        )
    )
    common: dict[str, Any] = {"gpu_uuid": UUID, "type": GpuProcessType.COMPUTE}
    assert processes(rows(PROCESS_FIELDS, output)) == [
        GpuProcess(
            pid=114_687, process_name="/usr/local/bin/python", used_memory_mb=19_135, **common
        ),
        GpuProcess(pid=2, **common),
    ]


@for_all(st.text(), st.lists(st.text(), max_size=30))
def test_nothing_that_is_printed_does_harm(text: str, pieces: list[str]) -> None:
    for output in (text, ", ".join(pieces), ", ".join([UUID, *pieces]), line(memory_used=text)):
        for gpu in asked(output):
            assert Gpu.model_validate_json(gpu.model_dump_json()) == gpu
        for process in processes(rows(PROCESS_FIELDS, output)):
            assert GpuProcess.model_validate_json(process.model_dump_json()) == process
        assert failure(output, 1).isprintable()
