"""The row of a custom persona, and a persona as people see it."""

from datetime import datetime
from typing import NamedTuple

from contracts.envelope import Timestamp
from contracts.personas import Persona
from services.runtime.projections.table import Table


class PersonaRow(NamedTuple):
    """A custom persona that there is."""

    id: str
    told: dict[str, object]
    """A `Persona`."""
    version: int
    changed_at: datetime
    """By the log."""
    changed_by: str


class PersonaView(Persona):
    """A persona, and since when it is like this; of a built-in one that is null."""

    version: int | None
    changed_at: Timestamp | None
    changed_by: str | None


class PersonaDetail(PersonaView):
    """One persona, with all that an assistant is told which speaks as it."""

    instructions: str
    """Of a custom one: those of the built-in one that it extends, or else the rules for all, and
    then its own."""


PERSONA = Table("persona", PersonaRow, key=("id",), history=True)
