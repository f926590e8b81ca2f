"""How far incidents reach: what their signals are about, and which of them last, in numbers."""

from projections.incidents.sources import Sources
from services.runtime.queries import rfc3339

MOST_REACHED = 500
"""Signals of one incident that are looked at: a storm has a hundred thousand."""
_MOST_NAMED = 300
_NAMED_THEN, _SIGNALS_THEN = 20, 1_000
"""Incidents of which names are told as of a time, where no tally has them, and signals of each."""
_KINDS = ("namespaces", "workloads", "pods", "nodes", "gpus")


def reach(read: Sources) -> str:
    """Of an incident ``i`` with its clusters ``n``, as SQL for fields of a JSON object.

    A place counts once for each cluster that has it. Of one that is not seen whole, what is seen.
    """
    kinds = ", ".join(
        f"'{kind}', count(*) filter (where p.place like '{kind.removesuffix('s')}/%%')"
        for kind in _KINDS
    )
    signals = "case when r.redacted then r.signals else i.signals end"
    return (
        f"'known_at', (select {rfc3339('e.at')} from incidents.entry e"  # noqa: S608 - our own names
        f" where e.incident_id = i.id and {read.sees('e.cluster_ids')}"
        " order by e.sequence limit 1), 'reach',"
        f" (select json_build_object('clusters', json_array_length(n.ids), {kinds},"
        f" 'at_least', {signals} > {MOST_REACHED}) from (select distinct k.cluster_id, l.place"
        f" from (select s.cluster_id, s.place from {read.members('i.id')}{read.signal_of}"
        f" where {read.seen('s.cluster_id')} limit least({MOST_REACHED}, {signals})) k"
        f" cross join lateral jsonb_array_elements_text(k.place) l(place)) p)"
    )


def names(read: Sources, those: str, order: str) -> str:
    """Of ``those`` incidents ``i``, as SQL for a JSON array: what lasts, by cluster and name."""
    found = _named(read, those) if read.at is None else _named_then(read, those, order)
    return (
        "(select coalesce(json_agg(json_build_object('cluster_id', t.cluster_id, 'severity',"  # noqa: S608
        " t.severity, 'name', t.name, 'lasting', t.lasting) order by t.lasting desc, t.name,"
        " t.cluster_id, t.severity), '[]') from (select t.cluster_id, t.severity, t.name,"
        f" sum(t.lasting)::int8 as lasting from {found} where t.lasting > 0"
        f" and {read.seen('t.cluster_id')} group by 1, 2, 3"
        f" order by 4 desc, 3, 1, 2 limit {_MOST_NAMED}) t)"
    )


def _named(read: Sources, those: str) -> str:
    """By the tally, of all at once: which of what has ended belongs to which does not matter."""
    return (
        f"(with recursive whole (id) as (select i.id from {those} union"  # noqa: S608 - our own names
        f" select a.incident_id from {read.absorbed} a join whole on a.into_id = whole.id)"
        " select id from whole) w join incidents.tally t on t.incident_id = w.id"
    )


def _named_then(read: Sources, those: str, order: str) -> str:
    return (
        f"(select i.* from {those} order by {order} limit {_NAMED_THEN}) i"  # noqa: S608
        " cross join lateral (select k.cluster_id, k.severity, k.name, 1 as lasting from"
        " (select s.cluster_id, s.severity, left(s.name, 128) as name, o.signal_id as ended"
        f" from {read.members('i.id')}{read.signal_of}{read.ended_of}"
        f" where {read.seen('s.cluster_id')} limit {_SIGNALS_THEN}) k where k.ended is null) t"
    )
