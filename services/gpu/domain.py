"""What follows from samples of GPUs: pure.

A sample is decided on by itself, with what stands of its GPUs in the log and with the trail of the
samples before it of its node: so it does not matter which worker took which of them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.gpu import (
    AbsentGpu,
    Crossing,
    Gpu,
    GpuDisappeared,
    GpuEvent,
    GpuMetric,
    GpuReappeared,
    GpuSource,
    GpuStanding,
    GpuThresholdCrossed,
    GpuUpdate,
    GpuXidError,
)
from services.gpu.xids import XIDS

MISSED = 2
"""In so many samples in a row a GPU is missing before it counts as gone: one may be a hiccup."""
_CARRIED = 20
"""And for so many it is remembered that it was there: its event has long been told by then."""
_MOST_ABSENT = 256


@dataclass(frozen=True, slots=True)
class Level:
    """When a value is too high, and when it is well again."""

    raise_at: float
    clear_at: float


Levels = Mapping[GpuMetric, Level]
"""Metrics that have none are never told of."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands of a GPU since when."""

    standing: GpuStanding
    at: datetime
    xid_told: bool = False
    """Its last event was told because of this very sample, and is that of its XID."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What the next sample of a node has to know of those before it."""

    source: GpuSource
    sampled_at: datetime
    known: tuple[AbsentGpu, ...]
    """Its GPUs: those that were told of, and those that have been missing for a short while."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it is stored, and the trail that led to it."""

    update: GpuUpdate
    before: Trail | None = None

    @property
    def tells(self) -> bool:
        """Whether it says which GPUs the node has."""
        return self.update.error is None and bool(self.update.gpus)


def trail(update: GpuUpdate) -> Trail:
    """What is left of a sample for the next one."""
    there = [
        AbsentGpu(
            uuid=gpu.uuid,
            index=gpu.index,
            name=gpu.name,
            xid=gpu.xid,
            last_seen_at=update.sampled_at,
            samples=0,
        )
        for gpu in update.gpus
    ]
    return Trail(update.source, update.sampled_at, (*there, *update.absent))


def is_news(update: GpuUpdate, before: Trail | None, now: datetime) -> bool:
    """False for what was told already: Prometheus has it until its next scrape, a twin for longer.

    What lies ahead of our clock is no measure for what comes after it.
    """
    if before is None or update.source is not before.source:
        return True
    if update.sampled_at == before.sampled_at:
        return False
    return update.sampled_at > before.sampled_at or before.sampled_at > now


def linked(update: GpuUpdate, before: Trail | None) -> GpuUpdate:
    """The sample with the GPUs that its node has told of and that are not in it."""
    here = {gpu.uuid for gpu in update.gpus}
    counts = Sample(update).tells
    absent = [
        each.model_copy(update={"samples": each.samples + 1}) if counts else each
        for each in (before.known if before is not None else ())
        if each.uuid not in here and each.samples < _CARRIED
    ]
    absent.sort(key=lambda each: (each.samples, each.uuid))
    return update.model_copy(update={"absent": tuple(absent[:_MOST_ABSENT])})


def decide(
    samples: Iterable[Sample], stands: Mapping[str, Stand], levels: Levels
) -> list[tuple[GpuEvent, ...]]:
    """The events of each GPU of which something is to be told, in their order.

    ``samples`` are of one cluster, at most one a node, ``stands`` by UUID. A GPU that is there on
    one node is missing on none.
    """
    ordered = sorted(samples, key=lambda sample: sample.update.node_name)
    there: dict[str, tuple[Sample, Gpu]] = {}
    for sample in ordered:
        for gpu in sample.update.gpus:
            there.setdefault(gpu.uuid, (sample, gpu))
    told = [_of_one(sample, gpu, stands.get(uuid), levels) for uuid, (sample, gpu) in there.items()]
    told += [
        _of_missing(sample, absent, stands.get(absent.uuid))
        for sample in ordered
        if sample.tells
        for absent in sample.update.absent
        if absent.samples >= MISSED and absent.uuid not in there
    ]
    return [events for events in told if events]


def value_of(gpu: Gpu, metric: GpuMetric) -> float | None:
    """What a threshold is compared with, None if it is not known."""
    match metric:
        case GpuMetric.TEMPERATURE:
            value = gpu.temperature_celsius
        case GpuMetric.MEMORY_TEMPERATURE:
            value = gpu.memory_temperature_celsius
        case GpuMetric.MEMORY_USED:
            value = _percent(gpu.memory_used_mb, gpu.memory_total_mb)
        case GpuMetric.POWER_DRAW:
            value = _percent(gpu.power_draw_watts, gpu.power_limit_watts)
    # What is compared is what is told: no 97.0 that was not yet 97.
    return round(value, 2) if value is not None and math.isfinite(value) else None


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole is not None and whole > 0 else None


def _of_one(sample: Sample, gpu: Gpu, stand: Stand | None, levels: Levels) -> tuple[GpuEvent, ...]:
    telling = _Telling(sample.update, gpu, stand.standing if stand else GpuStanding())
    if stand is not None and not telling.standing.present:
        telling.back(stand.at)
    for metric in GpuMetric:
        telling.crossed(metric, value_of(gpu, metric), levels.get(metric))
    rises = _was_well(sample, gpu) and not (stand is not None and stand.xid_told)
    if gpu.xid and (rises or gpu.xid != telling.standing.xid):
        telling.failed(gpu.xid)
    return tuple(telling.events)


def _was_well(sample: Sample, gpu: Gpu) -> bool:
    """Whether no XID was told when it was last seen: the same one is an error anew then."""
    known = sample.before.known if sample.before is not None else ()
    return any(each.uuid == gpu.uuid and each.xid == 0 for each in known)


def _of_missing(sample: Sample, absent: AbsentGpu, stand: Stand | None) -> tuple[GpuEvent, ...]:
    telling = _Telling(sample.update, absent, stand.standing if stand else GpuStanding())
    if telling.standing.present:
        telling.gone(absent.last_seen_at)
    return tuple(telling.events)


@dataclass
class _Telling:
    """What is told of one GPU, each event with all that stands after it."""

    update: GpuUpdate
    gpu: Gpu | AbsentGpu
    standing: GpuStanding
    events: list[GpuEvent] = field(default_factory=list[GpuEvent])

    def back(self, lost_at: datetime) -> None:
        self._stands(present=True)
        self.events.append(GpuReappeared(**self._about(), lost_at=lost_at))

    def gone(self, last_seen_at: datetime) -> None:
        self._stands(present=False)
        self.events.append(GpuDisappeared(**self._about(), last_seen_at=last_seen_at))

    def failed(self, xid: int) -> None:
        self._stands(xid=xid)
        self.events.append(GpuXidError(**self._about(), xid=xid, description=XIDS.get(xid)))

    def crossed(self, metric: GpuMetric, value: float | None, level: Level | None) -> None:
        if value is None:
            return
        raised = metric in self.standing.raised
        if raised and (level is None or value < level.clear_at):
            threshold = value if level is None else level.clear_at
            self._cross(metric, Crossing.CLEARED, value, threshold)
        elif not raised and level is not None and value >= level.raise_at:
            self._cross(metric, Crossing.RAISED, value, level.raise_at)

    def _cross(self, metric: GpuMetric, crossing: Crossing, value: float, threshold: float) -> None:
        raised = {*self.standing.raised} ^ {metric}
        self._stands(raised=tuple(each for each in GpuMetric if each in raised))
        self.events.append(
            GpuThresholdCrossed(
                **self._about(),
                metric=metric,
                crossing=crossing,
                value=value,
                threshold=threshold,
            )
        )

    def _stands(self, **changes: Any) -> None:
        self.standing = self.standing.model_copy(update=changes)

    def _about(self) -> dict[str, Any]:
        namespace, pod = _user(self.gpu)
        return {
            "cluster_id": self.update.cluster_id,
            "node_name": self.update.node_name,
            "gpu_uuid": self.gpu.uuid,
            "gpu_index": self.gpu.index,
            "gpu_name": self.gpu.name,
            "pod_namespace": namespace,
            "pod": pod,
            "standing": self.standing,
        }


def _user(gpu: Gpu | AbsentGpu) -> tuple[str | None, str | None]:
    """The first pod that uses it."""
    processes = gpu.processes if isinstance(gpu, Gpu) else ()
    return next(
        ((each.namespace, each.pod) for each in processes if each.pod is not None), (None, None)
    )
