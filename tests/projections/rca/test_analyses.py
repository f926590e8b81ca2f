"""What events of analyses leave in the table, as reads tell it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event
from contracts.incidents import NOT_SHOWN
from gateway.rest.documented_rca import RcaList
from projections.rca import queries
from projections.rca.projector import projection
from projections.rca.queries import AnalysisFilter
from projections.rca.view import MOST_OF_ONE, RcaView
from services.runtime.database import Connection, Database, connect
from services.runtime.principals import EVERYWHERE, NOWHERE, Scope
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer, write
from services.runtime.pull import Delivery
from services.runtime.queries import Page
from services.runtime.settings import DatabaseSettings
from tests.kit import incident_builders as incidents, rca_builders as made
from tests.kit.incident_builders import INCIDENT_ID, OTHER_INCIDENT_ID
from tests.kit.incident_rows import delivery, then
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ONE, FAR = made.RCA_ID, OTHER_CLUSTER_ID
MARK = "foreign-mark"


@dataclass
class Tables:
    """The table of a database of a test's own."""

    database: Database
    connection: Connection
    log: list[Delivery] = field(default_factory=list[Delivery])

    async def happen(self, *events: Event) -> int:
        """These are the next events of the log, each a batch; gives the last one's sequence."""
        for event in events:
            self.log.append(delivery(event, len(self.log) + 1, 1, "service:rca"))
            await self.fold(self.log[-1:])
        return len(self.log)

    async def fold(self, batch: Sequence[Delivery], slot: catalog.Slot = "live") -> None:
        """Write a batch, whether it was written before or not."""
        rows = Rows(projection.tables)
        for told in batch:
            projection.fold(told, rows)
        schema = catalog.schema_of(projection.name, slot)
        statements = Writer(projection.tables, schema).statements(rows)
        await write(self.connection, statements, (), b"select 1")

    async def list(self, mine: Scope = EVERYWHERE, page: Page | None = None, **of: Any) -> RcaList:
        """A list of analyses."""
        found = await queries.listing(self.database, AnalysisFilter(mine, **of), page or Page())
        return RcaList.model_validate_json(found)

    async def ids(self, mine: Scope = EVERYWHERE, **of: Any) -> Sequence[int]:
        """Those of a list whose ids are numbers, in its order."""
        return [each.id.int for each in (await self.list(mine, Page(1, 100), **of)).items]

    async def one(self, rca: UUID, mine: Scope = EVERYWHERE, as_of: int | None = None) -> Any:
        """One analysis; None if there is none."""
        found = await queries.by_id(self.database, rca, mine, then(as_of))
        return None if found is None else RcaView.model_validate_json(found)

    async def rows(self) -> Any:
        """All that is stored."""
        return await self.database.fetch_all("select a::text from rca.analysis a order by id")


@asynccontextmanager
async def _tables(settings: DatabaseSettings) -> AsyncGenerator[Tables]:
    database = Database(settings, "test")
    await database.open()
    connection = await connect(settings, "test")
    try:
        await catalog.create(connection, projection, "live")
        yield Tables(database, connection)
    finally:
        await connection.close()
        await database.close()


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[Tables]:
    """An empty one."""
    async with _tables(fresh_database) as found:
        yield found


def _told(number: int, **of: Any) -> Event:
    return made.rca_complete(id=UUID(int=number), **of)


def _of_both() -> Event:
    """An analysis over two clusters, with words about the foreign one."""
    return made.rca_complete(
        cluster_ids=(FAR, CLUSTER_ID), causes=(made.cause(MARK, FAR),), explanation=MARK
    )


async def test_an_analysis_is_shown_whole(tables: Tables) -> None:
    last = await tables.happen(made.rca_complete())
    found = await tables.one(ONE)
    assert found.model_dump(include=set(made.RcaResult.model_fields)) == (
        made.rca_result().model_dump()
    )
    assert (found.sequence, found.analysed_at, found.redacted) == (last, at(last), False)
    page = await tables.list()
    (item,) = page.items
    assert (item.id, item.incident_id, item.cluster_ids) == (ONE, INCIDENT_ID, [CLUSTER_ID])
    assert item.cause is not None
    assert (item.cause.entity, item.cause.kind, item.cause.score) == (
        found.causes[0].entity, "node", 0.9,
    )  # fmt: skip
    assert (item.is_known, item.sequence, item.redacted, page.total) == (True, last, False, 1)
    assert (item.window_start, item.window_end) == (found.window_start, found.window_end)


async def test_that_nothing_was_wrong_is_told_without_a_cause(tables: Tables) -> None:
    await tables.happen(made.rca_complete(causes=(), is_known=False, edges=(), timeline=()))
    (item,) = (await tables.list()).items
    assert (item.cause, item.is_known) == (None, False)
    assert (await tables.one(ONE)).causes == ()


async def test_an_analysis_never_changes(tables: Tables) -> None:
    await tables.happen(made.rca_complete())
    before = await tables.one(ONE)
    await tables.happen(made.rca_complete(explanation="something else", is_known=False))
    await tables.fold(tables.log)
    assert await tables.one(ONE) == before
    assert (await tables.list()).total == 1


async def test_one_batch_or_many_leave_the_same(tables: Tables) -> None:
    events = [_told(number, incident_id=INCIDENT_ID) for number in range(MOST_OF_ONE + 5)]
    await tables.happen(*events)
    one_by_one = await tables.rows()
    await tables.connection.execute("delete from rca.analysis")
    await tables.fold(tables.log)
    assert await tables.rows() == one_by_one


async def test_of_one_incident_the_newest_are_kept(tables: Tables) -> None:
    await tables.happen(_told(500, incident_id=OTHER_INCIDENT_ID))
    await tables.happen(*(_told(number) for number in range(MOST_OF_ONE + 3)))
    newest = list(range(MOST_OF_ONE + 3))[:2:-1]
    assert await tables.ids(incident_id=(INCIDENT_ID,)) == newest
    assert await tables.ids(incident_id=(OTHER_INCIDENT_ID,)) == [500]


async def test_of_a_clusters_bad_times_the_newest_are_kept(tables: Tables) -> None:
    of: dict[str, Any] = {"trigger": "WINDOW", "trigger_id": CLUSTER_ID, "incident_id": None}
    await tables.happen(*(_told(number, **of) for number in range(MOST_OF_ONE + 1)))
    assert (await tables.list()).total == MOST_OF_ONE
    assert await tables.one(UUID(int=0)) is None
    # They are of no incident, whatever the id.
    assert await tables.ids(incident_id=(CLUSTER_ID,)) == []


async def test_they_are_found_page_by_page_the_newest_first(tables: Tables) -> None:
    await tables.happen(
        _told(1),
        _told(2, incident_id=OTHER_INCIDENT_ID),
        _told(3, cluster=FAR, cluster_ids=(FAR,)),
        _told(4, cluster_ids=(CLUSTER_ID, FAR)),
    )
    assert await tables.ids() == [4, 3, 2, 1]
    assert await tables.ids(incident_id=(INCIDENT_ID,)) == [4, 3, 1]
    assert await tables.ids(incident_id=(INCIDENT_ID, OTHER_INCIDENT_ID)) == [4, 3, 2, 1]
    assert await tables.ids(cluster_id=(FAR,)) == [4, 3]
    assert await tables.ids(cluster_id=(UUID(int=9),)) == []
    assert await tables.ids(cluster_id=(FAR,), incident_id=(OTHER_INCIDENT_ID,)) == []
    page = await tables.list(page=Page(2, 3))
    assert [each.id.int for each in page.items] == [1]
    assert (page.total, page.page, page.total_pages) == (4, 2, 2)


def _merged(gone: UUID, into: UUID) -> list[Event]:
    """As it is told of both."""
    ends = incidents.incident(id=gone, signals=0, lasting=0, merged_into=into)
    return [
        incidents.merged(incident=ends, other_id=into),
        incidents.merged(incident=incidents.incident(id=into), other_id=gone),
    ]


async def test_what_was_found_of_an_incident_is_found_by_what_it_was_merged_into(
    tables: Tables,
) -> None:
    one, two, three, last = (UUID(int=number) for number in (101, 102, 103, 104))
    ids = enumerate((one, two, three, last), start=1)
    before = await tables.happen(*(_told(number, incident_id=each) for number, each in ids))
    await tables.happen(*_merged(one, two))
    first = await tables.happen(_told(5, incident_id=two))
    await tables.happen(*_merged(two, three))
    assert await tables.ids(incident_id=(three,)) == [5, 3, 2, 1]
    assert await tables.ids(incident_id=(two,)) == [5, 2, 1]
    assert await tables.ids(incident_id=(one,)) == [1]
    assert await tables.ids(incident_id=(last, one)) == [4, 1]
    assert (await tables.list(page=Page(1, 2), incident_id=(three,))).total == 4
    # It is as it was before they were merged.
    assert await tables.ids(incident_id=(three,), as_of=then(first)) == [3]
    assert await tables.ids(incident_id=(two,), as_of=then(first)) == [5, 2, 1]
    assert await tables.ids(incident_id=(two,), as_of=then(before)) == [2]


async def test_of_what_was_merged_nobody_sees_more_than_before(tables: Tables) -> None:
    await tables.happen(
        _told(1, incident_id=INCIDENT_ID, cluster=FAR, cluster_ids=(FAR,)),
        _told(2, incident_id=OTHER_INCIDENT_ID),
        *_merged(INCIDENT_ID, OTHER_INCIDENT_ID),
    )
    mine = Scope(frozenset({CLUSTER_ID}))
    assert await tables.ids(mine, incident_id=(OTHER_INCIDENT_ID,)) == [2]


async def test_they_are_read_as_of_an_event(tables: Tables) -> None:
    first = await tables.happen(_told(1))
    await tables.happen(_told(2))
    assert await tables.ids(as_of=then(first)) == [1]
    assert await tables.ids(as_of=then(0)) == []
    assert await tables.one(UUID(int=2), as_of=first) is None
    assert (await tables.one(UUID(int=2), as_of=2)).sequence == 2


async def test_who_sees_a_part_is_shown_that_there_is_one(tables: Tables) -> None:
    await tables.happen(_of_both())
    mine = Scope(frozenset({CLUSTER_ID, UUID(int=77)}))
    found = await tables.one(ONE, mine)
    assert (found.redacted, found.cluster_ids, found.explanation) == (
        True, (CLUSTER_ID,), NOT_SHOWN,
    )  # fmt: skip
    assert (found.causes, found.edges, found.timeline, found.actions) == ((), (), (), ())
    page = await tables.list(mine)
    (item,) = page.items
    assert (item.redacted, item.cluster_ids, item.cause) == (True, [CLUSTER_ID], None)
    for shown in (found, page):
        assert MARK not in shown.model_dump_json()
        assert str(FAR) not in shown.model_dump_json()
    assert (await tables.list(mine, cluster_id=(FAR,))).total == 0


async def test_who_sees_all_of_its_clusters_sees_it_whole(tables: Tables) -> None:
    await tables.happen(_of_both())
    mine = Scope(frozenset({CLUSTER_ID, FAR, UUID(int=77)}))
    assert await tables.one(ONE, mine) == await tables.one(ONE)
    assert await tables.list(mine) == await tables.list()


async def test_for_who_sees_no_cluster_of_it_there_is_none(tables: Tables) -> None:
    await tables.happen(_of_both())
    for nobody in (NOWHERE, Scope(frozenset({UUID(int=77)}))):
        assert await tables.one(ONE, nobody) is None
        assert (await tables.list(nobody)).total == 0
        assert (await tables.list(nobody, cluster_id=(FAR,))).total == 0
        assert (await tables.list(nobody, incident_id=(INCIDENT_ID,))).items == []


async def test_a_rebuild_leaves_the_same(tables: Tables) -> None:
    await tables.happen(*(_told(number) for number in range(MOST_OF_ONE + 2)), _of_both())
    live = await tables.rows()
    await catalog.create(tables.connection, projection, "next")
    for batch in (tables.log[:7], tables.log[5:60], tables.log[60:]):
        await tables.fold(batch, "next")
    schema = catalog.schema_of(projection.name, "next")
    found = await tables.database.fetch_all(f"select a::text from {schema}.analysis a order by id")
    assert found == live
