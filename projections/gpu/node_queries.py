"""What may be asked of nodes with GPUs. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from projections.gpu.sources import SAMPLED, Moment, Sources, sources
from services.runtime.database import Database
from services.runtime.queries import Page, Where, contains, rfc3339

SORTABLE = {
    "cluster": "n.cluster_name",
    "name": "n.node_name",
    "last_updated": "n.sampled_at",
    "gpus": "a.gpus",
    "utilization": "a.utilization",
    "memory": "a.memory",
    "temperature": "a.temperature",
    "power": "a.power",
}
"""Fields to sort by."""

# Only looked at where the order asks for it.
_TOGETHER = """ left join (select n.id, count(*) as gpus,
        avg(g.utilization_gpu_percent) as utilization,
        sum(g.memory_used_mb::float8) / nullif(sum(g.memory_total_mb), 0) as memory,
        max(g.temperature_celsius) as temperature, sum(g.power_draw_watts::float8) as power
    from node n cross join lateral {gpus} g group by n.id) a on a.id = n.id"""
_SAMPLED = ", ".join(f"'{name}', g.{name}" for name in SAMPLED)
_GPU = f"""g.told || jsonb_build_object({_SAMPLED}, 'raised', coalesce(s.raised, '[]'),
    'idle', g.idle, 'wasted', coalesce(g.idle and g.held, false),
    'last_xid', case when x.xid is not null then jsonb_build_object(
        'xid', x.xid, 'description', x.description, 'at', {rfc3339("x.at")}) end)"""
_LOST = f"""(select coalesce(json_agg(json_build_object('uuid', s.uuid, 'index', s.gpu_index,
        'name', s.gpu_name, 'last_seen_at', {rfc3339("s.last_seen_at")})
        order by s.gpu_index, s.uuid), '[]') from {{lost}} s)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Which nodes are asked for; empty fields do not restrict."""

    cluster_id: Sequence[UUID] = ()
    node_name: str | None = None
    model: Sequence[str] = ()
    """Names of GPUs, of which a node has one."""
    namespace: str | None = None
    """Of a pod that uses a GPU of it."""
    source: Sequence[str] = ()
    stale: bool | None = None
    q: str | None = None
    """A part of its name, its cluster's, or the name or UUID of a GPU."""
    sort: Sequence[str] = ("cluster", "name")
    """Names of `SORTABLE`, with ``-`` in front for descending."""


async def listing(database: Database, wanted: NodeFilter, page: Page, at: Moment) -> bytes:
    """``{items, total, page, page_size, total_pages}``."""
    read = await sources(database, at)
    where = _where(wanted, read)
    order = ", ".join([*map(_order, wanted.sort), "n.id"])
    together = _TOGETHER.format(gpus=read.gpus) if "a." in order else ""
    row = await database.fetch_one(
        f"with node as materialized (select * from {read.nodes} n),"  # noqa: S608 - our own names
        f" matched as materialized (select n.id, row_number() over (order by {order}) as place"
        f" from node n{together}{where.sql})"
        f" select json_build_object('items', coalesce((select json_agg({_node(read)}"
        f" order by place) from (select id, place from matched where place > {page.offset}"
        f" and place <= {page.offset + page.size}) as chosen join node n using (id)), '[]'::json),"
        f" {page.envelope('n')})::text from (select count(*) as n from matched) as counted",
        where.parameters,
    )
    return b"" if row is None else row[0].encode()


async def one(database: Database, cluster_id: UUID, node_name: str, at: Moment) -> bytes | None:
    """One node, and which of its GPUs have disappeared."""
    read = await sources(database, at)
    more = f", 'lost', {_LOST.format(lost=read.lost)}"
    row = await database.fetch_one(
        f"with node as materialized (select * from {read.nodes} n"  # noqa: S608
        " where n.cluster_id = %s and n.node_name = %s)"
        f" select {_node(read, more)}::text from node n",
        (cluster_id, node_name),
    )
    return None if row is None else row[0].encode()


def _node(read: Sources, more: str = "") -> str:
    return f"""json_build_object('cluster_id', n.cluster_id, 'cluster_name', n.cluster_name,
        'node_name', n.node_name, 'source', n.source, 'source_reason', n.source_reason,
        'last_updated', {rfc3339("n.sampled_at")}, 'interval_seconds', n.interval_seconds,
        'stale', not n.fresh, 'error', n.error, 'gpus', (
            select coalesce(jsonb_agg({_GPU} order by g.index, g.uuid), '[]') from {read.gpus} g
            left join {read.standing} s on s.cluster_id = n.cluster_id and s.uuid = g.uuid
            left join {read.xid} x on x.cluster_id = n.cluster_id and x.uuid = g.uuid){more})"""  # noqa: S608


def _where(wanted: NodeFilter, read: Sources) -> Where:
    where = Where()
    where.one_of("n.cluster_id", wanted.cluster_id)
    if wanted.node_name is not None:
        where.add("n.node_name = %s", wanted.node_name)
    where.one_of("n.source", wanted.source)
    if wanted.stale is not None:
        where.add("n.fresh <> %s", wanted.stale)
    having = f"exists (select from {read.gpus} g where "
    if wanted.model:
        where.add(f"{having}g.name = any(%s))", list(wanted.model))
    if wanted.namespace is not None:
        where.add(f"{having}%s = any(g.namespaces))", wanted.namespace)
    if wanted.q:
        part = contains(wanted.q.lower())
        where.add(
            "(lower(n.node_name) like %s or lower(n.cluster_name) like %s"
            f" or {having}lower(g.name) like %s or lower(g.uuid) like %s))",
            *[part] * 4,
        )
    return where


def _order(field: str) -> str:
    direction = "desc nulls last" if field.startswith("-") else "asc nulls last"
    return f"{SORTABLE[field.removeprefix('-')]} {direction}"
