"""What may be asked of personas: those that are built in, and custom ones."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.personas import BUILT_IN, Persona, instructed
from projections.personas.view import PERSONA, PersonaDetail, PersonaView
from services.runtime.database import Database
from services.runtime.queries import AsOf, Page

_COLUMNS = "p.told, p.version, p.changed_at, p.changed_by"
_Row = Sequence[Any]


async def persona(database: Database, id_: str) -> Persona | None:
    """Built in or custom, as an assistant is told it: `contracts.personas.instructed`."""
    found = BUILT_IN.get(id_)
    if found is None:
        row = await _row(database, id_, None)
        found = None if row is None else Persona.model_validate(row[0])
    return None if found is None else instructed(found)


async def listing(database: Database, page: Page, as_of: AsOf | None = None) -> bytes:
    """``{items, total, page, page_size, total_pages}``: built-in ones, then custom ones by id."""
    built_in = [*BUILT_IN.values()][page.offset : page.offset + page.size]
    envelope = page.envelope(f"count(*) + {len(BUILT_IN)}")
    count = await database.fetch_one(
        f"select json_build_object({envelope}) from {_source(as_of)} p"  # noqa: S608 - our names
    )
    rows = await database.fetch_all(
        f"select {_COLUMNS} from {_source(as_of)} p order by p.id"  # noqa: S608 - our names
        f" limit {page.size - len(built_in)} offset {max(0, page.offset - len(BUILT_IN))}"
    )
    views = [*map(_built_in, built_in), *map(_view, rows)]
    items = [each.model_dump(mode="json") for each in views]
    return msgspec.json.encode({"items": items, **({} if count is None else count[0])})


async def by_id(
    database: Database, id_: str, as_of: AsOf | None = None
) -> tuple[bytes, int | None] | None:
    """One persona as JSON, and its version; of a built-in one there is none."""
    if id_ in BUILT_IN:
        view = _built_in(BUILT_IN[id_])
    else:
        row = await _row(database, id_, as_of)
        if row is None:
            return None
        view = _view(row)
    told = instructed(Persona.model_validate(view.model_dump(include={*Persona.model_fields})))
    detail = PersonaDetail(**view.model_dump(), instructions=told.system_prompt)
    return detail.model_dump_json().encode(), view.version


async def _row(database: Database, id_: str, as_of: AsOf | None) -> _Row | None:
    return await database.fetch_one(
        f"select {_COLUMNS} from {_source(as_of)} p where p.id = %s",  # noqa: S608 - our names
        [id_],
    )


def _source(as_of: AsOf | None) -> str:
    return PERSONA.source("personas", None if as_of is None else as_of.sequence)


def _built_in(one: Persona) -> PersonaView:
    return PersonaView(**one.model_dump(), version=None, changed_at=None, changed_by=None)


def _view(row: _Row) -> PersonaView:
    told, version, changed_at, changed_by = row
    return PersonaView(**told, version=version, changed_at=changed_at, changed_by=changed_by)
