"""The newest analyses of many incidents in short, in one read."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from projections.rca.queries import MINE, REDACTED, SCHEMA, mine_of, seen, whole
from projections.rca.view import MOST_SHOWN
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, rfc3339

# The first event that a claim cites, or the first thing that was seen live.
_EVIDENCE = """select json_agg(json_build_object('text', c.told->>'text',
        'is_fact', (c.told->>'is_fact')::boolean, 'sequence', c.told->'cited'->0,
        'seen', x.live->'seen'->((c.told->'seen'->>0)::int)) order by c.place)
    from jsonb_array_elements(x.first->'claims') with ordinality as c(told, place)
    where c.place <= {most}"""
_TOLD = f"""json_build_object(
    'entity', case when a.cause_place is not null then json_build_object(
        'cluster_id', a.cause_cluster, 'place', a.cause_place) end,
    'kind', a.cause_kind, 'score', a.cause_score, 'explanation', x.explanation,
    'claims', coalesce(jsonb_array_length(x.first->'claims'), 0),
    'evidence', coalesce(({_EVIDENCE.format(most=MOST_SHOWN)}), '[]'::json))"""
# What was found is taken apart once, and not at all where it is not shown.
_SHORT = f"""json_build_object('rca_id', a.id, 'is_known', a.is_known,
    'analysed_at', {rfc3339("a.analysed_at")}, 'sequence', a.sequence,
    'redacted', {{redacted}}, 'told', case when not ({{redacted}}) then (select {_TOLD} from
        (select o.causes->0 as first, o.live, o.explanation from jsonb_to_record(a.told)
            as o(causes jsonb, live jsonb, explanation text) offset 0) x) end)::text"""  # noqa: S608


async def newest(
    database: Database, incidents: Sequence[UUID], mine: Scope, as_of: AsOf | None = None
) -> dict[UUID, msgspec.Raw]:
    """Of each of these incidents the newest analysis that is seen, as JSON; of some there is none.

    What was found of an incident that has ended in another one is about that one, too.
    """
    where = seen(mine, as_of)
    where.add("a.about = w.id")
    where.add("a.incident_id is not null")
    short = _SHORT.replace("{redacted}", "false" if mine.whole else REDACTED)
    rows = await database.fetch_all(
        f"with {MINE} select i.id, {short} from unnest(%s::uuid[]) as i(id)"  # noqa: S608 - our own
        f" cross join lateral (select a.* from ({whole('select i.id', as_of)}) w"
        f" cross join lateral (select * from {SCHEMA}.analysis a{where.sql}"
        " order by a.sequence desc limit 1) a order by a.sequence desc limit 1) a",
        [*mine_of(mine), list(incidents), *where.parameters],
    )
    return {row[0]: msgspec.Raw(row[1].encode()) for row in rows}
