"""What happened to an incident, newest first. Answers are JSON."""

from uuid import UUID

from projections.incidents.sources import MINE, Sources, mine_of, sources
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, rfc3339


def entries(read: Sources, incident: str, before: int | None, most: int) -> str:
    """The newest entries of an incident, as SQL for a JSON array."""
    return (
        f"coalesce((select json_agg({_view()} order by t.sequence desc)"  # noqa: S608 - our own names
        f" from ({_seen(read, incident, before, most)}) t), '[]'::json)"
    )


async def timeline(
    database: Database,
    incident_id: UUID,
    mine: Scope,
    most: int,
    before: int | None = None,
    as_of: AsOf | None = None,
) -> bytes | None:
    """``{items, next_cursor}``, the newest first, those before a sequence; None: no such incident.

    The cursor is a sequence; what happens meanwhile moves nothing.
    """
    read = sources(mine, as_of)
    row = await database.fetch_one(
        f"with {MINE}, found as materialized ({_seen(read, '%s', before, most + 1)}),"  # noqa: S608
        f" shown as (select * from found t order by t.sequence desc limit {most})"
        f" select json_build_object('items', coalesce((select json_agg({_view()}"
        f" order by t.sequence desc) from shown t), '[]'::json), 'next_cursor',"
        f" (select min(sequence)::text from shown having (select count(*) from found) > {most})"
        f")::text from {read.incident} i where i.id = %s and {read.sees('i.cluster_ids')}",
        [*mine_of(mine), incident_id, incident_id],
    )
    return None if row is None else row[0].encode()


def _seen(read: Sources, incident: str, before: int | None, most: int) -> str:
    """Entries of an incident from when it was about a cluster that is seen.

    What only brought signals that are not seen is left out; of who may see a part, the other one
    of a merge or a split has to be seen whole too.
    """
    earlier = "" if before is None else f" and e.sequence < {before}"
    hidden = (
        "e.event_type = 'INCIDENT_UPDATED' and e.ended = 0 and e.resumed = 0"
        f" and e.added <> '{{}}' and not ({read.sees('e.added')})"
        if read.scoped
        else "false"
    )
    redacts = (
        f"({read.redacts('e.cluster_ids')} or coalesce({read.redacts('x.cluster_ids')}, false))"
    )
    added = (
        "(select coalesce(sum(k.value::int8), 0) from jsonb_each_text(e.added) k"  # noqa: S608
        f" where {read.seen('k.key::uuid')})"
    )
    return (
        f"select e.*, {redacts} as redacted, {added} as came,"  # noqa: S608 - our own names
        f" case when {read.sees('x.cluster_ids')} then e.other_id end as other"
        f" from incidents.entry e left join {read.incident} x on x.id = e.other_id"
        f" where e.incident_id = {incident} and {read.then}{earlier}"
        f" and {read.sees('e.cluster_ids')} and not ({hidden})"
        f" order by e.sequence desc limit {most}"
    )


def _view() -> str:
    whole = ", ".join(
        f"'{name}', case when not t.redacted then t.{name} end"
        for name in ("reason", "signals", "lasting", "ended", "resumed", "moved")
    )
    return f"""json_build_object('sequence', t.sequence, 'event_type', t.event_type,
        'at', {rfc3339("t.at")}, 'actor', t.actor, 'state', t.state, 'severity', t.severity,
        'added', t.came, 'other_id', t.other, 'redacted', t.redacted, {whole})"""
