"""Alerts in groups: those that have the same values together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from projections.alerts.filtering import AlertFilter
from projections.alerts.view import INDEXED
from services.runtime.database import Database
from services.runtime.queries import Page

MOST_KEYS = 4
LOOKED_AT = 10_000
"""As many alerts are looked at where the tally cannot tell: the newest ones."""

_COLUMNS = {
    "state": "a.state",
    "severity": "a.severity",
    "cluster_id": "a.cluster_id",
    "namespace": f"left(coalesce(a.namespace, ''), {INDEXED})",
    "alertname": f"left(a.alertname, {INDEXED})",
}
"""What the tally has, as SQL over the tally and over the rows alike."""
_LABEL = "label:"
_SEVERITIES = ("CRITICAL", "WARNING", "INFO")


def known(key: str) -> bool:
    """True if groups can be made by this."""
    return key in _COLUMNS or (key.startswith(_LABEL) and key != _LABEL)


async def groups(database: Database, wanted: AlertFilter, keys: Sequence[str], page: Page) -> bytes:
    """``{items, at_least, total, page, page_size, total_pages}``: the largest group first."""
    tallied = wanted.tallied and all(key in _COLUMNS for key in keys)
    made = _of_tally(wanted, keys) if tallied else _of_rows(wanted, keys)
    names, called = _names(keys), _cluster_name(wanted, keys)
    rows = await database.fetch_all(
        f"with grouped as materialized ({made.grouped}), shown as (select * from grouped"  # noqa: S608
        f" order by n desc, {names} limit {page.size} offset {page.offset})"
        f" select {names}, {called}, n, critical, warning, info, clusters, oldest, starts_at, id,"
        f" (select count(*) from grouped), (select sum(n)::bigint from grouped)"
        f" from shown g {made.newest} order by n desc, {names}",
        made.parameters,
    )
    total = rows[0][-2] if rows else 0
    return msgspec.json.encode(
        {
            "items": [_group(keys, row) for row in rows],
            "at_least": bool(rows) and not tallied and rows[0][-1] == LOOKED_AT,
            "total": total,
            "page": page.number,
            "page_size": page.size,
            "total_pages": -(-total // page.size),
        }
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """The groups, and where the newest of each is found if they do not tell themselves."""

    grouped: str
    newest: str
    parameters: list[Any]


def _of_tally(wanted: AlertFilter, keys: Sequence[str]) -> _Made:
    counted, found, same = wanted.tally_where(), wanted.where(), wanted.where()
    names = _names(keys)
    for number, key in enumerate(keys):
        same.add(f"{_COLUMNS[key]} = g.k{number}")
    same.add("a.starts_at = last.starts_at")
    severities = ", ".join(
        f"coalesce(sum(n) filter (where a.severity = '{name}'), 0)::bigint as {name.lower()}"
        for name in _SEVERITIES
    )
    return _Made(
        f"select {_listed(keys)}, sum(n)::bigint as n, {severities},"  # noqa: S608
        " count(distinct a.cluster_id) as clusters"
        f" from alerts.tally a{counted.sql} group by {names}",
        # One look at all rows for the times; the rows of these times are found by the index.
        f"join (select {_listed(keys)}, max(a.starts_at) as starts_at,"  # noqa: S608
        f" min(a.starts_at) as oldest from {wanted.source} a{found.sql} group by {names})"
        f" as last using ({names}) cross join lateral (select a.id"
        f" from {wanted.source} a{same.sql} order by a.id desc limit 1) as newest",
        counted.parameters + found.parameters + same.parameters,
    )


def _of_rows(wanted: AlertFilter, keys: Sequence[str]) -> _Made:
    severities = ", ".join(
        f"count(*) filter (where a.severity = '{name}') as {name.lower()}" for name in _SEVERITIES
    )
    labels = [key.removeprefix(_LABEL) for key in keys if key not in _COLUMNS]
    columns = f"{_listed(keys)}, a.severity, a.cluster_id, a.starts_at, a.id"
    newest, parameters = wanted.newest(columns, LOOKED_AT, told=labels)
    return _Made(
        f"select {_names(keys)}, count(*) as n, {severities},"  # noqa: S608
        " count(distinct a.cluster_id) as clusters, min(a.starts_at) as oldest,"
        " max(a.starts_at) as starts_at,"
        f" (array_agg(a.id order by a.starts_at desc, a.id desc))[1] as id"
        f" from ({newest}) as a group by {_names(keys)}",
        "",
        parameters,
    )


def _names(keys: Sequence[str]) -> str:
    return ", ".join(f"k{number}" for number in range(len(keys)))


def _listed(keys: Sequence[str]) -> str:
    columns = (_COLUMNS.get(key, "coalesce(a.labels->>%s, '')") for key in keys)
    return ", ".join(f"{column} as k{number}" for number, column in enumerate(columns))


def _cluster_name(wanted: AlertFilter, keys: Sequence[str]) -> str:
    if "cluster_id" not in keys:
        return "null"
    column = f"k{keys.index('cluster_id')}"
    return f"(select name from {wanted.sources.cluster_name} c where c.cluster_id = {column})"  # noqa: S608


def _group(keys: Sequence[str], row: tuple[Any, ...]) -> dict[str, Any]:
    size = len(keys)
    name, count, *severities, clusters, oldest, starts_at, newest, _, _ = row[size:]
    return {
        "key": dict(zip(keys, map(str, row[:size]), strict=True)),
        "cluster_name": name,
        "count": count,
        "by_severity": dict(zip(_SEVERITIES, severities, strict=True)),
        "clusters": clusters,
        "oldest_start": oldest,
        "newest_starts_at": starts_at,
        "newest_id": newest,
    }
