"""What becomes of a persona by a command, or why nothing does: pure."""

from typing import assert_never

from contracts.personas import (
    BUILT_IN,
    CreatePersona,
    DeletePersona,
    Persona,
    PersonaCreated,
    PersonaDeleted,
    PersonaDraft,
    PersonaEvent,
    PersonaUpdated,
    UpdatePersona,
)
from contracts.refusals import Code, Refused

PersonaCommand = CreatePersona | UpdatePersona | DeletePersona


def evolve(_: Persona | None, event: PersonaEvent) -> Persona | None:
    """The persona after an event; None once it is deleted."""
    match event:
        case PersonaCreated() | PersonaUpdated():
            return event.persona
        case PersonaDeleted():
            return None
        case _:
            assert_never(event)


def id_of(command: PersonaCommand) -> str:
    """The persona that a command is about."""
    return command.persona_id if isinstance(command, DeletePersona) else command.persona.id


def decide(
    now: Persona | None, version: int, command: PersonaCommand, actor: str
) -> PersonaEvent | None:
    """What happens by a command to a persona as it is ``now``; None if it is as told already.

    Refused: PERSONA_READONLY for a built-in one, PERSONA_NOT_FOUND, and VERSION_CONFLICT for one
    that is there already or is not at the expected version.
    """
    name = id_of(command)
    if name in BUILT_IN:
        text = f"{name} is built in: nobody changes it; extend it by a persona of another id"
        raise Refused(Code.PERSONA_READONLY, text)
    if isinstance(command, CreatePersona):
        if now is not None:
            raise _conflict(f"there is a persona {name} already", 0, version)
        return PersonaCreated(persona=_persona(command.persona, actor))
    if now is None:
        raise Refused(Code.PERSONA_NOT_FOUND, f"there is no persona {name}")
    if isinstance(command, DeletePersona):
        return PersonaDeleted(persona=now)
    expected = command.expected_version
    if expected is not None and expected != version:
        raise _conflict(
            f"persona {name} is at version {version}, not {expected}", expected, version
        )
    told = _persona(command.persona, now.created_by)
    return None if told == now else PersonaUpdated(persona=told)


def _persona(draft: PersonaDraft, created_by: str | None) -> Persona:
    tools = draft.capabilities
    if tools is None:
        # Written down: a tool that a later release gives to the built-in one does not come along.
        tools = BUILT_IN[draft.extends].capabilities if draft.extends else ()
    told = draft.model_dump(exclude={"capabilities"})
    return Persona(**told, capabilities=tuple(dict.fromkeys(tools)), created_by=created_by)


def _conflict(text: str, expected: int, version: int) -> Refused:
    details = {"expected_version": expected, "version": version}
    return Refused(Code.VERSION_CONFLICT, text, details)
