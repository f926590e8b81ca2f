"""Whatever a hub keeps is decided about: a new stream or table fails here until it is."""

import pytest

from deploy.backup import inventory, tables
from deploy.backup.inventory import FILES, SCHEMAS, STREAMS, TABLES, Fate, undecided
from deploy.platform import PROJECTIONS
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.settings import Settings
from tests.kit.tree import ROOT


@pytest.mark.anyio
@pytest.mark.nats
async def test_every_stream_and_bucket_is_decided_about(bus: Bus) -> None:
    there = await streams.configurations(bus)
    assert undecided(there, STREAMS) == []
    assert STREAMS.keys() <= there.keys()
    await bus.api("STREAM.CREATE.KV_new", {"name": "KV_new", "subjects": ["$KV.new.>"]})
    there = await streams.configurations(bus)
    await bus.api("STREAM.DELETE.KV_new")
    assert undecided(there, STREAMS) == ["KV_new"]


@pytest.mark.anyio
@pytest.mark.postgres
async def test_every_table_is_decided_about(settings: Settings) -> None:
    async with tables.long_connection(settings.database) as connection:
        assert undecided(await tables.names(connection), TABLES) == []
        assert set(TABLES) == set(await tables.names(connection))
        await connection.execute("create table aiops.new (id int)")
        assert undecided(await tables.names(connection), TABLES) == ["new"]


@pytest.mark.anyio
@pytest.mark.postgres
async def test_rows_are_written_after_those_that_they_refer_to(settings: Settings) -> None:
    order = inventory.copied(TABLES)
    async with tables.long_connection(settings.database) as connection:
        cursor = await connection.execute(
            "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint"
            " where contype = 'f' and connamespace = 'aiops'::regnamespace and conparentid = 0"
        )
        found = [
            tuple(name.removeprefix("aiops.") for name in row) for row in await cursor.fetchall()
        ]
    for table, other in found:
        if table in order:
            assert order.index(other) < order.index(table)


def test_the_readme_tells_every_decision() -> None:
    text = (ROOT / "deploy" / "backup" / "README.md").read_text()
    for decisions in (STREAMS, TABLES, FILES):
        for name, decision in decisions.items():
            assert f"| `{name}` | {decision.fate} | {decision.reason} |" in text


def test_schemas_of_projections_are_copied() -> None:
    assert {decision.fate for decision in SCHEMAS.values()} == {Fate.COPIED}
    assert SCHEMAS.keys() == PROJECTIONS.keys()
