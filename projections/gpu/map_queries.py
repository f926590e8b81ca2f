"""Every GPU of the fleet in one answer of few bytes: what a picture of all of them is made of.

Rows are written as text by hand: for 10,000 GPUs the JSON functions take twice as long.
"""

from collections.abc import Sequence
from uuid import UUID

from projections.gpu.sources import Moment, Sources, sources
from services.runtime.database import Database
from services.runtime.queries import rfc3339

RAISED, LOST, IDLE, WASTED, FAULTY = 1, 2, 4, 8, 16
"""Bits of a GPU's state."""

_STATE = f"""(case when jsonb_array_length(s.raised) > 0 then {RAISED} else 0 end
    + case when g.idle and g.held then {IDLE + WASTED} when g.idle then {IDLE} else 0 end
    + case when g.faulty then {FAULTY} else 0 end)"""
_NODE = """'[' || cluster || ',' || to_json(node_name)::text || ',' || age || ',' || stale || ']'"""


def _tenths(value: str) -> str:
    return f"coalesce((round({value} * 10) / 10)::text, 'null')"


_SHARE = "100 * {0}::float8 / nullif({1}, 0)"
_VALUES = " || ',' || ".join(
    map(
        _tenths,
        (
            "utilization_gpu_percent",
            _SHARE.format("memory_used_mb", "memory_total_mb"),
            "temperature_celsius",
            _SHARE.format("power_draw_watts", "power_limit_watts"),
            "power_draw_watts",
        ),
    )
)
_GPU = f"""'[' || node || ',' || coalesce(index::text, 'null') || ',' || model || ','
    || {_VALUES} || ',' || state || ']'"""


async def everything(database: Database, clusters: Sequence[UUID], at: Moment) -> bytes:
    """`GpuMap`, of all clusters or of some."""
    read, where, parameters = await sources(database, at), "", list[object]()
    if clusters:
        where, parameters = " where n.cluster_id = any(%s)", [list(clusters)]
    row = await database.fetch_one(
        "with node as materialized (select n.*, row_number()"  # noqa: S608 - our own names and times
        " over (order by n.cluster_name, n.cluster_id, n.node_name) - 1 as node,"
        " dense_rank() over (order by n.cluster_name, n.cluster_id) - 1 as cluster,"
        f" greatest(extract(epoch from {at.at} - n.sampled_at), 0)::int8 as age,"
        f" not n.fresh as stale from {read.nodes} n{where}),"
        f" gpu as materialized ({_there(read)} union all {_lost(read)}),"
        " model as materialized (select name, row_number() over (order by name) - 1 as model"
        " from (select distinct name from gpu) as named)"
        " select '{\"at\":' || to_json("
        f"{rfc3339(at.at)})::text || ',\"clusters\":' || (select coalesce(json_agg("
        "json_build_object('id', cluster_id, 'name', cluster_name) order by cluster), '[]')"
        " from (select distinct cluster, cluster_id, cluster_name from node) as c)::text"
        f" || ',\"nodes\":[' || (select coalesce(string_agg({_NODE}, ',' order by node), '')"
        " from node) || '],\"models\":' || (select coalesce(json_agg(name order by model), '[]')"
        f" from model)::text || ',\"gpus\":[' || (select coalesce(string_agg({_GPU}, ','"
        " order by node, index, uuid), '') from gpu join model"
        " on model.name is not distinct from gpu.name) || ']}'",
        parameters,
    )
    return b"" if row is None else row[0].encode()


def _there(read: Sources) -> str:
    return (
        "select n.node, g.uuid, g.index, g.name, g.utilization_gpu_percent, g.memory_used_mb,"  # noqa: S608
        " g.memory_total_mb, g.temperature_celsius, g.power_draw_watts, g.power_limit_watts,"
        f" {_STATE} as state from node n cross join lateral {read.gpus} g"
        f" left join {read.standing} s on s.cluster_id = n.cluster_id and s.uuid = g.uuid"
    )


def _lost(read: Sources) -> str:
    return (
        "select (select node from node n where n.id = s.node_id), s.uuid, s.gpu_index,"  # noqa: S608
        " s.gpu_name, null::real, null::real, null::int8, null::real, null::real, null::float8,"
        f" {LOST} from {read.lost} s"
    )
