"""What people do with custom personas."""

from contracts.personas import (
    MOST_PERSONAS,
    CreatePersona,
    DeletePersona,
    PersonaCreated,
    PersonaDeleted,
    UpdatePersona,
    persona_key,
)
from contracts.refusals import Code, Refused
from services.personas import domain
from services.personas.service import service
from services.runtime.store import Accepted, Store

__all__ = ["service"]


@service.handles(CreatePersona, one_at_a_time=lambda _: "personas")
async def create_persona(command: CreatePersona, store: Store) -> Accepted:
    """There is a custom persona from now on; LIMIT_REACHED if there are too many."""
    return await _settle(command, store)


@service.handles(UpdatePersona)
async def update_persona(command: UpdatePersona, store: Store) -> Accepted:
    """A custom persona says something else, or may call other tools."""
    return await _settle(command, store)


@service.handles(DeletePersona)
async def delete_persona(command: DeletePersona, store: Store) -> Accepted:
    """A custom persona is there no more; PERSONA_NOT_FOUND if there is none of this id."""
    return await _settle(command, store)


async def _settle(command: domain.PersonaCommand, store: Store) -> Accepted:
    key = persona_key(domain.id_of(command))

    async def attempt() -> Accepted:
        known = await store.load(key, domain.evolve)
        event = domain.decide(known.state, known.head.version, command, store.context.actor)
        if event is None:
            return Accepted(key.id, known.head.version)
        if isinstance(event, PersonaCreated):
            await _require_room(store)
        return await store.append([event], {key: known.head})

    return await store.settle(attempt)


async def _require_room(store: Store) -> None:
    names = await store.log.last_names(PersonaCreated.entity)
    there = sum(name != PersonaDeleted.names.token for name in names.values())
    if there >= MOST_PERSONAS:
        text = f"there are {MOST_PERSONAS} custom personas already, which is the most"
        raise Refused(Code.LIMIT_REACHED, text)
