"""Where network functions are read from: as they are now, or as they were after an event.

States and names are folded from events, so a sequence says how they were; samples are telemetry,
where time does.
"""

from dataclasses import dataclass
from datetime import datetime

from projections.cnf.view import CLUSTER_NAME, STATE, CnfPart
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, within

_SCHEMA = "cnf"
_LATEST = """select c.cluster_id, c.name as cluster_name, l.asked_at, l.missing, l.interval_seconds,
    l.at, l.at as since, l.source, l.value
    from {names} c join aiops.cnf_latest l on l.cluster_id = c.cluster_id and l.part = '{part}'"""
# Of a run that goes on after the time only its interval tells when it was sampled last before.
_SAMPLED_THEN = """case when {at} >= {r}.until then {r}.until else {r}.since
    + floor(extract(epoch from {at} - {r}.since) / {r}.interval_seconds)
        * {r}.interval_seconds * interval '1 second' end"""
_THEN = """select c.cluster_id, c.name as cluster_name, {asked_at} as asked_at, a.missing,
    a.interval_seconds, {known_at} as at, k.since, k.source, k.value
    from {names} c
    cross join lateral (select * from aiops.cnf_run r where r.cluster_id = c.cluster_id
        and r.part = '{part}' and r.since <= {at} order by r.since desc limit 1) a
    left join lateral (select * from aiops.cnf_run r where r.cluster_id = c.cluster_id
        and r.part = '{part}' and r.since <= {at} and r.value is not null
        order by r.since desc limit 1) k on true"""
# Runs of clocks are without it.
_OFFSET_THEN = """(select (select o.offset_ns from aiops.cnf_offset o where o.clock_id = n.id
        and o.at >= l.since and o.at <= {at} order by o.at desc limit 1)
    from aiops.cnf_clock n where n.cluster_id = l.cluster_id and n.node_name = e.node_name
        and n.interface = e.interface and n.process = coalesce(e.process, ''))"""


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    cluster_name: str
    """Clusters that are in the fleet."""
    state: str
    changes: str
    """Every version of every state, with ``valid_from`` and ``changed_at``."""
    offset: str
    """The offset of a clock ``e`` of a cluster ``l``."""
    at: str | None
    """The time, as SQL; None for now."""

    def clusters(self, part: CnfPart) -> str:
        """One row a cluster: what was known of this part last, and why it is not known now.

        In each: when it was asked for last, when it was known last, and since when that was so.
        """
        if self.at is None:
            return _LATEST.format(names=self.cluster_name, part=part.value)
        return _THEN.format(
            names=self.cluster_name,
            part=part.value,
            at=self.at,
            asked_at=_SAMPLED_THEN.format(at=self.at, r="a"),
            known_at=_SAMPLED_THEN.format(at=self.at, r="k"),
        )


def sources(mine: Scope, as_of: AsOf | None = None) -> Sources:
    """The tables themselves, or their rows as they were; of clusters in the scope."""
    sequence = None if as_of is None else as_of.sequence
    until = "" if sequence is None else f" where valid_from <= {int(sequence)}"
    at = None if as_of is None else _moment(as_of.at)
    return Sources(
        cluster_name=within(CLUSTER_NAME.source(_SCHEMA, sequence), mine),
        state=STATE.source(_SCHEMA, sequence),
        changes=f"(select * from {_SCHEMA}.{STATE.name}_history{until})",  # noqa: S608 - our own names
        offset="e.offset_ns" if at is None else _OFFSET_THEN.format(at=at),
        at=at,
    )


def _moment(at: datetime | None) -> str:
    """Before the first event, or where the log does not tell the time any more, nothing was."""
    return "'-infinity'::timestamptz" if at is None else f"timestamptz '{at.isoformat()}'"
