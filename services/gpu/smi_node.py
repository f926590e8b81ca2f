"""Samples the GPUs of one node by nvidia-smi."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from contracts.gpu import Gpu, GpuProcess, GpuSource, GpuUpdate
from services.gpu import nvidia_smi, nvidia_smi_tables as tables, pods_processes
from services.gpu.pods import Inhabitant, Place
from services.gpu.pods_processes import Group
from services.runtime.kube import exec as pod_exec
from services.runtime.kube.exec import Outcome
from services.runtime.kube.failures import ApiFailure

_LIMIT = 512 * 1024
"""Bytes that a command may print."""
_MOST_GPUS = 256
_MOST_UNKNOWN = 6
"""Fields that a driver may not know."""
_MOST_AT_ONCE = 100
"""Processes whose control groups are asked for together: their numbers make the URL long."""
_ENOUGH = 0.2
"""Seconds without which nothing more is asked for."""

_LISTED_FOR = timedelta(minutes=1)
"""After which the pods of a node are looked for again, if one is not among them."""

_Process = tuple[int, str]
"""Number and name: as long as one is there at each sample, it is the same process."""


@dataclass
class Kept:
    """What need not be asked for each time."""

    driver: str | None = None
    fields: Sequence[str] = nvidia_smi.GPU_FIELDS
    """Those that the driver knows."""
    cuda: tuple[str | None, str | None] | None = None
    """The driver's version, and the one of CUDA that comes with it."""
    groups: dict[_Process, Group] = field(default_factory=dict[_Process, Group])
    inhabitants: Mapping[str, Inhabitant] = field(default_factory=dict[str, Inhabitant])
    listed_at: datetime | None = None
    """When these were asked for."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to one node."""

    api: httpx.AsyncClient
    place: Place
    now: datetime
    until: float
    """The loop's time."""
    inhabitants: Callable[[str, float], Awaitable[Mapping[str, Inhabitant]]]
    """The pods of a node by UID, within so many seconds."""

    @property
    def seconds(self) -> float:
        """How long there still is."""
        return self.until - asyncio.get_running_loop().time()

    async def run(self, command: Sequence[str]) -> Outcome:
        """What a command comes to; ApiFailure if it cannot be run."""
        seconds = max(self.seconds, 0.001)
        where = self.place.where
        return await pod_exec.run(self.api, where, command, seconds=seconds, limit=_LIMIT)

    async def told(self, command: Sequence[str]) -> str | None:
        """What a command prints that one can do without; None if that is nothing of use."""
        if self.seconds < _ENOUGH:
            return None
        try:
            outcome = await self.run(command)
        except ApiFailure:
            return None
        return _printed(outcome) if outcome.code == 0 else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Samples of a cluster's nodes."""

    cluster_id: UUID
    namespace: str
    """Of the GPU operator."""
    reason: str
    """Why this source."""
    now: datetime
    interval: int
    """Seconds that are told as that of the samples."""


async def sample_node(wanted: Wanted, reach: Reach, kept: Kept) -> GpuUpdate:
    """The GPUs of a node, or what is wrong with its driver; ApiFailure if that cannot be asked."""
    outcome = await _asked(reach, kept)
    gpus = nvidia_smi.gpus(nvidia_smi.rows(kept.fields, _printed(outcome)))[:_MOST_GPUS]
    if not gpus:
        return _update(wanted, reach, (), nvidia_smi.failure(_said(outcome), outcome.code))
    _remember_driver(kept, gpus)
    gpus, overview = await _detailed(reach, kept, gpus)
    processes = await _processes(reach, kept, (gpus, overview))
    return _update(wanted, reach, [_complete(gpu, kept, processes) for gpu in gpus], None)


def _update(wanted: Wanted, reach: Reach, gpus: Sequence[Gpu], error: str | None) -> GpuUpdate:
    return GpuUpdate(
        cluster_id=wanted.cluster_id,
        node_name=reach.place.node,
        source=GpuSource.NVIDIA_SMI,
        source_reason=wanted.reason,
        sampled_at=wanted.now,
        interval_seconds=wanted.interval,
        gpus=tuple(gpus),
        error=error,
    )


async def _asked(reach: Reach, kept: Kept) -> Outcome:
    """The answer about the GPUs, without the fields that the driver does not know."""
    for _ in range(_MOST_UNKNOWN):
        outcome = await reach.run(nvidia_smi.gpu_query(kept.fields))
        fewer = nvidia_smi.without_unknown(kept.fields, _said(outcome))
        if fewer is None:
            return outcome
        kept.fields = fewer
    return await reach.run(nvidia_smi.gpu_query(kept.fields))


def _remember_driver(kept: Kept, gpus: Sequence[Gpu]) -> None:
    """Another driver may know more fields: the next time it is asked for all."""
    told = (gpu.driver_version for gpu in gpus)  # One that is lost tells nothing.
    driver = next((each for each in told if each is not None), kept.driver)
    if kept.driver is not None and kept.driver != driver:
        kept.fields = nvidia_smi.GPU_FIELDS
    kept.driver = driver


async def _detailed(reach: Reach, kept: Kept, gpus: list[Gpu]) -> tuple[list[Gpu], tables.Overview]:
    """GPUs with what only the tables know: instances, and the version of CUDA."""
    divided = any(gpu.mig_enabled for gpu in gpus)
    if not divided and kept.cuda is not None and kept.cuda[0] == kept.driver:
        return gpus, tables.NO_OVERVIEW
    told = await reach.told(tables.OVERVIEW)
    if told is None:
        return gpus, tables.NO_OVERVIEW
    overview = tables.overview(told)
    kept.cuda = kept.driver, overview.cuda_version
    if not divided:
        # It is not asked for each time, and processes are to be told alike each time.
        return gpus, tables.NO_OVERVIEW
    listed = await reach.told(tables.LIST)
    return overview.told(gpus, tables.devices(listed or "")), overview


async def _processes(
    reach: Reach, kept: Kept, known: tuple[Sequence[Gpu], tables.Overview]
) -> list[GpuProcess]:
    """What computes on the GPUs, with the pods as far as they can be known."""
    gpus, overview = known
    told = await reach.told(nvidia_smi.PROCESS_QUERY)
    if told is None:
        return []
    found = nvidia_smi.processes(nvidia_smi.rows(nvidia_smi.PROCESS_FIELDS, told))
    placed = [overview.placed(each, gpus) for each in found]
    if not reach.place.sees_all:
        return placed  # Process numbers here are not those of the node.
    await _learn_groups(reach, kept, placed)
    return [
        pods_processes.attributed(each, kept.groups.get(_named(each)), kept.inhabitants)
        for each in placed
    ]


async def _learn_groups(reach: Reach, kept: Kept, processes: Iterable[GpuProcess]) -> None:
    names = {_named(each) for each in processes}
    kept.groups = {name: group for name, group in kept.groups.items() if name in names}
    fresh = {pid: (pid, name) for pid, name in sorted(names - kept.groups.keys())}
    pids = list(fresh)[:_MOST_AT_ONCE]
    found: Mapping[int, Group] = await _groups(reach, pids) if pids else {}
    kept.groups |= {fresh[pid]: group for pid, group in found.items() if pid in fresh}
    if not pods_processes.unknown(kept.groups.values(), kept.inhabitants):
        return
    old = kept.listed_at is None or abs(reach.now - kept.listed_at) >= _LISTED_FOR
    if (found or old) and reach.seconds >= _ENOUGH:
        kept.listed_at = reach.now
        try:
            kept.inhabitants = await reach.inhabitants(reach.place.node, reach.seconds)
        except ApiFailure:
            return  # It may not list them; whose the processes are stays unknown.


async def _groups(reach: Reach, pids: Sequence[int]) -> Mapping[int, Group]:
    """Of processes that have ended meanwhile nothing is told, and the command ends badly."""
    if reach.seconds < _ENOUGH:
        return {}
    try:
        return pods_processes.groups(_printed(await reach.run(pods_processes.question(pids))))
    except ApiFailure:
        return {}


def _complete(gpu: Gpu, kept: Kept, processes: Iterable[GpuProcess]) -> Gpu:
    cuda = kept.cuda[1] if kept.cuda is not None and kept.cuda[0] == kept.driver else None
    own = tuple(each for each in processes if each.gpu_uuid == gpu.uuid)
    return gpu.model_copy(update={"cuda_version": cuda, "processes": own})


def _named(process: GpuProcess) -> _Process:
    return process.pid or 0, process.process_name or ""


def _said(outcome: Outcome) -> str:
    return f"{_printed(outcome)}\n{outcome.stderr.decode(errors='replace')}"


def _printed(outcome: Outcome) -> str:
    # No text of a message may hold a NUL.
    return outcome.stdout.decode(errors="replace").replace("\0", " ")
