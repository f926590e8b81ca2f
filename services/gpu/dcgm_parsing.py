"""Makes GPUs of what the series of dcgm-exporter tell of them: pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.gpu import Attribution, Gpu, GpuProcess, GpuSource, GpuUpdate, MigInstance
from services.gpu import dcgm_fields as fields
from services.gpu.dcgm_fields import Value, Values
from services.gpu.dcgm_series import Seen, Series, by_gpu, small, text_of

_MOST_GPUS = 256
_OF_THE_WHOLE = (
    Value.TEMPERATURE,
    Value.MEMORY_TEMPERATURE,
    Value.POWER,
    Value.POWER_LIMIT,
    Value.ENFORCED_LIMIT,
    Value.FAN,
    Value.SM_CLOCK,
    Value.MEMORY_CLOCK,
    Value.THROTTLE,
    Value.XID,
    Value.XIDS,
    Value.ECC,
    Value.NVLINK,
    Value.FLIT_ERRORS,
    Value.DATA_ERRORS,
    Value.REPLAYS,
    Value.RECOVERIES,
    Value.MIG,
    Value.CUDA,
)
"""What an instance tells of the GPU that it is part of, as it has none of its own."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when series were asked for."""

    cluster_id: UUID
    reason: str
    """Why they are what the GPUs are sampled by."""
    now: datetime
    interval: int
    """Seconds from one sample to the next."""


def updates(series: Iterable[Series], origin: Origin) -> list[GpuUpdate]:
    """The GPUs that these series tell of, each once, by node."""
    nodes: defaultdict[str, list[tuple[float, Gpu]]] = defaultdict(list)
    for uuid, seen in by_gpu(series).items():
        # The same one at each time, whichever target was scraped last.
        _, node = min(each.node for each in seen)
        if node:
            nodes[node].append((max(each.at for each in seen), _gpu(uuid, seen)))
    return [_update(node, gpus, origin) for node, gpus in sorted(nodes.items())]


def _update(node: str, gpus: Sequence[tuple[float, Gpu]], origin: Origin) -> GpuUpdate:
    now = origin.now.timestamp()
    at = max(at for at, _ in gpus)
    ordered = sorted((gpu for _, gpu in gpus), key=_place)
    return GpuUpdate(
        cluster_id=origin.cluster_id,
        node_name=node,
        source=GpuSource.DCGM,
        source_reason=origin.reason,
        # A clock that is ahead of ours would make the node look fresh when it is not.
        sampled_at=datetime.fromtimestamp(at, UTC) if 0 < at < now else origin.now,
        interval_seconds=origin.interval,
        gpus=tuple(ordered[:_MOST_GPUS]),
    )


def _place(gpu: Gpu) -> tuple[bool, int, str]:
    return gpu.index is None, gpu.index or 0, gpu.uuid


def _gpu(uuid: str, seen: Sequence[Seen]) -> Gpu:
    parts = _parts(seen)
    known = _whole(seen, parts)
    latest = seen[-1].labels
    total, used, free = _memory_of(known, parts)
    util = fields.percent(known.get(Value.GPU_UTIL))
    return Gpu(
        uuid=uuid,
        index=small(latest.gpu),
        name=text_of(latest.model) or None,
        driver_version=text_of(latest.driver or latest.new_driver) or None,
        cuda_version=fields.cuda_version(known.get(Value.CUDA, fields.number(latest.cuda or "-"))),
        memory_total_mb=total,
        memory_used_mb=used,
        memory_free_mb=free,
        utilization_gpu_percent=fields.share(known.get(Value.ENGINE)) if util is None else util,
        utilization_memory_percent=fields.percent(known.get(Value.MEMORY_UTIL)),
        temperature_celsius=fields.temperature(known.get(Value.TEMPERATURE)),
        memory_temperature_celsius=fields.memory_temperature(known.get(Value.MEMORY_TEMPERATURE)),
        power_draw_watts=fields.amount(known.get(Value.POWER)),
        power_limit_watts=fields.amount(
            known.get(Value.POWER_LIMIT, known.get(Value.ENFORCED_LIMIT))
        ),
        fan_speed_percent=fields.amount(known.get(Value.FAN)),
        sm_clock_mhz=fields.amount(known.get(Value.SM_CLOCK)),
        memory_clock_mhz=fields.amount(known.get(Value.MEMORY_CLOCK)),
        throttle_reasons=fields.throttle_reasons(known.get(Value.THROTTLE)),
        xid=fields.count(known.get(Value.XID) or known.get(Value.XIDS, known.get(Value.XID))),
        nvlink_bytes_per_second=fields.nvlink(known),
        nvlink_errors=fields.nvlink_errors(known),
        ecc_uncorrected=fields.count(known.get(Value.ECC)),
        mig_enabled=_mig_enabled(known, parts),
        mig=tuple(_instance(number, of_it) for number, of_it in sorted(parts.items())),
        processes=_processes(uuid, seen),
    )


_Parts = Mapping[int, Sequence[Seen]]
"""What is told of the instances of a GPU, by number."""


def _parts(seen: Sequence[Seen]) -> _Parts:
    parts: defaultdict[int, list[Seen]] = defaultdict(list)
    for each in seen:
        if each.instance is not None:
            parts[each.instance].append(each)
    return parts


def _known(seen: Iterable[Seen]) -> dict[Value, float]:
    known: dict[Value, float] = {}
    for each in seen:
        known.update(each.values)
    return known


def _whole(seen: Sequence[Seen], parts: _Parts) -> Values:
    """What is known of the GPU itself.

    Its utilisation is not made of that of instances: they may leave a part of it unused, and how
    large a part is, is told by no metric.
    """
    known = _known(each for each in seen if each.instance is None)
    told = [_known(of_it) for of_it in parts.values()]
    for what in _OF_THE_WHOLE:
        of_parts = [each[what] for each in told if what in each]
        if of_parts and what not in known:
            known[what] = max(of_parts)  # They were read one after the other.
    return known


_Memory = tuple[int | None, int | None, int | None]


def _memory_of(known: Values, parts: _Parts) -> _Memory:
    """Total, used and free MiB of a GPU: its own, or those of its instances together."""
    own = _memory(known)
    if not parts or own != (None, None, None):
        return own
    totals, used, free = zip(*(_memory(_known(each)) for each in parts.values()), strict=True)
    return _sum(totals), _sum(used), _sum(free)


def _sum(amounts: Iterable[int | None]) -> int | None:
    total = 0
    for each in amounts:
        if each is None:
            return None
        total += each
    return total


def _memory(known: Values) -> _Memory:
    used, free = fields.count(known.get(Value.USED)), fields.count(known.get(Value.FREE))
    total = fields.count(known.get(Value.TOTAL))
    if total is None and used is not None and free is not None:
        total = used + free + (fields.count(known.get(Value.RESERVED)) or 0)
    return total, used, free


def _mig_enabled(known: Values, parts: _Parts) -> bool | None:
    match known.get(Value.MIG):
        case 1.0:
            return True
        case 0.0 if not parts:
            return False
        case _:
            return True if parts else None


def _instance(number: int, seen: Sequence[Seen]) -> MigInstance:
    known = _known(seen)
    total, used, free = _memory(known)
    return MigInstance(
        gpu_instance_id=number,
        profile=text_of(seen[-1].labels.profile) or None,
        utilization_gpu_percent=fields.share(known.get(Value.ENGINE)),
        memory_total_mb=total,
        memory_used_mb=used,
        memory_free_mb=free,
    )


def _processes(uuid: str, seen: Iterable[Seen]) -> tuple[GpuProcess, ...]:
    users = {(each.user, each.instance) for each in seen if each.user is not None}
    return tuple(
        GpuProcess(
            gpu_uuid=uuid,
            attribution=Attribution.POD,
            namespace=text_of(namespace) or None,
            pod=text_of(pod) or None,
            container=text_of(container) or None,
            gpu_instance_id=instance,
        )
        for (namespace, pod, container), instance in sorted(users, key=str)
    )
