"""What follows from samples of GPUs: pure.

A sample is linked to the one before it of its node, and then decided on by itself, with what stands
of its GPUs in the log: so it does not matter which worker took which of them.
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
_SELDOMER = 4
"""Times the interval: more is taken for an outage."""


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
    """The sample with what only its trail knows: GPUs that are missing, and errors that are new."""
    known = before.known if before is not None else ()
    here = {gpu.uuid for gpu in update.gpus}
    counts = _tells(update)
    absent = [
        each.model_copy(update={"samples": each.samples + 1}) if counts else each
        for each in known
        if each.uuid not in here and each.samples < _CARRIED
    ]
    absent.sort(key=lambda each: (each.samples, each.uuid))
    well = {each.uuid for each in known if each.xid == 0}
    changes = {
        "absent": tuple(absent[:_MOST_ABSENT]),
        "erring": tuple(gpu.uuid for gpu in update.gpus if gpu.xid and gpu.uuid in well),
        "interval_seconds": update.interval_seconds * _times(update, before),
    }
    return update.model_copy(update=changes)


def _tells(update: GpuUpdate) -> bool:
    """Whether it says which GPUs the node has."""
    return update.error is None and bool(update.gpus)


def _times(update: GpuUpdate, before: Trail | None) -> int:
    """An exporter may be scraped more seldom than it is asked for."""
    if before is None:
        return 1
    passed = (update.sampled_at - before.sampled_at).total_seconds()
    return min(max(round(passed / update.interval_seconds), 1), _SELDOMER)


def decide(
    updates: Iterable[GpuUpdate], stands: Mapping[str, Stand], levels: Levels
) -> list[tuple[GpuEvent, ...]]:
    """The events of each GPU of which something is to be told, in their order.

    ``updates`` are of one cluster, as they are stored, at most one a node; ``stands`` by UUID. A
    GPU that is there on one node is missing on none.
    """
    ordered = sorted(updates, key=lambda update: update.node_name)
    there: dict[str, tuple[GpuUpdate, Gpu]] = {}
    for update in ordered:
        for gpu in update.gpus:
            there.setdefault(gpu.uuid, (update, gpu))
    told = [_of_one(update, gpu, stands.get(uuid), levels) for uuid, (update, gpu) in there.items()]
    told += [
        _of_missing(update, absent, stands.get(absent.uuid))
        for update in ordered
        if _tells(update)
        for absent in update.absent
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


def _of_one(
    update: GpuUpdate, gpu: Gpu, stand: Stand | None, levels: Levels
) -> tuple[GpuEvent, ...]:
    telling = _Telling(update, gpu, stand.standing if stand else GpuStanding())
    if stand is not None and not telling.standing.present:
        telling.back(stand.at)
    for metric in GpuMetric:
        telling.crossed(metric, value_of(gpu, metric), levels.get(metric))
    anew = gpu.uuid in update.erring and not (stand is not None and stand.xid_told)
    if gpu.xid and (anew or gpu.xid != telling.standing.xid):
        telling.failed(gpu.xid)
    return tuple(telling.events)


def _of_missing(update: GpuUpdate, absent: AbsentGpu, stand: Stand | None) -> tuple[GpuEvent, ...]:
    telling = _Telling(update, absent, stand.standing if stand else GpuStanding())
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
