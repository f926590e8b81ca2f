"""The signals of an incident, those that came last first. Answers are JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from projections.incidents.sources import MINE, Sources, mine_of, sources
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, Where, contains, rfc3339

_VIEW = f"""json_build_object('id', s.id, 'kind', s.kind, 'cluster_id', s.cluster_id,
    'cluster_name', c.name, 'name', s.name, 'severity', s.severity, 'where', s.place,
    'started_at', {rfc3339("s.started_at")}, 'ended_at', {rfc3339("o.ended_at")},
    'joined_at', {rfc3339("m.joined_at")}, 'reason', {{reason}}, 'likeness', m.likeness,
    'sequence', s.sequence)"""
_NEWEST = "order by m.seq desc, m.signal_id"


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals of an incident are asked for; empty fields do not restrict."""

    mine: Scope
    lasting: bool | None = None
    kind: Sequence[str] = ()
    severity: Sequence[str] = ()
    cluster_id: Sequence[UUID] = ()
    q: str | None = None
    """Text in the name, or in what it is about."""
    as_of: AsOf | None = None

    def where(self, read: Sources) -> Where:
        """Conditions on a signal ``s``."""
        where = Where()
        where.one_of("s.kind", self.kind)
        where.one_of("s.severity", self.severity)
        where.one_of("s.cluster_id", self.cluster_id)
        if read.scoped:
            where.add(read.seen("s.cluster_id"))
        if self.q:
            where.add("(s.name || E'\\n' || s.place::text) ilike %s", contains(self.q))
        return where


async def signals(
    database: Database, incident_id: UUID, wanted: SignalFilter, page: Page
) -> bytes | None:
    """``{items, total, page, page_size, total_pages}``; None: no such incident."""
    read = sources(wanted.mine, wanted.as_of)
    where = wanted.where(read)
    row = await database.fetch_one(
        f"with {MINE}, matched as materialized (select m.* from {read.members('%s::uuid')}"  # noqa: S608
        f"{_joins(wanted, where, read)}),"
        f" shown as materialized (select * from matched m {_NEWEST} limit {page.size}"
        f" offset {page.offset})"
        f" select json_build_object('items', coalesce((select json_agg({_view(read)} {_NEWEST})"
        f" from shown m{read.signal_of}{read.ended_of}"
        f" left join {read.cluster_name} c on c.cluster_id = s.cluster_id{_told(read)}),"
        f" '[]'::json), {page.envelope('n')})::text"
        f" from {read.incident} i, (select count(*) as n from matched) as counted"
        f" where i.id = %s and {read.sees('i.cluster_ids')}",
        [*mine_of(wanted.mine), incident_id, *where.parameters, incident_id],
    )
    return None if row is None else row[0].encode()


def _joins(wanted: SignalFilter, where: Where, read: Sources) -> str:
    """What filters look at, and no more: of an incident of thousands one page is shown."""
    joins, conditions = "", list(where.conditions)
    if conditions:
        joins += read.signal_of
    if wanted.lasting is not None:
        joins += read.ended_of
        conditions.append(f"o.signal_id is {'' if wanted.lasting else 'not '}null")
    return joins + (f" where {' and '.join(conditions)}" if conditions else "")


def _view(read: Sources) -> str:
    if not read.scoped:
        return _VIEW.replace("{reason}", "m.reason")
    seen = f"not ({read.redacts('e.cluster_ids')})"
    return _VIEW.replace("{reason}", f"case when {seen} then m.reason end")


def _told(read: Sources) -> str:
    """The entry ``e`` of the event that says why, which knows whom it concerned."""
    return " left join incidents.entry e on e.sequence = m.seq" if read.scoped else ""
