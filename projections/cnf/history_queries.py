"""What may be asked of a clock's past: its offset step by step, and how its state has changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.cnf.sources import Sources, sources
from projections.cnf.view import CnfPart
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, rfc3339

MOST_POINTS = 2_000
_MOST_CHANGES = 1_000
_CLOCK = "k.cluster_id = w.cluster_id and k.node_name = w.node_name and k.interface = w.interface"
# The offset that is farthest from zero, with its sign; whole steps, also those without a sample.
_POINTS = """select json_agg(json_build_array(step, farthest) order by step) as points,
        count(farthest) as known
    from generate_series(floor(extract(epoch from w.since) / w.step)::int8 * w.step,
        ceil(extract(epoch from w.until))::int8 - 1, w.step) as step
    left join (
        select floor(extract(epoch from at) / w.step)::int8 * w.step as step,
            case when max(offset_ns) >= -min(offset_ns) then max(offset_ns) else min(offset_ns) end
                as farthest
        from aiops.cnf_offset where clock_id = k.id and at >= w.since and at < w.until
        group by 1) as told using (step)"""
_CHANGE = f"""json_build_object('at', {rfc3339("changed_at")}, 'old_state', old_state,
    'new_state', state, 'reason', reason, 'offset_ns', value)"""
_FIRST = f"""select min(o.at) as at from w join aiops.cnf_clock k on {_CLOCK}
    cross join lateral (select min(at) as at from aiops.cnf_offset where clock_id = k.id) o"""  # noqa: S608
# Before its first sample nothing is known of a clock, whatever it was afterwards.
_TOLD = """select changed_at, valid_from, old_state, state, reason, value
    from changes, w where changed_at >= w.since and changed_at <= w.until
    union all
    select first.at, 0, null, begun.state, 'before this nothing is known of it', null
    from first, begun, w where first.at > w.since and first.at <= w.until
        and begun.state is not null
        and not exists (select from changes where changed_at < first.at)"""
_STATE = """coalesce((select state from changes where changed_at < w.since
    order by changed_at desc, valid_from desc limit 1),
    (select begun.state from begun, first where first.at <= w.since))"""


@dataclass(frozen=True, slots=True)
class ClockWindow:
    """Which clock, and which time."""

    cluster_id: UUID
    node_name: str
    interface: str
    since: datetime
    """Inclusive."""
    until: datetime
    """Exclusive; of changes inclusive, as the end may be the time of one."""
    step: int
    """Seconds."""


async def clock(
    database: Database, wanted: ClockWindow, mine: Scope, as_of: AsOf | None = None
) -> bytes | None:
    """A `PtpHistory`; None if there is no such cluster in the scope."""
    read = sources(mine, as_of)
    row = await database.fetch_one(
        "with w as (select %s::uuid as cluster_id, %s::text as node_name, %s::text as interface,"  # noqa: S608
        " %s::timestamptz as since, %s::timestamptz as until, %s::int8 as step),"
        f" changes as materialized (select s.* from w join {read.changes} s"
        " on s.cluster_id = w.cluster_id and s.area = 'PTP'"
        " and s.name = w.node_name || '/' || w.interface),"
        f" first as ({_FIRST}), begun as ({_begun(read)}), told as ({_TOLD})"
        f" select json_build_object('cluster_id', c.cluster_id, 'cluster_name', c.name,"
        f" 'node_name', w.node_name, 'interface', w.interface, 'from', {rfc3339('w.since')},"
        f" 'to', {rfc3339('w.until')}, 'step_seconds', w.step, 'series', coalesce((select"
        f" json_agg(json_build_object('process', nullif(k.process, ''), 'points', p.points)"
        f" order by k.process) from aiops.cnf_clock k cross join lateral ({_POINTS}) p"
        f" where {_CLOCK} and p.known > 0), '[]'::json), 'state', {_STATE},"
        f" 'changes', coalesce((select json_agg({_CHANGE} order by changed_at, valid_from) from"
        f" (select * from told order by changed_at desc, valid_from desc limit {_MOST_CHANGES})"
        " as newest), '[]'::json)"
        f")::text from w join {read.cluster_name} c on c.cluster_id = w.cluster_id",
        (
            wanted.cluster_id,
            wanted.node_name,
            wanted.interface,
            wanted.since,
            wanted.until,
            wanted.step,
        ),
    )
    return None if row is None else row[0].encode()


def _begun(read: Sources) -> str:
    """The state that it began with: what its first change was from, or what is so now."""
    return (
        "select case when exists (select from changes)"  # noqa: S608
        " then (select old_state from changes order by changed_at, valid_from limit 1)"
        f" else (select e ->> 'clock_state' from ({read.clusters(CnfPart.PTP)}) as found,"
        " jsonb_array_elements(found.value) as e where found.cluster_id = w.cluster_id"
        " and e ->> 'node_name' = w.node_name and e ->> 'interface' = w.interface"
        " and e ->> 'clock_state' is not null limit 1) end as state from w"
    )
