"""Fills the tables of GPUs as a large fleet would: by SQL, with partitions for all that is kept.

Nodes are sampled every 15 s, each at its own second, so that rows lie on disk as they come in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

CLUSTERS, GPUS_A_NODE, EVERY = 200, 8, 15
_COLUMNS = (
    ("utilization_gpu_percent", 100),
    ("utilization_memory_percent", 60),
    ("memory_used_mb", 80_000),
    ("memory_free_mb", 80_000),
    ("temperature_celsius", 90),
    ("memory_temperature_celsius", 95),
    ("power_draw_watts", 700),
    ("sm_clock_mhz", 1980),
    ("nvlink_bytes_per_second", 4_000_000_000),
)
"""Each with the greatest value that it takes; ``fan_speed_percent`` stays unknown."""
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_IDLE = "g.id % 5 < 2"
"""Two of five GPUs never have work."""
_VALUES = ", ".join(
    f"trunc(abs(hashint4(s * 7919 + g.id * 31 + {place})) / 2147483647.0"
    f" * case when {_IDLE} and {place} = 0 then 0 else {most} end)"
    for place, (_, most) in enumerate(_COLUMNS)
)
_MODELS = "(array['NVIDIA H100 80GB HBM3', 'NVIDIA A100-SXM4-80GB', 'NVIDIA L40S'])[1 + {} % 3]"
_NAMESPACE = "'namespace-' || (g.node_id + g.index / 4) % 50"
"""Two on a node."""
_TOLD = f"""jsonb_build_object('uuid', g.uuid, 'index', g.index, 'name', g.name,
    'driver_version', '570.124.06', 'cuda_version', '12.8', 'memory_total_mb', 81559,
    'power_limit_watts', 700, 'memory_clock_mhz', 2619, 'throttle_reasons', '[]'::jsonb, 'xid', 0,
    'nvlink_errors', 0, 'ecc_uncorrected', 0, 'mig_enabled', false, 'mig', '[]'::jsonb,
    'error', null, 'processes', case when g.id % 4 = 0 then '[]'::jsonb else jsonb_build_array(
        jsonb_build_object('gpu_uuid', g.uuid, 'pid', 1000 + g.id, 'process_name', 'python3',
            'used_memory_mb', g.id % 70000, 'type', 'COMPUTE', 'attribution', 'POD',
            'namespace', {_NAMESPACE}, 'pod', 'llm-' || g.id, 'container', 'main',
            'gpu_instance_id', null)) end)"""
_ROLLABLE = [name for name, _ in _COLUMNS if name != "memory_free_mb"]
_ROLLED = ", ".join(f"avg({name}), min({name}), max({name})" for name in _ROLLABLE)
_ROLLED_NAMES = ", ".join(f"{name}_{what}" for name in _ROLLABLE for what in ("avg", "min", "max"))
_ROLL = f"""insert into aiops.gpu_{{unit}} (node_id, gpu_id, at, samples, {_ROLLED_NAMES})
    select node_id, gpu_id, date_trunc('{{unit}}', at), count(*), {_ROLLED}
    from aiops.gpu_sample where at < '{{end}}'::timestamptz - interval '1 minute'
    group by 1, 2, 3 order by 3, 1"""
_STATEMENTS = (
    # What is kept for how long: as the settings have it.
    """select aiops.make_partition('gpu_sample', 'hour', '{end}'::timestamptz - n * interval '1 h')
        from generate_series(-2, 48) as n""",
    """select aiops.make_partition(name, 'day', '{end}'::timestamptz - n * interval '1 day')
        from generate_series(-1, 2) as n, unnest(array['gpu_told', 'gpu_node_told']) as name""",
    """select aiops.make_partition('gpu_minute', 'day', '{end}'::timestamptz - n * interval '1 day')
        from generate_series(-1, 14) as n""",
    """select aiops.make_partition('gpu_hour', 'month',
            '{end}'::timestamptz - n * interval '1 month')
        from generate_series(-1, 14) as n""",
    """insert into gpu.cluster
        select md5('cluster' || n)::uuid, 'cluster-' || n, 0
        from generate_series(1, {clusters}) as n""",
    """insert into aiops.gpu_node (cluster_id, node_name, first_at, sampled_at, interval_seconds,
            source, source_reason)
        select md5('cluster' || 1 + n % {clusters})::uuid, 'gpu-' || n || '.example.com',
            '{begin}', '{end}'::timestamptz - n % {every} * interval '1 s', 300, 'DCGM',
            'metrics of dcgm-exporter are in its Prometheus'
        from generate_series(1, {nodes}) as n""",
    f"""insert into aiops.gpu (node_id, uuid, first_at, sampled_at, index, name, memory_total_mb,
            power_limit_watts)
        select n.id, 'GPU-' || md5(n.id || '/' || i)::uuid, n.first_at, n.sampled_at, i,
            {_MODELS.format("n.id")}, 81559, 700
        from aiops.gpu_node n cross join generate_series(0, {{gpus}} - 1) as i
        order by n.id, i""",
    f"""update aiops.gpu g set told = {_TOLD}, held = g.id % 4 <> 0,
            namespaces = case when g.id % 4 = 0 then '{{{{}}}}'::text[]
                else array[{_NAMESPACE}] end,
            busy_at = case when not {_IDLE} then sampled_at end, ({_NAMES}) = row({_VALUES})
        from (select 0 as s) as newest""",
    f"""insert into aiops.gpu_sample (gpu_id, node_id, at, {_NAMES})
        select g.id, g.node_id, g.sampled_at - s * interval '{{every}} s', {_VALUES}
        from generate_series({{samples}} - 1, 0, -1) as s, aiops.gpu g
        order by s desc, g.sampled_at, g.node_id""",
    """insert into aiops.gpu_told select g.id, g.sampled_at - n * interval '30 min', g.told
        from aiops.gpu g, generate_series(0, {samples} * {every} / 1800 + 1) as n""",
    """insert into aiops.gpu_node_told
        select g.id, g.sampled_at - n * interval '30 min', 300, g.source, g.source_reason
        from aiops.gpu_node g, generate_series(0, {samples} * {every} / 1800 + 1) as n""",
    _ROLL.replace("{unit}", "minute"),
    _ROLL.replace("{unit}", "hour"),
    """insert into aiops.gpu_dirty_minute
        select id, date_trunc('minute', '{end}'::timestamptz) from aiops.gpu_node""",
    """insert into gpu.standing select n.cluster_id, g.uuid, n.node_name, null, g.index, g.name,
            g.id % 200 <> 0, '["TEMPERATURE"]', null, 0
        from aiops.gpu g join aiops.gpu_node n on n.id = node_id where g.id % 50 = 0""",
)


@dataclass(frozen=True, slots=True)
class Fleet:
    """How much there is."""

    end: datetime
    nodes: int
    samples: int
    """Of each GPU."""

    @property
    def middle(self) -> datetime:
        """When half of the samples had been taken."""
        return self.end - timedelta(seconds=self.samples * EVERY // 2)


def fill(url: str, fleet: Fleet) -> None:
    """Everything of so many nodes, the newest sample now."""
    values = {
        "end": fleet.end.isoformat(),
        "begin": (fleet.end - timedelta(seconds=fleet.samples * EVERY)).isoformat(),
        "clusters": CLUSTERS,
        "gpus": GPUS_A_NODE,
        "every": EVERY,
        "nodes": fleet.nodes,
        "samples": fleet.samples,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"set timezone to 'UTC'")
        for statement in _STATEMENTS:
            connection.execute(statement.format(**values).encode())
        connection.execute(b"vacuum analyze")
