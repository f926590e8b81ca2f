"""Commands about personas on the real log: what is appended, once, and by whom."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from contracts.personas import CreatePersona, DeletePersona, UpdatePersona, persona_key
from contracts.refusals import Code, Refused
from services.personas import handlers
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.persona_builders import draft
from tests.kit.samples import at
from tests.kit.worker import Fated, Killed, dies

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@dataclass
class Personas:
    """What a worker of personas works with."""

    log: EventLog
    settings: Settings

    def store(self, command_id: UUID | None = None, by: str = "ada", **fate: Any) -> Store:
        log = Fated(self.log.bus, self.log.facts_age, **fate)
        context = builders.context(command_id=command_id or new_id(), actor=by)
        return Store(log, context, at(60), self.settings)

    async def create(self, name: str = "night-shift") -> Accepted:
        return await handlers.create_persona(CreatePersona(persona=draft(id=name)), self.store())


@pytest.fixture
def personas(log: EventLog, bus_settings: Settings) -> Personas:
    """On an empty log."""
    return Personas(log, bus_settings)


async def test_each_change_is_a_version(personas: Personas) -> None:
    assert (await personas.create()).version == 1
    with pytest.raises(Refused) as told:
        await personas.create()
    assert told.value.code is Code.VERSION_CONFLICT
    update = UpdatePersona(persona=draft(name="Day"), expected_version=1)
    assert (await handlers.update_persona(update, personas.store(by="bob"))).version == 2
    again = UpdatePersona(persona=draft(name="Day"))
    assert (await handlers.update_persona(again, personas.store())).version == 2
    delete = DeletePersona(persona_id="night-shift")
    assert (await handlers.delete_persona(delete, personas.store())).version == 3
    assert (await personas.create()).version == 4
    last = await personas.log.head(persona_key("night-shift"))
    assert last is not None
    assert (last.actor, last.version) == ("ada", 4)


async def test_a_worker_that_dies_leaves_one_persona(personas: Personas) -> None:
    command, once = CreatePersona(persona=draft()), new_id()
    with pytest.raises(Killed):
        await handlers.create_persona(command, personas.store(once, after=dies))
    accepted = await handlers.create_persona(command, personas.store(once))
    assert (accepted.id, accepted.version) == ("night-shift", 1)


async def test_there_are_only_so_many(personas: Personas, monkeypatch: pytest.MonkeyPatch) -> None:
    assert handlers.MOST_PERSONAS == 200
    monkeypatch.setattr(handlers, "MOST_PERSONAS", 3)
    for number in range(3):
        await personas.create(f"persona-{number}")
    with pytest.raises(Refused) as told:
        await personas.create()
    assert told.value.code is Code.LIMIT_REACHED
    update = UpdatePersona(persona=draft(id="persona-0", name="Day"))
    assert (await handlers.update_persona(update, personas.store())).version == 2
    await handlers.delete_persona(DeletePersona(persona_id="persona-1"), personas.store())
    assert (await personas.create()).version == 1
