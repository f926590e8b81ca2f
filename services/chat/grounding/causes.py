"""Whether a sentence names a cause that no analysis knows. Pure.

Words are not understood here, so it is a hypothesis when in doubt.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from contracts.chat import ToolStatus
from services.chat.steps import Answered

_FROM = (
    r"(?:result(?:s|ed|ing)? (?:of|from)|stem(?:s|med)? from|originat(?:es|ed|ing) (?:in|from|at))"
)
_STATES = re.compile(
    r"\b(?:caus(?:e[sd]?|ing)|because|due to|owing to|led to|leads to|leading to|triggered|culprit"
    rf"|responsible for|result(?:s|ed|ing)? in|{_FROM}|the reason|brought (?:it |them )?down"
    r"|to blame|hypothes[ie]s|best guess|suspect(?:ed)?|(?:most )?likely (?:the|a|an|from)"
    r"|probably|traced (?:back )?to)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:cause|reason)s?(?: of [^.:;]{0,80}?)?\W{0,6}(?:(?:is|are|was|were|remains?) )?"
    r"(?:still |yet )?(?:unknown|unclear"
    r"|not(?: yet)? (?:known|clear|found|determined|looked for|named|established))"
    r"|\b(?:no|not (?:a|any)|without(?: a)?|unknown) (?:root )?cause\b|\bno tool for\b"
    r"|\bnot (?:known|clear|possible|enough)\b.{0,60}\bcaus"
    r"|\b(?:only|ask|call|run|calls?|asking)\b.{0,60}\b(?:analysis|analy[sz]e_root_cause)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"\b(?:caused by|because(?: of)?|due to|owing to|triggered by|{_FROM}|traced (?:back )?to"
    r"|(?:root )?cause(?: of [^:.]{0,120}?)? (?:is|was)|(?:root )?cause\W{0,6}:|culprit (?:is|was)"
    r"|reason (?:is|was))",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:(?:has |have )?caused(?! by)|causes|causing|led to|leads to|leading to|triggered(?! by)"
    r"|resulted in|results in|responsible for|brought (?:it |them )?down"
    r"|(?:is|was) (?:the |a |its |their )?(?:root )?(?:cause|culprit|reason))\b",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:hypothes[ie]s|best guess|suspect(?:ed)?|likely|probably|maybe|perhaps)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class Causes:
    """What analyses say of causes."""

    known: frozenset[str]
    """Names of what is known to be a cause, in small letters: ``worker-3``."""
    others: frozenset[str]
    """Names of everything else that they speak of."""
    paths: tuple[str, ...] = ()
    """What is known to be a cause with where it is: ``workload/shop/cart``, ``shop/cart``."""


def causes(answers: Iterable[Answered]) -> Causes:
    """From the answers of analyze_root_cause."""
    known, places, paths = set[str](), set[str](), set[str]()
    for each in answers:
        is_told = each.status is ToolStatus.SUCCESS and each.answer is not None
        if each.tool != "analyze_root_cause" or not is_told or each.answer is None:
            continue
        data: object = each.answer.data
        found = _parts(data, "causes")
        mine = [_place(one) for one in found[:1] if _is_known(data)]
        known |= {word for one in mine for word in _words(one)}
        paths |= {path for one in mine for path in (one, one.partition("/")[2]) if "/" in path}
        rest = (_place(one) for name in ("causes", "timeline") for one in _parts(data, name))
        places |= {one.rpartition("/")[2] for one in rest if one}
    longest_first = sorted(paths, key=lambda each: (-len(each), each))
    return Causes(frozenset(known), frozenset(places - known), tuple(longest_first))


def is_hypothesis(text: str, found: Causes) -> bool:
    """Whether a sentence names a cause, and it is not one that is known, or another one, too."""
    # What somebody else has written is quoted as code, and may speak of causes as it likes.
    plain = _QUOTED.sub(lambda quote: "x" * len(quote[0]), text)
    if not _STATES.search(plain) or plain.rstrip().endswith("?"):
        return False
    if _GUESS.search(plain):
        return True
    side = text[slice(*_cause_side(plain))].lower()
    if _DENIES.search(plain):
        return False
    return not _names(side, found.known) or _names(_beside(side, found.paths), found.others)


def _beside(text: str, paths: Sequence[str]) -> str:
    """A text without whole places: where a cause is may be called as what suffers from it is."""
    some = "|".join(map(re.escape, paths))
    return re.sub(rf"(?<![\w.-])(?:{some})(?![\w/-]|\.\w)", " ", text) if some else text


def _cause_side(text: str) -> tuple[int, int]:
    """The half of a sentence that the cause stands in: from where to where."""
    after, before = _AFTER.search(text), _BEFORE.search(text)
    if after is not None:
        return after.end(), len(text)
    return 0, len(text) if before is None else before.start()


def _names(text: str, names: Collection[str]) -> bool:
    """Whether a whole name is in it: ``worker-3`` is neither in worker-30 nor in my-worker-3."""
    some = "|".join(re.escape(each) for each in names if each)
    return bool(some) and re.search(rf"(?<![\w.-])(?:{some})(?![\w-]|\.\w)", text) is not None


def _words(place: str) -> Iterator[str]:
    """The name at the end; the whole where that is all there is."""
    name = place.rpartition("/")[2]
    if name:
        yield name


def _is_known(told: object) -> bool:
    return isinstance(told, Mapping) and cast("Mapping[str, Any]", told).get("is_known") is True


def _parts(told: object, name: str) -> list[Mapping[str, Any]]:
    value: object = cast("Mapping[str, Any]", told).get(name) if isinstance(told, Mapping) else None
    listed = cast("Sequence[object]", value) if isinstance(value, list) else ()
    return [cast("Mapping[str, Any]", each) for each in listed if isinstance(each, Mapping)]


def _place(told: Mapping[str, Any]) -> str:
    entity: object = told.get("entity")
    if not isinstance(entity, Mapping):
        return ""
    place: object = cast("Mapping[str, Any]", entity).get("place")
    return place.lower() if isinstance(place, str) else ""
