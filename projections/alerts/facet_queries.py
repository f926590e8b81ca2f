"""How alerts spread over states, severities, clusters, namespaces and names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from projections.alerts.filtering import STATES, AlertFilter
from services.runtime.database import Database
from services.runtime.queries import Where

FACETS = ("state", "severity", "cluster_id", "namespace", "alertname")
COUNTED = 10_000
"""As many alerts are counted where the tally cannot tell."""


async def facets(database: Database, wanted: AlertFilter, top: int) -> bytes:
    """By facet the values that most alerts have, ``top`` at most; ``at_least`` if not all counted.

    A facet is counted with the filters of all others, so that one sees what else could be chosen.
    Where the tally cannot tell, states are only those that are looked in: open ones, or all.
    """
    base, free = _base(wanted), [facet for facet in FACETS if not _chosen(wanted, facet)]
    where = wanted.tally_where()
    parameters = [*base.parameters, *(where.parameters if free else [])]
    told: list[str] = []
    for facet in FACETS:
        if facet in free:
            source = f"select {facet} as value, n from together where told = {_mask(free, facet)}"  # noqa: S608
        else:
            others = _without(wanted, facet)
            source = (
                f"select {facet} as value, sum(n)::bigint as n from base a{others.sql} group by 1"  # noqa: S608
            )
            parameters += others.parameters
        told.append(f"'{facet}', {_facet(wanted, facet, source, top)}")
    row = await database.fetch_one(
        f"with base as {base.sql}{_together(free, where)}"
        f" select json_build_object({', '.join(told)}, 'at_least', {base.at_least})::text",
        parameters,
    )
    return b"" if row is None else row[0].encode()


@dataclass(frozen=True, slots=True)
class _Base:
    sql: str
    parameters: list[Any]
    at_least: str


def _base(wanted: AlertFilter) -> _Base:
    """What is counted: the tally, or as many rows as are counted at most."""
    if wanted.tallied:
        return _Base("not materialized (select * from alerts.tally)", [], "false")
    states = STATES if "RESOLVED" in wanted.state else wanted.state
    others = replace(wanted, state=states, severity=(), cluster_id=(), namespace=(), alertname=())
    where = others.where()
    return _Base(
        f"materialized (select a.state, a.severity, a.cluster_id, coalesce(a.namespace, '') as"  # noqa: S608
        f" namespace, a.alertname, 1 as n from {others.source} a{where.sql} limit {COUNTED})",
        where.parameters,
        f"(select count(*) = {COUNTED} from base)",  # noqa: S608
    )


def _chosen(wanted: AlertFilter, facet: str) -> bool:
    return bool(getattr(wanted, facet))


def _without(wanted: AlertFilter, facet: str) -> Where:
    return replace(wanted, **{facet: STATES if facet == "state" else ()}).tally_where()


def _together(free: Sequence[str], where: Where) -> str:
    """The facets that nothing is chosen in have the same filters: one look counts for all."""
    if not free:
        return ""
    columns, sets = ", ".join(free), ", ".join(f"({facet})" for facet in free)
    return (
        f", together as materialized (select grouping({columns}) as told, {columns},"  # noqa: S608
        f" sum(n)::bigint as n from base a{where.sql} group by grouping sets ({sets}))"
    )


def _mask(free: Sequence[str], facet: str) -> int:
    """What ``grouping`` says of the rows that are grouped by this one: a bit for each other."""
    return 2 ** len(free) - 1 - 2 ** (len(free) - 1 - free.index(facet))


def _facet(wanted: AlertFilter, facet: str, source: str, top: int) -> str:
    called = f"select name from {wanted.sources.cluster_name} c where c.cluster_id = value"  # noqa: S608
    named = f", 'name', ({called})"
    return (
        f"coalesce((select json_agg(json_build_object('value', value, 'count', n"  # noqa: S608
        f"{named if facet == 'cluster_id' else ''}) order by n desc, value) from"
        f" (select * from ({source}) as counted order by n desc, value limit {top}) as most),"
        f" '[]'::json)"
    )
