"""Where incidents are read from: as they are now or were after an event, and who may see what."""

from dataclasses import dataclass
from typing import Any

import msgspec

from projections.incidents.view import (
    ABSORBED,
    CLUSTER_NAME,
    ENDED,
    INCIDENT,
    MEMBER,
    RULE,
    SIGNAL,
)
from services.runtime.principals import Scope
from services.runtime.queries import AsOf

_SCHEMA = "incidents"


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    incident: str
    absorbed: str
    signal: str
    member: str
    ended: str
    rule: str
    cluster_name: str
    at: int | None
    """The event after which it was so; None for now."""
    scoped: bool
    """False for who may see everything."""

    def sees(self, ids: str) -> str:
        """One of these clusters is seen. ``ids`` is SQL for a JSON array, as in the next ones."""
        return f"{ids} ?| (select listed from mine)" if self.scoped else "true"  # noqa: S608

    def redacts(self, ids: str) -> str:
        """One of these clusters is not."""
        return f"not {ids} <@ (select ids from mine)" if self.scoped else "false"  # noqa: S608

    def seen(self, cluster: str) -> str:
        """This cluster is seen; looked up in a hash, as a join the planner may try each of them."""
        return f"({cluster} in (select id from seen)) is true" if self.scoped else "true"  # noqa: S608

    @property
    def then(self) -> str:
        """A condition on an entry ``e`` of a timeline."""
        return "true" if self.at is None else f"e.sequence <= {self.at}"

    def whole(self, incident: str) -> str:
        """An incident and all that have ended in it, as ``w (id)``: theirs are the signals."""
        return (
            f"(with recursive whole (id) as (select {incident} union"  # noqa: S608 - our own names
            f" select a.incident_id from {self.absorbed} a join whole on a.into_id = whole.id)"
            " select id from whole) w"
        )

    def members(self, incident: str) -> str:
        """What belongs to an incident, ``m``."""
        found = each(self.member, "incident_id = w.id")
        return f"{self.whole(incident)} cross join lateral {found} m"

    @property
    def signal_of(self) -> str:
        """A join of the signal ``s`` of a member ``m``."""
        return f" cross join lateral {each(self.signal, 'id = m.signal_id')} s"

    @property
    def ended_of(self) -> str:
        """A join of when the signal of a member ``m`` has ended, ``o``, if it has."""
        return f" left join lateral {each(self.ended, 'signal_id = m.signal_id')} o on true"

    def named(self, ids: str) -> str:
        """Which of these clusters are seen, as an array of ids and one of ids with names."""
        return (
            f"select coalesce(json_agg(k.id order by k.place), '[]') as ids,"  # noqa: S608
            f" coalesce(json_agg(json_build_object('id', k.id, 'name', c.name) order by k.place),"
            f" '[]') as named from jsonb_array_elements_text({ids}) with ordinality as k(id, place)"
            f" left join {self.cluster_name} c on c.cluster_id = k.id::uuid"
            f" where {self.seen('k.id::uuid')}"
        )


def each(source: str, condition: str) -> str:
    """Rows that are looked up one by one, whatever the planner thinks of it.

    It knows nothing of how many there are in rows as they were, and little of incidents that have
    a hundred times as many signals as others: it would read all signals to find those of one.
    """
    return f"(select * from {source} x where x.{condition} offset 0)"  # noqa: S608 - our own names


def sources(mine: Scope, as_of: AsOf | None = None) -> Sources:
    """The tables themselves, or their rows as they were."""
    at = None if as_of is None else as_of.sequence
    return Sources(
        incident=INCIDENT.source(_SCHEMA, at),
        absorbed=ABSORBED.source(_SCHEMA, at),
        signal=SIGNAL.source(_SCHEMA, at),
        member=MEMBER.source(_SCHEMA, at),
        ended=ENDED.source(_SCHEMA, at),
        rule=RULE.source(_SCHEMA, at),
        cluster_name=CLUSTER_NAME.source(_SCHEMA, at),
        at=at,
        scoped=not mine.whole,
    )


MINE = """mine as materialized (select %s::jsonb as ids, %s::text[] as listed),
    seen as materialized (select unnest(%s::uuid[]) as id)"""
"""The clusters that are seen, in three ways: what a query of `Sources` begins with."""


def mine_of(mine: Scope) -> list[Any]:
    """The parameters of `MINE`; of the whole nothing looks at them."""
    ids = sorted(map(str, mine.clusters or ()))
    return [msgspec.json.encode(ids).decode(), ids, ids]
