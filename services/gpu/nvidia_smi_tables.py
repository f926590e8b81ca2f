"""What only nvidia-smi's tables and its list of GPUs say: pure.

CUDA's version, the instances of a GPU (Multi-Instance GPU), and for what and in which of them a
process runs, are no fields that could be asked for. Both forms are for people; what is read here is
alike from driver 450 to 610. Sources: the manual, https://docs.nvidia.com/deploy/nvidia-smi/, and
the MIG User Guide, https://docs.nvidia.com/datacenter/tesla/mig-user-guide/.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.gpu import Gpu, GpuProcess, GpuProcessType, MigInstance
from services.gpu.nvidia_smi import PROGRAM

OVERVIEW = (PROGRAM,)
LIST = (PROGRAM, "-L")

_CUDA = re.compile(r"CUDA (?:UMD )?Version: +([0-9]{1,3}\.[0-9]{1,3})\b")
_INSTANCE = re.compile(
    r"\| +(?P<gpu>\d{1,4}) +(?P<instance>\d{1,4}) +\d{1,4} +(?P<device>\d{1,4}) +\|"
    r" +(?P<used>\d{1,9})MiB / +(?P<total>\d{1,9})MiB +\|"
)
_PROCESS = re.compile(
    r"\| +(?P<gpu>\d{1,4}) +(?:(?P<instance>N/A|\d{1,4}) +(?:N/A|\d{1,4}) +)?(?P<pid>\d{1,10}) +"
    r"(?P<type>C|G|C\+G|M\+C) "
)
_GPU = re.compile(r"GPU (\d{1,4}): .* \(UUID: (GPU-[^)]{1,120})\)")
_DEVICE = re.compile(r" +MIG (\S{1,40}) +Device +(\d{1,4}): \(UUID: (MIG-[^)]{1,120})\)")
_LEGACY = re.compile(r"MIG-(GPU-[0-9a-f-]+)/(\d{1,4})/\d{1,4}")
"""How drivers before 470 named an instance."""
_TYPES = {
    "C": GpuProcessType.COMPUTE,
    "M+C": GpuProcessType.COMPUTE,  # By way of the Multi-Process Service.
    "G": GpuProcessType.GRAPHICS,
    "C+G": GpuProcessType.MIXED,
}


@dataclass(frozen=True, slots=True)
class _Instance:
    gpu: int
    device: int
    gpu_instance: int
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class _Process:
    gpu_instance: int | None
    type: GpuProcessType


@dataclass(frozen=True, slots=True)
class Overview:
    """What the tables say."""

    cuda_version: str | None
    _instances: tuple[_Instance, ...] = ()
    _processes: Mapping[tuple[int, int], _Process] | None = None
    """By the index of the GPU and the process's number."""

    def told(self, gpus: Sequence[Gpu], devices: "Devices") -> list[Gpu]:
        """GPUs with their instances."""
        return [
            gpu.model_copy(update={"mig": tuple(self._mig(gpu, devices))})
            if gpu.mig_enabled
            else gpu
            for gpu in gpus
        ]

    def _mig(self, gpu: Gpu, devices: "Devices") -> Iterable[MigInstance]:
        # Several compute instances of one GPU instance share its memory: it is told once.
        seen: set[int] = set()
        for each in self._instances:
            if each.gpu == gpu.index and each.gpu_instance not in seen:
                seen.add(each.gpu_instance)
                profile, uuid = devices.named(each.gpu, each.device)
                yield MigInstance(
                    gpu_instance_id=each.gpu_instance,
                    profile=profile,
                    uuid=uuid,
                    memory_total_mb=each.total,
                    memory_used_mb=each.used,
                    memory_free_mb=max(each.total - each.used, 0),
                )

    def placed(self, process: GpuProcess, gpus: Sequence[Gpu]) -> GpuProcess:
        """A process with the GPU that it is on, for what, and in which instance."""
        gpu, instance = _whose(process.gpu_uuid, gpus)
        if gpu is None:
            return process
        known = (self._processes or {}).get((gpu.index or 0, process.pid or 0))
        changes = {
            "gpu_uuid": gpu.uuid,
            "gpu_instance_id": known.gpu_instance if known is not None else instance,
            "type": known.type if known is not None else process.type,
        }
        return process.model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class Devices:
    """Profile and name of instances, by the index of their GPU and their own."""

    _known: Mapping[tuple[int, int], tuple[str, str]]

    def named(self, gpu: int, device: int) -> tuple[str | None, str | None]:
        """Those of one."""
        return self._known.get((gpu, device), (None, None))


NO_OVERVIEW = Overview(None)
NO_DEVICES = Devices({})


def overview(output: str) -> Overview:
    """The tables that nvidia-smi prints of its own accord."""
    cuda = _CUDA.search(output)
    lines = output.splitlines()
    instances = (_INSTANCE.match(line) for line in lines)
    processes = (_PROCESS.match(line) for line in lines)
    return Overview(
        None if cuda is None else cuda[1],
        tuple(_instance(each) for each in instances if each is not None),
        {(int(each["gpu"]), int(each["pid"])): _process(each) for each in processes if each},
    )


def devices(output: str) -> Devices:
    """What ``nvidia-smi -L`` lists."""
    known: dict[tuple[int, int], tuple[str, str]] = {}
    gpu = None
    for line in output.splitlines():
        if (found := _GPU.match(line)) is not None:
            gpu = int(found[1])
        elif gpu is not None and (found := _DEVICE.match(line)) is not None:
            known[gpu, int(found[2])] = found[1], found[3]
    return Devices(known)


def _instance(found: re.Match[str]) -> _Instance:
    names = ("gpu", "device", "instance", "used", "total")
    return _Instance(*(int(found[name]) for name in names))


def _process(found: re.Match[str]) -> _Process:
    told = found["instance"] or ""
    return _Process(int(told) if told.isdecimal() else None, _TYPES[found["type"]])


def _whose(uuid: str, gpus: Sequence[Gpu]) -> tuple[Gpu | None, int | None]:
    """The GPU of a name, which may be that of an instance; and the instance, if it tells."""
    legacy = _LEGACY.fullmatch(uuid)
    named, instance = (legacy[1], int(legacy[2])) if legacy is not None else (uuid, None)
    for gpu in gpus:
        if gpu.uuid == named:
            return gpu, instance
        for each in gpu.mig:
            if each.uuid == named:
                return gpu, each.gpu_instance_id
    return None, None
