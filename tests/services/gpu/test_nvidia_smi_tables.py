"""What is read of nvidia-smi's tables and of its list: recorded ones of several drivers."""

import pytest
from hypothesis import given as for_all, strategies as st

from contracts.gpu import Gpu, GpuProcess, GpuProcessType, MigInstance
from services.gpu.nvidia_smi_tables import NO_DEVICES, devices, overview
from tests.services.gpu.test_nvidia_smi import UUID, recording

A100 = "GPU-4101de38-535a-4255-ac14-a63e072d7a10"


def printed(name: str) -> str:
    return recording(name)[1]


def gpu(uuid: str = UUID, index: int = 0) -> Gpu:
    return Gpu(uuid=uuid, index=index, mig_enabled=True)


def test_instances_have_their_memory_profile_and_name() -> None:
    (told,) = overview(printed("a100-mig.txt")).told(
        [gpu(A100)], devices(printed("a100-mig-list.txt"))
    )
    assert told.mig == tuple(
        MigInstance(
            gpu_instance_id=number,
            profile=profile,
            uuid=uuid,
            memory_total_mb=total,
            memory_used_mb=used,
            memory_free_mb=total - used,
        )
        for number, profile, uuid, used, total in (
            (2, "3g.40gb", "MIG-d771d938-b556-4f9d-b742-2dd26b864023", 19, 40_192),
            (3, "2g.20gb", "MIG-08bce7f3-bac7-4715-b56f-91541f15fe37", 13, 19_968),
            (9, "1g.10gb", "MIG-761ea9d1-82ac-41cb-9e19-d3593973f144", 6, 9_728),
            (10, "1g.10gb", "MIG-a5b1e9ac-1c96-4ca0-b57c-53878e7531dc", 6, 9_728),
        )
    )


def test_the_tables_of_a_newer_driver_are_read_as_well() -> None:
    found = overview(printed("a100-mig-570.148.08.txt"))
    assert found.cuda_version == "12.8"
    (told,) = found.told([gpu()], NO_DEVICES)
    assert [
        (each.gpu_instance_id, each.memory_used_mb, each.memory_total_mb, each.profile)
        for each in told.mig
    ] == [
        (1, 1442, 40192, None),
        (5, 1513, 19968, None),
        (13, 1376, 9728, None),
        (14, 1398, 9728, None),
    ]
    placed = [
        found.placed(GpuProcess(gpu_uuid=UUID, pid=pid), [told])
        for pid in (3817640, 3817659, 3817406, 1)
    ]
    assert [(each.gpu_instance_id, each.type) for each in placed] == [
        (1, GpuProcessType.COMPUTE),
        (5, GpuProcessType.COMPUTE),
        (14, GpuProcessType.COMPUTE),
        (None, None),
    ]


def test_processes_are_told_apart_by_their_gpu() -> None:
    found = overview(printed("a100-510.47.03.txt"))
    gpus = [gpu("GPU-a", 0), gpu("GPU-b", 1), gpu("GPU-c", 2)]
    asked = [
        ("GPU-a", 33724),
        ("GPU-b", 34965),
        ("GPU-b", 46505),
        ("GPU-c", 26294),
        ("GPU-c", 34965),
    ]
    placed = [found.placed(GpuProcess(gpu_uuid=uuid, pid=pid), gpus) for uuid, pid in asked]
    assert [each.gpu_instance_id for each in placed] == [None, 3, 5, 3, None]


def test_a_process_in_an_instance_belongs_to_its_gpu() -> None:
    (whole,) = overview(printed("a100-mig.txt")).told(
        [gpu(A100)], devices(printed("a100-mig-list.txt"))
    )
    nothing = overview("")
    named = GpuProcess(gpu_uuid="MIG-761ea9d1-82ac-41cb-9e19-d3593973f144", pid=7)
    placed = nothing.placed(named, [gpu("GPU-other", 1), whole])
    assert (placed.gpu_uuid, placed.gpu_instance_id) == (A100, 9)
    legacy = GpuProcess(gpu_uuid=f"MIG-{A100}/10/0", pid=7)
    placed = nothing.placed(legacy, [whole])
    assert (placed.gpu_uuid, placed.gpu_instance_id) == (A100, 10)
    assert nothing.placed(named, []) == named


def test_names_of_older_drivers_are_listed() -> None:
    listed = devices(printed("a100-mig-list-450.txt"))
    parent = "5c89852c-d268-c3f3-1b07-005d5ae1dc3f"
    assert listed.named(0, 1) == ("1g.5gb", f"MIG-GPU-{parent}/8/0")
    assert listed.named(1, 0) == (None, None)


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("| NVIDIA-SMI 515.48.07    Driver Version: 515.48.07    CUDA Version: 11.7     |", "11.7"),
        (
            "| NVIDIA-SMI 610.57.04              KMD Version: 610.57.04     CUDA UMD Version:"
            " 13.3     |",
            "13.3",
        ),
        ("| NVIDIA-SMI 550.54.10   Driver Version: 550.54.10      CUDA Version: N/A      |", None),
        ("| NVIDIA-SMI 384.59                 Driver Version: 384.59                    |", None),
    ],
)
def test_the_version_of_cuda_stands_in_the_head(header: str, version: str | None) -> None:
    # Sources: NVIDIA/gpu-operator#406, a904055262/PVE-manager-status#14, wookayin/gpustat#18.
    assert overview(f"Tue Sep 20 13:11:24 2022\n{header}\n").cuda_version == version


@for_all(st.text())
def test_nothing_that_is_printed_does_harm(text: str) -> None:
    (told,) = overview(text).told([gpu()], devices(text))
    assert Gpu.model_validate_json(told.model_dump_json()) == told
