"""Whether an analysis bears out the cause that a text may name: decided by code, not by a model."""

from collections.abc import Mapping
from typing import Any, cast

Json = Mapping[str, Any]


def part(told: object, name: str) -> Json:
    """A field that is an object; an empty one for any other."""
    found: object = cast("Json", told).get(name) if isinstance(told, Mapping) else None
    return cast("Json", found) if isinstance(found, Mapping) else {}


def parts(told: object, name: str) -> list[Json]:
    """The objects of a field that is a list."""
    found: object = cast("Json", told).get(name) if isinstance(told, Mapping) else None
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Json", each) for each in listed if isinstance(each, Mapping)]


def first_cause(facts: Json) -> Json:
    """The first cause of the analysis that is among the facts; empty for none."""
    causes = parts(part(facts, "analysis"), "causes")
    return causes[0] if causes else {}


def is_borne_out(facts: Json) -> bool:
    """Whether the analysis knows the cause."""
    return part(facts, "analysis").get("is_known") is True and bool(first_cause(facts))


def may_be_guessed(facts: Json, text: str) -> bool:
    """Whether a model's text may name a cause that the analysis does not know, or another one.

    What a text says is not understood here: one is taken to name a cause, and the right one if the
    entity that the analysis knows is in it, and is named before any other candidate.
    """
    if not is_borne_out(facts):
        return True
    names = [_name(each) for each in parts(part(facts, "analysis"), "causes")]
    lowered = text.lower()
    places = [lowered.find(each) if each else -1 for each in names]
    return places[0] < 0 or any(0 <= each < places[0] for each in places[1:])


def _name(cause: Json) -> str:
    """The last word of the place, such as ``worker-3`` of ``node/worker-3``."""
    return str(part(cause, "entity").get("place", "")).rpartition("/")[2].lower()
