"""How a payload of one version of an event becomes one of the next, and the other way round.

A published event is never edited: a new shape is a new version of the class and an entry in each
of these. Keys are ``ce-type`` of the older version of the two; a function gets the decoded payload
and gives that of the other version. They are applied one after the other.
"""

from collections.abc import Callable, Mapping
from typing import Any

Cast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Mapping[str, Cast] = {}
"""To the next version: on read, for ever, as what is in the log stays there."""
DOWNCASTS: Mapping[str, Cast] = {}
"""To the version before: on write, while ``events.write_versions`` names it, for programs that know
no newer one. Fields come in the order of the older class, as a repeat is known by its body.
"""
