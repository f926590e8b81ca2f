"""What may be asked of the log's index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from projections.activity.view import ActivityRow
from services.runtime.database import Database
from services.runtime.queries import Where

_COLUMNS = ", ".join(f"e.{name}" for name in ActivityRow._fields)
MOST_EFFECTS = 1000
_LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for; empty fields do not restrict. Times are the log's."""

    event_type: Sequence[str] = ()
    clusters: Sequence[UUID] = ()
    entity_type: str | None = None
    entity_id: str | None = None
    since: datetime | None = None
    """Inclusive."""
    until: datetime | None = None
    """Exclusive."""
    after_sequence: int | None = None
    before_sequence: int | None = None
    correlation_id: UUID | None = None
    actor: str | None = None
    by_people: bool = False
    """Without what services do by themselves."""
    descending: bool = False


async def listing(database: Database, wanted: EventFilter, limit: int) -> list[ActivityRow]:
    """At most ``limit`` events in the order asked for."""
    end = f"order by e.sequence {'desc' if wanted.descending else 'asc'} limit {int(limit)}"
    parts = [_where(wanted)]
    if wanted.clusters:
        # By itself: in one condition with the other, neither could be found by an index.
        parts.append(_where(replace(wanted, clusters=())))
        parts[-1].add("e.spans ?| %s", [str(each) for each in wanted.clusters])
        parts[-1].add("e.spans is not null")
    found = " union all ".join(
        f"(select {_COLUMNS} from activity.event e{part.sql} {end})"  # noqa: S608
        for part in parts
    )
    rows = await database.fetch_all(
        f"select {_COLUMNS} from ({found}) e {end}",  # noqa: S608
        [value for part in parts for value in part.parameters],
    )
    return [ActivityRow(*row) for row in rows]


def _where(wanted: EventFilter) -> Where:
    where = Where()
    where.one_of("e.event_type", wanted.event_type)
    if len(wanted.clusters) > 1:
        where.one_of("e.cluster_id", wanted.clusters)
    if wanted.by_people:
        where.add("e.actor not like 'service:%%'")
    only = wanted.clusters[0] if len(wanted.clusters) == 1 else None
    bounds: tuple[tuple[str, Any], ...] = (
        ("e.cluster_id = %s", only),
        ("e.entity_type = %s", wanted.entity_type),
        ("e.entity_id = %s", wanted.entity_id),
        ("e.logged_at >= %s", wanted.since),
        ("e.logged_at < %s", wanted.until),
        ("e.sequence > %s", wanted.after_sequence),
        ("e.sequence < %s", wanted.before_sequence),
        ("e.correlation_id = %s", wanted.correlation_id),
        ("e.actor = %s", wanted.actor),
    )
    for condition, value in bounds:
        if value is not None:
            where.add(condition, value)
    return where


async def one(database: Database, sequence: int) -> ActivityRow | None:
    """The event at a position."""
    row = await database.fetch_one(
        f"select {_COLUMNS} from activity.event e where e.sequence = %s",  # noqa: S608
        (sequence,),
    )
    return None if row is None else ActivityRow(*row)


async def causes(database: Database, event: ActivityRow) -> list[ActivityRow]:
    """The events that led to this one, oldest first, at most 100."""
    rows = await database.fetch_all(
        f"with recursive chain as (select e.*, 1 as depth from activity.event e"  # noqa: S608
        f" where e.event_id = %s union all"
        f" select e.*, chain.depth + 1 from activity.event e"
        f" join chain on e.event_id = chain.causation_id where chain.depth < {_LONGEST_CHAIN})"
        f" select {_COLUMNS} from chain e order by e.sequence",
        (event.causation_id,),
    )
    return [ActivityRow(*row) for row in rows]


async def effects(database: Database, event: ActivityRow, limit: int) -> list[ActivityRow]:
    """The events that this one led to directly, oldest first."""
    rows = await database.fetch_all(
        f"select {_COLUMNS} from activity.event e where e.causation_id = %s"  # noqa: S608
        f" order by e.sequence limit {int(limit)}",
        (event.event_id,),
    )
    return [ActivityRow(*row) for row in rows]
