"""Whether an analysis bears out the cause that a text may name: decided by code, not by a model."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

Json = Mapping[str, Any]

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n")
_OF_A_CAUSE = re.compile(r"\b(caus(e[sd]?|ing)|because|due to|root)\b", re.IGNORECASE)
_SLASHED = re.compile(r"(?<![\w.-])[\w.-]*+(?:/[\w.-]*\w)+")


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

    Words are not understood here, so it is True when in doubt. False needs a cause that is known,
    whose whole name is in the first sentence that speaks of a cause; and no other place may be
    named in such a sentence.
    """
    place = _place(first_cause(facts))
    if not is_borne_out(facts) or "/" not in place:
        return True
    told = [each.lower() for each in _SENTENCES.split(text) if _OF_A_CAUSE.search(each)]
    others = {each.rpartition("/")[2] for each in _places(facts)} - {*place.split("/")}
    if not told or not _names(told[0], {place.rpartition("/")[2]}):
        return True
    said = "\n".join(told)
    slashed = _SLASHED.findall(said)
    return _names(said, others) or any(not f"/{place}".endswith(f"/{each}") for each in slashed)


def _names(text: str, names: Collection[str]) -> bool:
    """Whether a whole name is in it: ``worker-3`` is neither in worker-30 nor in my-worker-3."""
    some = "|".join(re.escape(each) for each in names if each)
    return bool(some) and re.search(rf"(?<![\w.-])(?:{some})(?![\w-]|\.\w)", text) is not None


def _places(facts: Json) -> Iterator[str]:
    """Of all that the facts tell of: those with a kind, such as ``node/worker-3``."""
    analysis = part(facts, "analysis")
    told: list[object] = [_place(each) for each in parts(analysis, "causes")]
    told += [_place(each) for each in parts(analysis, "timeline")]
    for signal in parts(facts, "signals"):
        where: object = signal.get("where")
        told += cast("list[object]", where) if isinstance(where, list) else []
    yield from (str(each).lower() for each in told if "/" in str(each))


def _place(told: Json) -> str:
    return str(part(told, "entity").get("place", "")).lower()
