"""Where GPUs are read from: as they are now, or as they were at a time.

Samples are telemetry, so it is a time that says which of them had been; what stands about GPUs is
folded from events, so it is a sequence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from projections.gpu.view import CLUSTER, CROSSING, STANDING, XID, GpuColumn
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, within

_SCHEMA = "gpu"
SAMPLED = (*(column.value for column in GpuColumn), "memory_free_mb")
"""What has a column of its own; all else of a GPU is in what was told of it."""
_TOLD = "t.told ->> '{0}'"
_STATIC = {
    "index": "int8",
    "name": "text",
    "memory_total_mb": "int8",
    "power_limit_watts": "float8",
}
"""What is read of that, with its type."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a read stands, what it may see, and what counts as idle."""

    now: datetime
    """The time at which it is so."""
    mine: Scope
    """Whose GPUs are seen."""
    as_of: AsOf | None
    idle: timedelta
    idle_percent: float

    @property
    def at(self) -> str:
        """The time, as SQL."""
        return _sql(self.now)

    @property
    def idle_for(self) -> str:
        """How long without work is idle, as SQL."""
        return f"interval '{int(self.idle.total_seconds())} seconds'"


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    nodes: str
    """Nodes with GPUs of clusters that are registered, each as its last sample tells it:
    ``id``, ``cluster_id``, ``cluster_name``, ``node_name``, ``source``, ``source_reason``,
    ``error``, ``interval_seconds``, ``sampled_at``, ``fresh``, and ``idle_since``: a GPU that has
    been without work since then or longer is idle."""
    gpus: str
    """Those that a node ``n`` told of in that sample: a lateral subquery."""
    lost: str
    """Those that nodes, which ``with`` has called ``node``, told of once, and not in that sample:
    rows of `STANDING`, and ``node_id``."""
    cluster: str
    standing: str
    crossing: str
    xid: str


def cluster_at(at: Moment) -> str:
    """Clusters that were registered and may be seen: rows of `CLUSTER`."""
    return within(CLUSTER.source(_SCHEMA, _sequence(at)), at.mine)


async def sources(database: Database, at: Moment) -> Sources:
    """The tables themselves, or their rows as they were."""
    sequence, cluster = _sequence(at), cluster_at(at)
    standing = STANDING.source(_SCHEMA, sequence)
    if sequence is None:
        nodes, gpus = _nodes(at, cluster), _gpus()
    else:
        since = await _since(database, at)
        nodes, gpus = _nodes_then(at, since, cluster), _gpus_then(at, since)
    return Sources(
        nodes=nodes,
        gpus=gpus,
        lost=_lost(standing, gpus),
        cluster=cluster,
        standing=standing,
        crossing=CROSSING.source(_SCHEMA, sequence),
        xid=XID.source(_SCHEMA, sequence),
    )


def _sequence(at: Moment) -> int | None:
    return None if at.as_of is None else at.as_of.sequence


def _times(at: Moment, row: str) -> str:
    return (
        f"{row}.sampled_at, {row}.sampled_at - {at.idle_for} as idle_since,"
        f" {row}.sampled_at >= {at.at} - 3 * {row}.interval_seconds * interval '1 second' as fresh"
    )


def _nodes(at: Moment, cluster: str) -> str:
    return (
        "(select n.id, n.cluster_id, c.name as cluster_name, n.node_name, n.source,"  # noqa: S608 - our own names and times
        f" n.source_reason, n.error, n.interval_seconds, {_times(at, 'n')}"
        f" from aiops.gpu_node n join {cluster} c using (cluster_id))"
    )


async def _since(database: Database, at: Moment) -> str:
    """No last sample is older than this of a node that has been sampled since then.

    What is told of nodes is told again within the hour. Samples have a partition an hour: to plan
    with a few of them instead of all takes a tenth of the time.
    """
    row = await database.fetch_one(
        "select min(last) from aiops.gpu_node n cross join lateral"  # noqa: S608 - a time of ours
        " (select max(t.at) as last from aiops.gpu_node_told t"
        f" where t.node_id = n.id and t.at <= {at.at}) t where n.sampled_at > {at.at}"
    )
    return _sql(row[0] if row and row[0] else at.now)


def _nodes_then(at: Moment, since: str, cluster: str) -> str:
    """Of a node that has not been sampled since then, its last sample is the one of now."""
    return (
        "(select n.id, n.cluster_id, c.name as cluster_name, n.node_name, t.source,"  # noqa: S608
        " t.source_reason, t.error, t.interval_seconds,"
        f" n.sampled_at <= {at.at} as latest, {_times(at, 't')}"
        f" from aiops.gpu_node n join {cluster} c using (cluster_id) cross join lateral"
        " (select n.sampled_at, n.source, n.source_reason, n.error, n.interval_seconds"
        f" where n.sampled_at <= {at.at} union all"
        " select s.at, t.source, t.source_reason, t.error, t.interval_seconds"
        " from (select s.at from aiops.gpu_sample s"
        f" where n.sampled_at > {at.at} and s.node_id = n.id"
        f" and s.at between {since} and {at.at} order by s.at desc limit 1) s"
        " cross join lateral (select * from aiops.gpu_node_told t where t.node_id = n.id"
        f" and t.at <= s.at and t.at between {since} and {at.at} order by t.at desc limit 1) t) t)"
    )


def _gpus() -> str:
    idle = _if_known("g", "greatest(g.busy_at, g.first_at) <= n.idle_since")
    return (
        f"(select g.*, {idle} as idle from aiops.gpu g"  # noqa: S608
        " where g.node_id = n.id and g.sampled_at = n.sampled_at)"
    )


def _gpus_then(at: Moment, since: str) -> str:
    told = ", ".join(f"({_TOLD.format(name)})::{kind} as {name}" for name, kind in _STATIC.items())
    columns = ", ".join(f"s.{name}" for name in SAMPLED)
    idle = f"s.gpu_id <> all({_working(at, since)}) and g.first_at <= n.idle_since"
    now = ", ".join(f"g.{name}" for name in ("id", "node_id", "uuid", *SAMPLED, *_STATIC))
    return (
        f"(select {now}, g.told, g.faulty, g.held, g.namespaces, g.idle"  # noqa: S608
        f" from {_gpus()} g where n.latest union all"
        f" select g.id, s.node_id, g.uuid, {columns}, {told}, t.told,"
        f" {_TOLD.format('error')} is not null, jsonb_array_length(t.told -> 'processes') > 0,"
        " array(select distinct p ->> 'namespace' collate \"C\" as used"
        " from jsonb_array_elements(t.told -> 'processes') p"
        " where p ->> 'namespace' is not null order by used),"
        f" {_if_known('s', idle)}"
        " from aiops.gpu_sample s join aiops.gpu g on g.id = s.gpu_id"
        " cross join lateral (select t.told from aiops.gpu_told t where t.gpu_id = s.gpu_id"
        " and t.at <= s.at and t.at > s.at - interval '1 hour'"
        f" and t.at between {since} - interval '1 hour' and {at.at} order by t.at desc limit 1) t"
        " where not n.latest and s.node_id = n.id and s.at = n.sampled_at"
        f" and s.at between {since} and {at.at})"
    )


def _working(at: Moment, since: str) -> str:
    """Which GPUs of a node have had work: an array, so that it is made once for all of them."""
    return (
        "array(select distinct b.gpu_id from aiops.gpu_sample b"  # noqa: S608
        f" where b.node_id = n.id and b.at > n.idle_since"
        f" and b.at <= n.sampled_at and b.at between {since} - {at.idle_for} and {at.at}"
        f" and b.utilization_gpu_percent >= {at.idle_percent!r})"
    )


def _lost(standing: str, gpus: str) -> str:
    return (
        f"(select s.*, n.id as node_id from {standing} s join node n"  # noqa: S608
        " on n.cluster_id = s.cluster_id and n.node_name = s.node_name"
        f" where not s.present and not exists (select from {gpus} g where g.uuid = s.uuid))"
    )


def _if_known(row: str, idle: str) -> str:
    return f"case when {row}.utilization_gpu_percent is not null then {idle} end"


def _sql(moment: datetime) -> str:
    return f"timestamptz '{moment.isoformat()}'"
