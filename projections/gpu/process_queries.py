"""What may be asked of what uses GPUs. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from projections.gpu.sources import Moment, sources
from services.runtime.database import Database
from services.runtime.queries import Page, Where, contains

_VIEW = """m.p || jsonb_build_object('cluster_id', m.cluster_id, 'cluster_name', m.cluster_name,
    'node_name', m.node_name, 'gpu_index', m.index, 'gpu_name', m.name,
    'utilization_gpu_percent', m.utilization_gpu_percent, 'stale', not m.fresh)"""


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which of them are asked for; empty fields do not restrict."""

    cluster_id: Sequence[UUID] = ()
    node_name: str | None = None
    namespace: str | None = None
    """Of its pod."""
    gpu_uuid: str | None = None
    attribution: Sequence[str] = ()
    q: str | None = None
    """A part of its name or its pod's."""


async def listing(database: Database, wanted: ProcessFilter, page: Page, at: Moment) -> bytes:
    """``{items, total, page, page_size, total_pages}``, those with the most memory first."""
    read, where = await sources(database, at), _where(wanted)
    row = await database.fetch_one(
        "with matched as materialized (select n.cluster_id, n.cluster_name, n.node_name, n.fresh,"  # noqa: S608 - our own names
        " g.index, g.name, g.utilization_gpu_percent, p, row_number() over (order by"
        " (p ->> 'used_memory_mb')::int8 desc nulls last, n.cluster_name, n.node_name, g.index,"
        " g.uuid, (p ->> 'pid')::int8, p ->> 'namespace', p ->> 'pod', p ->> 'container',"
        " p ->> 'gpu_instance_id') as place"
        f" from {read.nodes} n cross join lateral {read.gpus} g"
        f" cross join lateral jsonb_array_elements(g.told -> 'processes') p{where.sql})"
        f" select json_build_object('items', coalesce((select json_agg({_VIEW} order by place)"
        f" from matched m where place > {page.offset} and place <= {page.offset + page.size}),"
        f" '[]'::json), {page.envelope('n')})::text"
        " from (select count(*) as n from matched) as counted",
        where.parameters,
    )
    return b"" if row is None else row[0].encode()


def _where(wanted: ProcessFilter) -> Where:
    where = Where()
    # Spares the others from being looked into.
    where.add("g.held")
    where.one_of("n.cluster_id", wanted.cluster_id)
    if wanted.node_name is not None:
        where.add("n.node_name = %s", wanted.node_name)
    if wanted.gpu_uuid is not None:
        where.add("g.uuid = %s", wanted.gpu_uuid)
    if wanted.namespace is not None:
        where.add("%s = any(g.namespaces)", wanted.namespace)
        where.add("p ->> 'namespace' = %s", wanted.namespace)
    where.one_of("p ->> 'attribution'", wanted.attribution)
    if wanted.q:
        part = contains(wanted.q.lower())
        where.add("(lower(p ->> 'process_name') like %s or lower(p ->> 'pod') like %s)", part, part)
    return where
