"""Of which GPUs a threshold is crossed. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import msgspec

from contracts.gpu import GpuMetric
from projections.gpu.sources import Moment, sources
from services.runtime.database import Database
from services.runtime.queries import Page, Where, rfc3339


@dataclass(frozen=True, slots=True)
class Level:
    """When a metric is told as too high, and when it is well again."""

    metric: GpuMetric
    raise_at: float
    clear_at: float
    unit: str


@dataclass(frozen=True, slots=True)
class RaisedFilter:
    """Which of them are asked for; empty fields do not restrict."""

    cluster_id: Sequence[UUID] = ()
    metric: Sequence[str] = ()


async def raised(
    database: Database, wanted: RaisedFilter, page: Page, at: Moment, levels: Sequence[Level]
) -> bytes:
    """``{thresholds, raised, total, page, page_size, total_pages}``, the newest first."""
    read, where = await sources(database, at), Where()
    where.add("s.present")
    where.one_of("s.cluster_id", wanted.cluster_id)
    where.one_of("r.metric", wanted.metric)
    row = await database.fetch_one(
        "with raised as materialized (select s.cluster_id, c.name as cluster_name, s.node_name,"  # noqa: S608 - our own names
        " s.uuid, s.gpu_index, s.gpu_name, r.metric, x.value, x.threshold, x.since,"
        " row_number() over (order by x.since desc nulls last, c.name, s.node_name, s.gpu_index,"
        " s.uuid, r.metric)"
        f" as place from {read.standing} s join {read.cluster} c using (cluster_id)"
        " cross join lateral jsonb_array_elements_text(s.raised) as r(metric)"
        f" left join {read.crossing} x on x.cluster_id = s.cluster_id and x.uuid = s.uuid"
        f" and x.metric = r.metric{where.sql})"
        " select json_build_object('raised', coalesce((select json_agg(json_build_object("
        "'cluster_id', cluster_id, 'cluster_name', cluster_name, 'node_name', node_name,"
        " 'gpu_uuid', uuid, 'gpu_index', gpu_index, 'gpu_name', gpu_name, 'metric', metric,"
        f" 'value', value, 'threshold', threshold, 'since', {rfc3339('since')}) order by place)"
        f" from raised where place > {page.offset} and place <= {page.offset + page.size}),"
        f" '[]'::json), {page.envelope('n')})::text from (select count(*) as n from raised) as t",
        where.parameters,
    )
    told = msgspec.json.encode([asdict(level) for level in levels])
    return b"" if row is None else b'{"thresholds":' + told + b"," + row[0][1:].encode()
