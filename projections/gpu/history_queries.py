"""GPUs of a node over time. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

import msgspec

from contracts.envelope import rfc3339
from projections.gpu.sources import Moment, cluster_at
from projections.gpu.view import GpuColumn, GpuHistorySource, OverTime
from services.runtime.database import Database

MOST_POINTS = 2_000
"""Of one series."""
_MINUTE, _HOUR = 60, 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Node:
    """A node whose GPUs are asked for."""

    id: int
    cluster_id: UUID
    cluster_name: str
    name: str
    interval: int
    """Seconds from one sample to the next."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A part of time that is cut into steps."""

    since: datetime
    until: datetime
    """Exclusive."""
    seconds: int

    @classmethod
    def of(cls, since: datetime, until: datetime, seconds: int) -> Self:
        """Beginning at a whole multiple of the step."""
        length = timedelta(seconds=seconds)
        return cls(since - (since - _EPOCH) % length, until, seconds)

    @property
    def count(self) -> int:
        """How many there are; the last one may be cut short."""
        return -((self.since - self.until) // timedelta(seconds=self.seconds))

    @property
    def source(self) -> GpuHistorySource:
        """The coarsest table that has these steps in it."""
        if self.seconds % _HOUR == 0:
            return GpuHistorySource.HOURS
        return GpuHistorySource.SAMPLES if self.seconds % _MINUTE else GpuHistorySource.MINUTES


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for of a node."""

    columns: Sequence[GpuColumn]
    aggregation: OverTime
    steps: Steps
    gpu_uuid: str | None = None


async def node(database: Database, cluster_id: UUID, name: str, at: Moment) -> Node | None:
    """The node of this name, if its cluster was registered then and it had been sampled.

    What samples became is kept for longer than they are, so it is not looked for among them.
    """
    known = "" if at.as_of is None else f" and n.first_at <= {at.at}"
    row = await database.fetch_one(
        "select n.id, c.name, n.interval_seconds from aiops.gpu_node n"  # noqa: S608 - our own names
        f" join {cluster_at(at)} c using (cluster_id)"
        f" where n.cluster_id = %s and n.node_name = %s{known}",
        (cluster_id, name),
    )
    return None if row is None else Node(row[0], cluster_id, row[1], name, row[2])


async def history(database: Database, of: Node, wanted: Wanted) -> bytes:
    """`GpuHistory`: of each GPU that there are samples of, and each metric, one point a step."""
    chosen, parameters = "", list[object]()
    if wanted.gpu_uuid is not None:
        chosen, parameters = " where g.uuid = %s", [wanted.gpu_uuid]
    row = await database.fetch_one(
        f"with found as ({_found(of.id, wanted)}), valued as materialized ("  # noqa: S608 - our own names and numbers
        f"select gpu_id, at, {_values(wanted)} from found where gpu_id <> 0 group by gpu_id, at),"
        f" step as (select at from generate_series({_sql(wanted.steps.since)},"
        f" {_sql(wanted.steps.until)} - interval '1 microsecond',"
        f" interval '{wanted.steps.seconds} seconds') as at),"
        f" told as (select gpu_id, {_points(wanted.columns)} from (select distinct gpu_id"
        " from valued) as there cross join step left join valued using (gpu_id, at)"
        " group by gpu_id)"
        " select coalesce(json_agg(json_build_object('gpu_uuid', g.uuid, 'index', g.index,"
        " 'name', g.name, 'metric', m.metric, 'points', m.points::json)"
        f" order by g.index, g.uuid, m.place), '[]')::text from told join aiops.gpu g"
        f" on g.id = gpu_id cross join lateral (values {_metrics(wanted.columns)})"
        f" as m(place, metric, points){chosen}",
        parameters,
    )
    told = {
        "cluster_id": of.cluster_id,
        "cluster_name": of.cluster_name,
        "node_name": of.name,
        "from": rfc3339(wanted.steps.since),
        "to": rfc3339(wanted.steps.until),
        "step_seconds": wanted.steps.seconds,
        "aggregation": wanted.aggregation,
        "source": wanted.steps.source,
        "series": msgspec.Raw(b"[]" if row is None else row[0].encode()),
    }
    return msgspec.json.encode(told)


def _found(node_id: int, wanted: Wanted) -> str:
    """``gpu_id``, ``at`` (when its step begins), ``n``, and the columns, of all that is known.

    A minute or hour that is not put together yet comes from what is finer.
    """
    within = f"{{0}}.node_id = {node_id} and " + _between("{0}", wanted.steps)
    samples = _part(wanted, "s", "1", "")
    rolled = _part(wanted, "r", "r.samples", f"_{wanted.aggregation.value.lower()}")
    fresh = (
        f"select {samples} from aiops.gpu_dirty_minute d join aiops.gpu_sample s"  # noqa: S608
        " on s.node_id = d.node_id and s.at >= d.at and s.at < d.at + interval '1 minute'"
        f" where d.node_id = {node_id} and {within.format('s')}"
    )
    minutes = (
        f"select {rolled} from aiops.gpu_minute r where {within.format('r')} and not"  # noqa: S608
        " exists (select from aiops.gpu_dirty_minute d where d.node_id = r.node_id and d.at = r.at)"
    )
    hours = (
        f"select {rolled} from aiops.gpu_hour r where {within.format('r')} and not exists"  # noqa: S608
        " (select from aiops.gpu_dirty_hour d where d.node_id = r.node_id and d.at = r.at)"
    )
    in_dirty = (
        f" and exists (select from aiops.gpu_dirty_hour h where h.node_id = {node_id}"
        " and h.at = date_trunc('hour', {0}.at, 'UTC'))"
    )
    match wanted.steps.source:
        case GpuHistorySource.SAMPLES:
            return f"select {samples} from aiops.gpu_sample s where {within.format('s')}"  # noqa: S608
        case GpuHistorySource.MINUTES:
            return f"{minutes} union all {fresh}"
        case GpuHistorySource.HOURS:
            finer = f"{minutes}{in_dirty.format('r')} union all {fresh}{in_dirty.format('s')}"
            return f"{hours} union all {finer}"


def _between(row: str, steps: Steps) -> str:
    return f"{row}.at >= {_sql(steps.since)} and {row}.at < {_sql(steps.until)}"


def _part(wanted: Wanted, row: str, count: str, suffix: str) -> str:
    columns = ", ".join(f"{row}.{name}{suffix} as {name}" for name in wanted.columns)
    step = f"date_bin('{wanted.steps.seconds} seconds', {row}.at, {_sql(_EPOCH)})"
    return f"{row}.gpu_id, {step} as at, {count} as n, {columns}"


def _values(wanted: Wanted) -> str:
    """One value a step, in hundredths: the table's four bytes have no more to tell.

    A mean of several minutes or hours weighs each by its samples.
    """
    one = {
        OverTime.AVG: "sum({0}::float8 * n) / sum(n) filter (where {0} is not null)",
        OverTime.MIN: "min({0})::float8",
        OverTime.MAX: "max({0})::float8",
    }[wanted.aggregation]
    values = ((name, one.format(name)) for name in wanted.columns)
    return ", ".join(f"round({value} * 100) / 100 as {name}" for name, value in values)


def _points(columns: Sequence[GpuColumn]) -> str:
    """Written as text by hand, which is twice as fast as by the JSON functions."""
    point = "'[' || extract(epoch from at)::int8 || ',' || coalesce({0}::text, 'null') || ']'"
    return ", ".join(
        f"'[' || string_agg({point.format(name)}, ',' order by at) || ']' as {name}"
        for name in columns
    )


def _metrics(columns: Sequence[GpuColumn]) -> str:
    return ", ".join(f"({place}, '{name}', told.{name})" for place, name in enumerate(columns))


def _sql(moment: datetime) -> str:
    return f"timestamptz '{moment.isoformat()}'"
