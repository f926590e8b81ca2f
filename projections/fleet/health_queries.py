"""What may be asked of the fleet's health: one cluster over the last days, all of them now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from projections.fleet.queries import STATUS_JSON
from projections.fleet.sources import sources
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, rfc3339

MOST_STEPS = 2_016
"""Seven days in steps of five minutes."""

_RUNS = f"""select json_agg(json_build_object(
        'since', {rfc3339("since")}, 'until', {rfc3339("until")}, 'checks', checks,
        'answered', answered, 'state', state, 'health_score', health_score) order by since desc)
    from (select * from aiops.health_run where cluster_id = c.id and since <= %s
        order by since desc limit 100) r"""  # noqa: S608
_NOTABLE = 5
_ABILITIES = (
    "has_gpu_nodes",
    "has_prometheus",
    "has_thanos",
    "has_tempo",
    "has_loki",
    "has_alertmanager",
    "has_service_mesh",
    "has_cnf_workloads",
)
_VERSIONS = """(select coalesce(json_object_agg(version, n), '{}') from
    (select coalesce(platform_version, 'unknown') as version, count(*) as n
        from able group by 1 order by 1) x)"""


def _within(begin: str, end: str) -> str:
    """Seconds of a run that lie between two times before now."""
    overlap = f"least(until, now - {end}) - greatest(since, now - {begin})"
    return f"""case when since < now - {end} and until >= now - {begin}
        then greatest(extract(epoch from {overlap}), 1) else 0 end"""


# A step is as bad as the worst run that reaches into it.
_HISTORY = f"""select json_agg(json_build_object('at', {rfc3339("at")},
        'health_score', worst, 'answered', answered) order by at)
    from (select step.at, min(r.health_score) as worst, bool_and(r.answered) as answered
        from generate_series(%s::timestamptz, %s::timestamptz, %s::interval) as step(at)
        left join aiops.health_run r on r.cluster_id = c.id
            and r.since < step.at + %s::interval and r.until >= step.at
        group by step.at) as steps"""  # noqa: S608


# A run counts for as long as it lasted within the time, and one that was a single round for a
# second. Half the cost of the smallest backend is what makes a trend.
_TREND = f"""(select json_build_object('last_hour', recent, 'day_before', earlier, 'direction',
        case when recent - earlier >= {_NOTABLE} then 'IMPROVING'
             when recent - earlier <= -{_NOTABLE} then 'WORSENING'
             when recent is not null and earlier is not null then 'STEADY' end)
    from (select round(sum(health_score * w1) / nullif(sum(w1), 0), 1) as recent,
            round(sum(health_score * w24) / nullif(sum(w24), 0), 1) as earlier
        from (select health_score, {_within("interval '1 hour'", "interval '0'")} as w1,
                {_within("interval '25 hours'", "interval '1 hour'")} as w24
            from aiops.health_run r, (select %s::timestamptz as now) t
            where r.cluster_id = c.id and health_score is not null
                and since <= now and until > now - interval '25 hours') as weighed) as averages)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a cluster's history is asked for."""

    until: datetime
    back: timedelta
    step: timedelta


async def one(
    database: Database, cluster_id: UUID, wanted: Window, mine: Scope, as_of: AsOf | None = None
) -> bytes | None:
    """A cluster's status, checks and runs, and its history; no step, no history."""
    read, until = sources(mine, as_of), wanted.until
    history, times = "null::json", list[object]()
    if wanted.step:
        history, times = _HISTORY, [until - wanted.back, until, wanted.step, wanted.step]
    row = await database.fetch_one(
        "select json_build_object('status', "  # noqa: S608
        f"{STATUS_JSON}, 'last_seen_at', {rfc3339('seen.until')}, 'trend', {_TREND},"
        f" 'checks', coalesce(h.found, '[]'::jsonb), 'runs', coalesce(({_RUNS}), '[]'::json),"
        f" 'history', coalesce(({history}), '[]'::json))::text"
        f" from {read.clusters} {read.checked} where c.id = %s",
        [until, until, *times, cluster_id],
    )
    return None if row is None else row[0].encode()


async def summary(database: Database, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """How many clusters there are, by state, type and environment, and their average score.

    A cluster without a score is left out of the average. GPUs and CNF workloads are counted where
    discovery has run; where it has not run anywhere, nothing is known of them.
    """
    read = sources(mine, as_of)
    row = await database.fetch_one(
        "with told as (select c.cluster_type, c.environment, s.health_score,"  # noqa: S608
        " coalesce(s.state, 'PROVISIONING') as state"
        f" from {read.clusters}), able as (select * from {read.capabilities} a)"
        " select json_build_object('total', (select count(*) from told),"
        " 'by_state', (select coalesce(json_object_agg(state, n), '{}') from"
        " (select state, count(*) as n from told group by 1 order by 1) x),"
        " 'by_type', (select coalesce(json_object_agg(cluster_type, n), '{}') from"
        " (select cluster_type, count(*) as n from told group by 1 order by 1) x),"
        " 'by_environment', (select coalesce(json_object_agg(environment, n), '{}') from"
        " (select environment, count(*) as n from told group by 1 order by 1) x),"
        " 'average_health_score', (select round(avg(health_score), 1) from told),"
        " 'gpu_count', (select sum(gpu_count) from able),"
        " 'gpu_clusters', (select sum(has_gpu::int) from able),"
        " 'cnf_clusters', (select sum(has_cnf::int) from able),"
        " 'node_count', (select sum(node_count) from able))::text"
    )
    return b"" if row is None else row[0].encode()


async def capabilities(database: Database, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """What the clusters can do, over all that discovery has looked at."""
    read = sources(mine, as_of)
    counted = ", ".join(
        f"'{name}', count(*) filter (where (told->>'{name}')::bool)" for name in _ABILITIES
    )
    row = await database.fetch_one(
        f"with able as (select * from {read.capabilities} a)"  # noqa: S608 - our own names
        " select json_build_object("
        f" 'clusters', (select count(*) from {read.cluster} c), 'discovered', count(*),"
        " 'node_count', coalesce(sum(node_count), 0), 'gpu_count', coalesce(sum(gpu_count), 0),"
        f" 'with', json_build_object({counted}),"
        f" 'gpu_types', {_kinds('gpu_types')}, 'cnf_types', {_kinds('cnf_types')},"
        f" 'platform_versions', {_VERSIONS})::text from able"
    )
    return b"" if row is None else row[0].encode()


def _kinds(field: str) -> str:
    """By kind, how many clusters have it."""
    return (
        "(select coalesce(json_object_agg(kind, n), '{}') from (select kind, count(*) as n"  # noqa: S608
        f" from able, jsonb_array_elements_text(told->'{field}') as kind"
        " group by kind order by kind) x)"
    )


async def health(database: Database, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """Every cluster's state and what it is grouped by, worst first, at most 1,000."""
    row = await database.fetch_one(
        "select json_build_object('items', coalesce(json_agg(json_build_object('id', id,"  # noqa: S608
        " 'name', name, 'display_name', display_name, 'cluster_type', cluster_type,"
        " 'environment', environment, 'region', region, 'state', state,"
        " 'health_score', health_score, 'connectivity', connectivity, 'last_error', last_error,"
        f" 'changed_at', {rfc3339('changed_at')})"
        " order by health_score nulls last, name), '[]'::json))::text from"
        " (select c.id, c.name, c.display_name, c.cluster_type, c.environment, c.region,"
        " coalesce(s.state, 'PROVISIONING') as state, s.health_score, s.connectivity,"
        f" s.last_error, s.changed_at from {sources(mine, as_of).clusters}"
        " order by s.health_score nulls last, c.name limit 1000) as told"
    )
    return b"" if row is None else row[0].encode()
