"""GPUs in figures: in all, and by what they are and who uses them."""

from collections.abc import Sequence
from uuid import UUID

from contracts.gpu import GpuMetric
from projections.gpu.sources import Moment, Sources, sources
from services.runtime.database import Database

# One look at every GPU; all figures are then made of these few hundred rows. All but the number of
# GPUs is not known any more of those whose node is stale.
_VALUES = {
    "idle": "(count(*) filter (where idle))::int4",
    "wasted": "(count(*) filter (where idle and held))::int4",
    "used": "sum(utilization_gpu_percent::float8)",
    "known": "count(utilization_gpu_percent)::int4",
    "memory_total": "sum(memory_total_mb::float8)",
    "memory_used": "sum(memory_used_mb::float8)",
    "power_draw": "sum(power_draw_watts::float8)",
    "power_limit": "sum(power_limit_watts)",
    "hottest": "max(temperature_celsius)",
}
_PARTS = f"""select cluster_id, name, namespaces, count(*)::int4 as gpus,
    (count(*) filter (where faulty))::int4 as faulty,
    {", ".join(f"case when fresh then {made} end as {name}" for name, made in _VALUES.items())}
    from gpu group by cluster_id, name, namespaces, fresh"""  # noqa: S608 - our own names
_FIGURES = """coalesce(sum(gpus), 0) as gpus, coalesce(sum(idle), 0) as idle,
    coalesce(sum(wasted), 0) as wasted,
    round((sum(used) / nullif(sum(known), 0))::numeric, 1) as utilization_gpu_percent,
    sum(memory_total)::int8 as memory_total_mb, sum(memory_used)::int8 as memory_used_mb,
    round(sum(power_draw)::numeric, 1) as power_draw_watts,
    round(sum(power_limit)::numeric, 1) as power_limit_watts"""
_COUNTS = ("gpus", "idle", "wasted")
_NAMES = (
    *_COUNTS,
    "utilization_gpu_percent",
    "memory_total_mb",
    "memory_used_mb",
    "power_draw_watts",
    "power_limit_watts",
)
_TOLD = ", ".join(f"'{name}', {name}" for name in _NAMES)
_RAISED = ", ".join(
    f"'{metric.value}', count(*) filter (where raised ? '{metric.value}')" for metric in GpuMetric
)
# Looked for only where the hottest ones are.
_HOTTEST = """(select json_build_object('cluster_id', n.cluster_id,
        'cluster_name', n.cluster_name, 'node_name', n.node_name, 'uuid', g.uuid,
        'index', g.index, 'name', g.name, 'temperature_celsius', g.temperature_celsius)
    from (select * from part where hottest = (select max(hottest) from part)
        order by cluster_id, name, namespaces limit 1) p
    join node n on n.cluster_id = p.cluster_id and n.fresh cross join lateral {gpus} g
    where g.temperature_celsius = p.hottest and g.name is not distinct from p.name
        and g.namespaces = p.namespaces
    order by g.node_id, g.index, g.uuid limit 1)"""
_BY_MODEL = f"""(select coalesce(json_agg(json_build_object('name', name, {_TOLD})
        order by gpus desc, name), '[]')
    from (select name, {_FIGURES} from part group by name) as made)"""  # noqa: S608
_ITS = ", ".join(
    f"'{name}', coalesce({name}, 0)" if name in _COUNTS else f"'{name}', {name}" for name in _NAMES
)
_BY_CLUSTER = f"""(select coalesce(json_agg(json_build_object('cluster_id', cluster_id,
        'cluster_name', cluster_name, 'nodes', nodes, 'stale_nodes', stale_nodes, {_ITS})
        order by coalesce(gpus, 0) desc, cluster_name, cluster_id), '[]')
    from (select cluster_id, cluster_name, count(*) as nodes,
            count(*) filter (where not fresh) as stale_nodes
        from shown group by cluster_id, cluster_name) as c
    left join (select cluster_id, {_FIGURES} from part group by cluster_id) as its
    using (cluster_id))"""  # noqa: S608
_BY_NAMESPACE = f"""(select coalesce(json_agg(json_build_object('namespace', namespace, {_TOLD})
        order by gpus desc, namespace), '[]')
    from (select namespace, {_FIGURES} from part cross join unnest(namespaces) as namespace
        group by namespace) as used)"""  # noqa: S608
_BY_SOURCE = """(select coalesce(json_agg(json_build_object('source', source, 'nodes', n)
        order by n desc, source), '[]')
    from (select source, count(*) as n from shown group by source) as sampled)"""


async def summary(
    database: Database, clusters: Sequence[UUID], namespace: str | None, at: Moment
) -> bytes:
    """The figures of all GPUs, or of those of clusters, or those that a namespace's pods use."""
    read, parameters = await sources(database, at), list[object]()
    here, using, lost, with_some = "", "", "", ""
    if clusters:
        here = " where n.cluster_id = any(%s)"
        parameters.append(list(clusters))
    if namespace is not None:
        using, lost = " where %s = any(g.namespaces)", " where s.namespace = %s"
        with_some = " where id in (select node_id from gpu)"
        parameters += [namespace, namespace]
    # Read twice, which is less work than to hold them; but not where they have to be looked for.
    held = "not materialized" if at.as_of is None else "materialized"
    hottest = _HOTTEST.format(gpus=read.gpus)
    row = await database.fetch_one(
        f"with node as materialized (select * from {read.nodes} n{here}),"  # noqa: S608 - our own names
        f" gpu as {held} ({_gpus(read)}{using}), part as materialized ({_PARTS}), shown as"
        f" materialized (select * from node n{with_some})"
        f" select json_build_object({_TOLD}, {_counts(read, lost)}, 'hottest', {hottest},"
        f" 'raised', {_raised(read)}, 'by_model', {_BY_MODEL}, 'by_cluster', {_BY_CLUSTER},"
        f" 'by_namespace', {_BY_NAMESPACE}, 'by_source', {_BY_SOURCE})::text"
        f" from (select {_FIGURES} from part) as figures",
        parameters,
    )
    return b"" if row is None else row[0].encode()


def _gpus(read: Sources) -> str:
    return (
        "select n.id as node_id, n.cluster_id, n.node_name, n.fresh, g.uuid, g.name,"  # noqa: S608
        " g.namespaces, g.held, g.faulty, g.idle, g.utilization_gpu_percent, g.memory_total_mb,"
        " g.memory_used_mb, g.power_draw_watts, g.power_limit_watts, g.temperature_celsius"
        f" from node n cross join lateral {read.gpus} g"
    )


def _counts(read: Sources, lost: str) -> str:
    return (
        "'nodes', (select count(*) from shown),"  # noqa: S608
        " 'stale_nodes', (select count(*) from shown where not fresh),"
        f" 'lost', (select count(*) from {read.lost} s{lost}),"
        " 'errors', (select coalesce(sum(faulty), 0) from part)"
    )


def _raised(read: Sources) -> str:
    return (
        f"(select json_build_object({_RAISED}) from {read.standing} s join gpu g"  # noqa: S608
        " on g.cluster_id = s.cluster_id and g.node_name = s.node_name and g.uuid = s.uuid"
        " where s.raised <> '[]')"
    )
