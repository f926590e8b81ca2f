"""What events of personas leave in the table, as reads tell it: now, and as of an event."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from contracts.envelope import Event
from contracts.personas import BUILT_IN, instructed
from gateway.rest.documented_personas import PersonaList
from projections.personas import queries
from projections.personas.projector import projection
from projections.personas.view import PersonaDetail
from services.runtime.database import Connection, Database, connect
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.writer import Writer, write
from services.runtime.pull import Delivery
from services.runtime.queries import Page
from services.runtime.settings import DatabaseSettings
from tests.kit.incident_rows import delivery, then
from tests.kit.persona_builders import created, deleted, persona, updated
from tests.kit.samples import at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ONE = "night-shift"


@dataclass
class Tables:
    """The table of a database of a test's own."""

    database: Database
    connection: Connection
    log: list[Delivery] = field(default_factory=list[Delivery])
    versions: dict[Any, int] = field(default_factory=dict[Any, int])

    async def happen(self, *events: Event, actor: str = "ada") -> int:
        """These are the next events of the log; gives the last one's sequence."""
        for event in events:
            version = self.versions[event.key] = self.versions.get(event.key, 0) + 1
            self.log.append(delivery(event, len(self.log) + 1, version, actor))
        await self.fold(self.log)
        return len(self.log)

    async def fold(self, batch: list[Delivery]) -> None:
        """Write a batch, whether it was written before or not."""
        rows = Rows(projection.tables)
        for told in batch:
            projection.fold(told, rows)
        schema = catalog.schema_of(projection.name, "live")
        statements = Writer(projection.tables, schema).statements(rows)
        await write(self.connection, statements, (), b"select 1")

    async def one(self, name: str = ONE, as_of: int | None = None) -> PersonaDetail | None:
        found = await queries.by_id(self.database, name, then(as_of))
        if found is None:
            return None
        view = PersonaDetail.model_validate_json(found[0])
        assert view.version == found[1]
        return view

    async def list(self, number: int = 1, size: int = 20, as_of: int | None = None) -> PersonaList:
        found = await queries.listing(self.database, Page(number, size), then(as_of))
        return PersonaList.model_validate(msgspec.json.decode(found))


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[Tables]:
    """An empty one."""
    database = Database(fresh_database, "test")
    await database.open()
    connection = await connect(fresh_database, "test")
    try:
        await catalog.create(connection, projection, "live")
        yield Tables(database, connection)
    finally:
        await connection.close()
        await database.close()


def _ids(page: PersonaList) -> list[str]:
    return [each.id for each in page.items]


async def test_a_custom_one_is_shown_with_all_that_an_assistant_is_told(tables: Tables) -> None:
    last = await tables.happen(created(extends="telco-5g"), actor="bob")
    found = await tables.one()
    assert found is not None
    assert (found.version, found.changed_by, found.changed_at) == (1, "bob", at(last))
    made = persona(extends="telco-5g")
    assert found.model_dump(include=set(type(made).model_fields)) == made.model_dump()
    assert found.instructions == instructed(made).system_prompt
    told = await queries.persona(tables.database, ONE)
    assert told == instructed(made)


@pytest.mark.parametrize("name", BUILT_IN)
async def test_a_built_in_one_is_always_there(tables: Tables, name: str) -> None:
    found = await tables.one(name, as_of=0)
    assert found is not None
    assert (found.is_builtin, found.created_by, found.version) == (True, None, None)
    assert found.instructions == found.system_prompt == BUILT_IN[name].system_prompt
    assert await queries.persona(tables.database, name) == BUILT_IN[name]


async def test_it_is_shown_as_it_was(tables: Tables) -> None:
    first = await tables.happen(created())
    second = await tables.happen(updated(name="Day"))
    last = await tables.happen(deleted(name="Day"))
    assert await tables.one() is None
    assert await queries.persona(tables.database, ONE) is None
    assert await tables.one(as_of=last) is None
    assert await tables.one(as_of=first - 1) is None
    for sequence, name, version in ((first, "Night shift", 1), (second, "Day", 2)):
        found = await tables.one(as_of=sequence)
        assert found is not None
        assert (found.name, found.version) == (name, version)
    counts = [(await tables.list(as_of=each)).total for each in (0, first, second, last)]
    assert counts == [5, 6, 6, 5]


async def test_what_comes_again_changes_nothing(tables: Tables) -> None:
    await tables.happen(created(), updated(name="Day"))
    before = await tables.one()
    await tables.fold(tables.log[:1])
    await tables.fold(tables.log)
    assert await tables.one() == before


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 8, 100])
async def test_pages_have_each_of_them_once_the_built_in_ones_first(
    tables: Tables, size: int
) -> None:
    names = [f"persona-{number}" for number in range(7)]
    await tables.happen(*(created(id=name) for name in reversed(names)))
    found, number, last = list[str](), 1, 1
    while number <= last:
        page = await tables.list(number, size)
        assert (page.total, page.page, page.page_size) == (12, number, size)
        found += _ids(page)
        number, last = number + 1, page.total_pages
    assert found == [*BUILT_IN, *names]
    assert _ids(await tables.list(last + 1, size)) == []
