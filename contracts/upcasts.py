"""How a payload of an old event version becomes one of the next version.

A published event is never edited: a new shape is a new version of the class and one entry here.
Keys are ``ce-type`` of the old version; the function gets the decoded payload and returns that of
the next version. They are applied on read, one after the other.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: Mapping[str, Upcast] = {}
