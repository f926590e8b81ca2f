"""What may be asked of alerts. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from projections.alerts.view import INDEXED
from services.runtime.database import Database
from services.runtime.queries import Page, Where, contains, rfc3339

OPEN = ("FIRING", "PENDING")
STATES = ("FIRING", "PENDING", "RESOLVED")

_VIEW = f"""json_build_object(
    'id', a.id, 'fingerprint', a.fingerprint, 'cluster_id', a.cluster_id, 'cluster_name', c.name,
    'alertname', a.alertname, 'severity', a.severity, 'state', a.state, 'labels', a.labels,
    'annotations', a.annotations, 'starts_at', {rfc3339("a.starts_at")},
    'ends_at', {rfc3339("a.ends_at")},
    'generator_url', a.generator_url, 'silenced', false, 'incident_id', null,
    'first_seen_at', {rfc3339("a.first_seen_at")},
    'last_seen_at', {rfc3339("a.last_seen_at")},
    'occurrences', a.occurrences)"""
_OF_SEVERITY = "filter (where a.severity = '{}')"
_WITH_NAME = "left join alerts.cluster_name c on c.cluster_id = a.cluster_id"


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; empty fields do not restrict."""

    state: Sequence[str] = OPEN
    severity: Sequence[str] = ()
    cluster_id: Sequence[UUID] = ()
    namespace: str | None = None
    alertname: str | None = None
    labels: Sequence[tuple[str, str]] = ()
    q: str | None = None
    """Text in the name, the summary or the description."""

    @property
    def tallied(self) -> bool:
        """True if the tally can count them."""
        return self.namespace is None and self.alertname is None and not self.labels and not self.q


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alert that a reference may mean."""

    id: UUID
    cluster_id: UUID
    body: bytes


async def listing(database: Database, wanted: AlertFilter, page: Page) -> bytes:
    """``{items, total, by_severity, page, page_size, total_pages}``, newest first."""
    where, counts = _where(wanted), _counts(wanted)
    row = await database.fetch_one(
        f"select json_build_object('items', coalesce((select json_agg({_VIEW}"  # noqa: S608
        f" order by a.starts_at desc, a.id desc) from (select * from alerts.occurrence a{where.sql}"
        f" order by a.starts_at desc, a.id desc limit {page.size} offset {page.offset}) as a"
        f" {_WITH_NAME}), '[]'::json), 'by_severity', json_build_object('CRITICAL', critical,"
        f" 'WARNING', warning, 'INFO', info), {page.envelope('n')})::text"
        f" from ({counts.sql}) as counted",
        where.parameters + counts.parameters,
    )
    return b"" if row is None else row[0].encode()


@dataclass(frozen=True, slots=True)
class _Counts:
    sql: str
    parameters: list[Any]


def _counts(wanted: AlertFilter) -> _Counts:
    """Totals over the filtered set: read from the tally where that can tell them."""
    if wanted.tallied:
        table, amount, where = "alerts.tally", "coalesce(sum(n) {}, 0)", _tally_where(wanted)
    else:
        table, amount, where = "alerts.occurrence", "count(*) {}", _where(wanted)
    columns = ", ".join(
        f"{amount.format(_OF_SEVERITY.format(severity))}::bigint as {severity.lower()}"
        for severity in ("CRITICAL", "WARNING", "INFO")
    )
    total = f"{amount.format('')}::bigint as n"
    return _Counts(f"select {total}, {columns} from {table} a{where.sql}", where.parameters)  # noqa: S608


def _tally_where(wanted: AlertFilter) -> Where:
    where = Where()
    where.one_of("a.state", wanted.state)
    where.one_of("a.severity", wanted.severity)
    where.one_of("a.cluster_id", wanted.cluster_id)
    return where


def _where(wanted: AlertFilter) -> Where:
    where = Where()
    # Spelled out, not given as a parameter: only so does the planner see that the partial
    # indexes over open and over closed occurrences serve.
    states = ", ".join(f"'{state}'" for state in wanted.state if state in STATES)
    where.add(f"a.state in ({states})" if states else "false")
    if "RESOLVED" not in wanted.state:
        where.add("a.state <> 'RESOLVED'")
    where.one_of("a.severity", wanted.severity)
    where.one_of("a.cluster_id", wanted.cluster_id)
    if wanted.namespace is not None:
        where.add("a.namespace = %s", wanted.namespace)
    if wanted.alertname is not None:
        _equals(where, "a.alertname", wanted.alertname)
    for name, value in wanted.labels:
        where.add("a.labels @> %s::jsonb", msgspec.json.encode({name: value}).decode())
    if wanted.q:
        pattern = contains(wanted.q)
        where.add(
            "(a.alertname ilike %s or a.annotations->>'summary' ilike %s"
            " or a.annotations->>'description' ilike %s)",
            pattern,
            pattern,
            pattern,
        )
    return where


def _equals(where: Where, column: str, text: str) -> None:
    where.add(f"left({column}, {INDEXED}) = %s and {column} = %s", text[:INDEXED], text)


async def by_id(database: Database, alert_id: UUID) -> bytes | None:
    """One occurrence."""
    row = await database.fetch_one(
        f"select {_VIEW}::text from alerts.occurrence a {_WITH_NAME} where a.id = %s",  # noqa: S608
        (alert_id,),
    )
    return None if row is None else row[0].encode()


async def by_fingerprint(
    database: Database, fingerprint: str, cluster_id: UUID | None
) -> list[Candidate]:
    """The newest occurrence of a fingerprint in each cluster that knows it, at most 100."""
    where = Where()
    _equals(where, "a.fingerprint", fingerprint)
    if cluster_id is not None:
        where.add("a.cluster_id = %s", cluster_id)
    rows = await database.fetch_all(
        f"select a.id, a.cluster_id, {_VIEW}::text from (select distinct on (a.cluster_id) *"  # noqa: S608
        f" from alerts.occurrence a{where.sql}"
        f" order by a.cluster_id, a.starts_at desc limit 100) as a {_WITH_NAME}",
        where.parameters,
    )
    return [Candidate(row[0], row[1], row[2].encode()) for row in rows]


async def cluster_names(database: Database) -> list[tuple[UUID, str]]:
    """How every cluster is called or was called last."""
    rows = await database.fetch_all("select cluster_id, name from alerts.cluster_name")
    return [(row[0], row[1]) for row in rows]
