"""Custom personas, with sensible values; part of `rca_builders`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.envelope import Command, Event
from contracts.personas import (
    CreatePersona,
    DeletePersona,
    Persona,
    PersonaCreated,
    PersonaDeleted,
    PersonaDraft,
    PersonaUpdated,
    UpdatePersona,
)


def draft(**changes: Any) -> PersonaDraft:
    values: dict[str, Any] = {
        "id": "night-shift",
        "name": "Night shift",
        "description": "What can wait until the morning.",
        "system_prompt": "Be brief. Say whom to wake.",
        "icon": "SHIELD",
        "capabilities": ("list_alerts", "list_incidents"),
    }
    return PersonaDraft.model_validate(values | changes)


def persona(**changes: Any) -> Persona:
    """Made by ada."""
    values = draft().model_dump() | {"created_by": "ada"}
    return Persona.model_validate(values | changes)


def created(**changes: Any) -> PersonaCreated:
    return PersonaCreated(persona=persona(**changes))


def updated(**changes: Any) -> PersonaUpdated:
    return PersonaUpdated(persona=persona(**changes))


def deleted(**changes: Any) -> PersonaDeleted:
    return PersonaDeleted(persona=persona(**changes))


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    PersonaCreated: created,
    PersonaUpdated: updated,
    PersonaDeleted: deleted,
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    CreatePersona: lambda: CreatePersona(persona=draft()),
    UpdatePersona: lambda: UpdatePersona(persona=draft()),
    DeletePersona: lambda: DeletePersona(persona_id="night-shift"),
}
