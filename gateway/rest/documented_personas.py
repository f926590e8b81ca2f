"""Shapes of answers about personas."""

from gateway.rest.documented import Paged
from projections.personas.view import PersonaView


class PersonaList(Paged):
    """A page of personas: built-in ones, then custom ones by their ids."""

    items: list[PersonaView]
