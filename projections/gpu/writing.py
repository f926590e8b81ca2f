"""Writes a batch of samples: by COPY what is new, by one statement each what changes."""

from collections.abc import Iterable, Sequence
from typing import Any

from projections.gpu.samples import Batch, Row
from projections.gpu.told import MEASURES
from services.runtime.database import Connection

BY_KEY = b"""
set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off
"""
"""For the writer's connection: all that it looks up it looks up by a key.

PostgreSQL would read whole tables that it knows nothing of yet, a partition of the last minute. And
where it has to read one it would think that so dear that it compiles the statement first.
"""
_SAMPLE = ("gpu_id", "node_id", "at", *MEASURES)
# A time is sent as what it is within PostgreSQL, and taken as such.
_SAMPLE_TYPES = ("int4", "int4", "int8", "float8", *["float4"] * 9)
_COPY = f"copy aiops.gpu_sample ({', '.join(_SAMPLE)}) from stdin (format binary)".encode()
_NEW_NODES = b"""
insert into aiops.gpu_node
    (id, cluster_id, node_name, first_at, sampled_at, interval_seconds, source, source_reason)
select id, cluster_id, name, aiops.micro(at), aiops.micro(at), 1, '', ''
from unnest(%b::int4[], %b::uuid[], %b::text[], %b::int8[]) u(id, cluster_id, name, at)
"""
_NEW_GPUS = b"""
insert into aiops.gpu (id, node_id, uuid, first_at, sampled_at)
select id, node_id, uuid, aiops.micro(at), aiops.micro(at)
from unnest(%b::int4[], %b::int4[], %b::text[], %b::int8[]) u(id, node_id, uuid, at)
"""
_NODES = b"""
update aiops.gpu_node n set sampled_at = aiops.micro(u.at), interval_seconds = u.seconds,
    source = u.source, source_reason = u.reason, error = u.error
from unnest(%b::int4[], %b::int8[], %b::int4[], %b::text[], %b::text[], %b::text[])
    u(id, at, seconds, source, reason, error)
where n.id = u.id
"""
# The samples that were written just now are looked up rather than sent once more.
_GPUS = b"""
update aiops.gpu g set sampled_at = s.at,
    busy_at = case when s.utilization_gpu_percent >= %b::float8 then s.at else g.busy_at end,
    nvlink_bytes_per_second = s.nvlink_bytes_per_second,
    utilization_gpu_percent = s.utilization_gpu_percent,
    utilization_memory_percent = s.utilization_memory_percent,
    memory_used_mb = s.memory_used_mb,
    memory_free_mb = s.memory_free_mb,
    temperature_celsius = s.temperature_celsius,
    memory_temperature_celsius = s.memory_temperature_celsius,
    power_draw_watts = s.power_draw_watts,
    sm_clock_mhz = s.sm_clock_mhz,
    fan_speed_percent = s.fan_speed_percent
from unnest(%b::int4[], %b::int8[]) u(node_id, at)
join aiops.gpu_sample s on s.node_id = u.node_id and s.at = aiops.micro(u.at)
    and s.at >= aiops.micro(%b::int8) and s.at <= aiops.micro(%b::int8)
where g.id = s.gpu_id
"""
_BUSY = b"""
update aiops.gpu g set busy_at = greatest(g.busy_at, aiops.micro(b.at))
from unnest(%b::int4[], %b::int8[]) b(id, at) where g.id = b.id
"""
_SHOWN = b"""
update aiops.gpu g set index = u.index, name = u.name, driver_version = u.driver,
    cuda_version = u.cuda, memory_total_mb = u.memory, power_limit_watts = u.power,
    namespaces = string_to_array(u.namespaces, ','), held = u.held, told = u.told::jsonb
from unnest(%b::int4[], %b::int8[], %b::text[], %b::text[], %b::text[], %b::int8[], %b::float8[],
    %b::text[], %b::bool[], %b::text[])
    u(id, index, name, driver, cuda, memory, power, namespaces, held, told)
where g.id = u.id
"""
_TOLD = b"""
insert into aiops.gpu_told (gpu_id, at, told)
select id, aiops.micro(at), told::jsonb
from unnest(%b::int4[], %b::int8[], %b::text[]) u(id, at, told)
on conflict (gpu_id, at) do update set told = excluded.told
"""
_NODE_TOLD = b"""
insert into aiops.gpu_node_told (node_id, at, interval_seconds, source, source_reason, error)
select id, aiops.micro(at), seconds, source, reason, error
from unnest(%b::int4[], %b::int8[], %b::int4[], %b::text[], %b::text[], %b::text[])
    u(id, at, seconds, source, reason, error)
on conflict (node_id, at) do update set interval_seconds = excluded.interval_seconds,
    source = excluded.source, source_reason = excluded.source_reason, error = excluded.error
"""
_MINUTES = b"""
with u as (
    select node_id, aiops.micro(at) as at from unnest(%b::int4[], %b::int8[]) u(node_id, at)
), hours as (
    insert into aiops.gpu_dirty_hour (node_id, at)
    select distinct node_id, date_trunc('hour', at, 'UTC') from u on conflict do nothing
)
insert into aiops.gpu_dirty_minute (node_id, at) select node_id, at from u on conflict do nothing
"""


async def write(connection: Connection, batch: Batch, idle_percent: float) -> None:
    """All rows of a batch, whose partitions are there; in the caller's transaction."""
    if batch.samples:
        await copy_samples(connection, batch.samples)
    async with connection.pipeline():
        for sql, columns in _statements(batch, idle_percent):
            await connection.execute(sql, columns, prepare=True)


async def copy_samples(connection: Connection, rows: Sequence[Row]) -> None:
    """Many single samples."""
    async with connection.cursor().copy(_COPY) as copy:
        copy.set_types(_SAMPLE_TYPES)
        for row in rows:
            await copy.write_row(row)


def _statements(batch: Batch, idle_percent: float) -> Iterable[tuple[bytes, list[Any]]]:
    for sql, rows in (
        (_NEW_NODES, batch.new_nodes),
        (_NEW_GPUS, batch.new_gpus),
        (_NODES, [(key, *row) for key, row in batch.nodes.items()]),
        (_SHOWN, [(key, *row) for key, row in batch.shown.items()]),
        (_TOLD, [(*key, told) for key, told in batch.told.items()]),
        (_NODE_TOLD, [(*key, *row) for key, row in batch.node_told.items()]),
        (_MINUTES, list(batch.minutes)),
        (
            _BUSY,
            [(key, at) for key, (at, node) in batch.busy.items() if not batch.is_newest(node, at)],
        ),
    ):
        if rows:
            yield sql, [list(column) for column in zip(*rows, strict=True)]
    if batch.nodes:
        times = [row[0] for row in batch.nodes.values()]
        yield _GPUS, [idle_percent, list(batch.nodes), times, min(times), max(times)]
