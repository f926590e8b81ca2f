"""Folds personas into rows."""

from contracts.personas import PersonaCreated, PersonaDeleted, PersonaUpdated
from contracts.subjects import parse
from projections.personas.view import PERSONA, PersonaRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("personas", version=1, tables=(PERSONA,))


@projection.on(PersonaCreated)
def created(event: PersonaCreated, at: Position, rows: Rows) -> None:
    """There is a custom persona."""
    rows.put(PERSONA, _row(event, at))


@projection.on(PersonaUpdated)
def updated(event: PersonaUpdated, at: Position, rows: Rows) -> None:
    """It says something else."""
    rows.put(PERSONA, _row(event, at))


@projection.on(PersonaDeleted)
def deleted(event: PersonaDeleted, at: Position, rows: Rows) -> None:
    """It is there no more."""
    del at
    rows.delete(PERSONA, (event.persona.id,))


def _row(event: PersonaCreated | PersonaUpdated, at: Position) -> PersonaRow:
    return PersonaRow(
        id=event.persona.id,
        told=event.persona.model_dump(mode="json"),
        version=parse(at.delivery.subject).version or 0,
        changed_at=at.logged_at,
        changed_by=at.delivery.headers["ce-actor"],
    )
