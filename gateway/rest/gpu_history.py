"""GPUs over time, over REST."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_gpu import GpuHistory
from gateway.rest.gpu_moment import moment_of
from gateway.rest.shared import (
    Duration,
    Text,
    WithGate,
    duration,
    errors,
    field_error,
    raw,
    zoned,
)
from projections.gpu import history_queries as queries
from projections.gpu.view import GpuColumn, OverTime
from services.runtime.settings_collecting import RetentionSettings

_BACK = timedelta(hours=1)
_POINTS = 300
"""Of a series, about, where no step is asked for."""
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
          604_800)  # fmt: skip
"""Steps in seconds that are chosen from where none is asked for."""
_MINUTE, _HOUR = 60, 3600
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Times before that are nobody's: years near 1 have no room for steps."""
_SHOWN = (
    GpuColumn.UTILIZATION_GPU_PERCENT,
    GpuColumn.MEMORY_USED_MB,
    GpuColumn.TEMPERATURE_CELSIUS,
    GpuColumn.POWER_DRAW_WATTS,
)

Metrics = Annotated[
    list[str] | None,
    QueryParameter(
        description="Names as in samples, for example `power_draw_watts`; may be repeated. Without"
        " it: utilisation, memory in use, temperature and power."
    ),
]
From = Annotated[datetime | None, QueryParameter(name="from", description="RFC 3339, inclusive.")]
To = Annotated[datetime | None, QueryParameter(name="to", description="RFC 3339, exclusive.")]
Range = Annotated[
    str | None,
    QueryParameter(name="range", description="So long before `to`, in place of `from`: 6h."),
]


@dataclass(frozen=True, slots=True)
class Times:
    """The part of time that is asked for, as far as it was given."""

    since: datetime | None
    until: datetime | None
    back: timedelta | None
    step: int | None
    """Seconds."""


@get("/history", operation_id="getGpuHistory", opt=READERS, summary="GPUs of a node over time",
     response_headers=[AS_OF_HEADER], responses=errors(Code.NO_GPU_NODES))  # fmt: skip
async def get_history(
    gate: WithGate,
    mine: Mine,
    cluster_id: FromQuery[UUID],
    node_name: FromQuery[str],
    gpu_uuid: Text = None,
    metric: Metrics = None,
    since: From = None,
    until: To = None,
    back: Range = None,
    step: Duration = None,
    aggregation: FromQuery[OverTime] = OverTime.AVG,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuHistory]:
    """The last hour, or the time asked for, in steps: about 300, or as asked, at most 2,000.

    Steps begin at whole multiples of their length, the first one at `from` or before. Steps of
    whole minutes and hours are made of what was put together by then, others of single samples: a
    mean of several minutes or hours weighs each by its samples, also those that did not tell the
    value. What is older than the finer one is kept comes in longer steps than asked for.
    """
    times = Times(
        zoned("from", since),
        zoned("to", until),
        duration("range", back) if back else None,
        _seconds(step),
    )
    at = await moment_of(gate, mine, moment, sequence)
    node = await queries.node(gate.database, cluster_id, node_name, at)
    if node is None:
        raise Refused(Code.NO_GPU_NODES, f"nothing is known of GPUs of {node_name} of this cluster")
    steps = _steps(gate, times, node.interval, at.now)
    wanted = queries.Wanted(_columns(metric), aggregation, steps, gpu_uuid)
    found = await queries.history(gate.database, node, wanted)
    return raw(found, headers=as_of.headers(at.as_of))


def _seconds(step: str | None) -> int | None:
    return None if step is None else int(duration("step", step).total_seconds())


def _columns(given: list[str] | None) -> tuple[GpuColumn, ...]:
    if not given:
        return _SHOWN
    try:
        return tuple(dict.fromkeys(GpuColumn(name.lower()) for name in given))
    except ValueError:
        raise field_error("metric", f"must be one of {', '.join(GpuColumn)}") from None


def _window(times: Times, now: datetime) -> tuple[datetime, datetime]:
    """From when until when; nothing is known of what comes after now."""
    if times.since is not None and times.back is not None:
        raise field_error("range", "cannot be given together with from")
    until = now if times.until is None else min(times.until, now)
    try:
        since = times.since or until - (times.back or _BACK)
    except OverflowError:
        raise field_error("range", "is too long") from None
    since = max(since, _OLDEST)
    if since >= until:
        raise field_error("from", "must be before to, and in the past")
    return since, until


def _steps(gate: Gate, times: Times, interval: int, now: datetime) -> queries.Steps:
    since, until = _window(times, now)
    length = (until - since).total_seconds()
    least = max(interval, length / _POINTS)
    step = times.step or next((each for each in _STEPS if each >= least), _STEPS[-1])
    step = _coarser(step, now - since, gate.runtime.settings.retention)
    steps = queries.Steps.of(since, until, step)
    if steps.count > queries.MOST_POINTS:
        raise field_error("step", f"must cut the time into at most {queries.MOST_POINTS} parts")
    return steps


def _coarser(step: int, age: timedelta, kept: RetentionSettings) -> int:
    """A step of whole minutes or hours, where nothing finer is kept for so long."""
    if age > timedelta(days=kept.gpu_minutes_days):
        return ceil(step / _HOUR) * _HOUR
    if age > timedelta(hours=kept.gpu_samples_hours):
        return ceil(step / _MINUTE) * _MINUTE
    return step
