"""Bodies of answers: checked as far as their outline, and passed on as they came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Told
from services.runtime.backends import faults

T = TypeVar("T")

_SPARE = 10_000
_MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A checked answer."""

    data: bytes | memoryview = field(repr=False)
    """JSON that is sent on."""
    count: int
    kind: str = ""
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


def read(which: Checked, body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """A body as this type; Refused if it is anything else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError):
        raise faults.broken(which) from None


def require_text(which: Checked, body: bytes) -> None:
    """Refused if a body is no UTF-8: what is passed on unread would be read by nobody else."""
    if body.isascii():
        return
    try:
        body.decode()
    except UnicodeDecodeError:
        raise faults.broken(which, "it is no UTF-8") from None


def require_few(which: Checked, data: bytes, mark: bytes, most: int) -> None:
    """Refused if so many things stand in it, each with its mark, that nobody should read it."""
    count = data.count(mark)
    if count > 3 * most + _SPARE:
        raise too_many(which, count, most)


def too_many(which: Checked, count: int, most: int) -> Refused:
    """What is said of an answer with more in it than is wanted."""
    text = f"{faults.SPOKEN[which]}: the answer has {count} parts; {most} are allowed"
    return Refused(Code.LIMIT_REACHED, f"{text}: ask for fewer, or for a shorter time")


def warned(warnings: list[str] | None) -> tuple[str, ...]:
    """A backend's warnings as they may be shown."""
    return tuple(faults.cleaned(each) for each in (warnings or ())[:_MOST_WARNINGS])


def told(found: Found, seconds: float) -> Mapping[str, Any]:
    """What is said of an answer as a whole."""
    whole = Told(
        kind=found.kind,
        count=found.count,
        warnings=found.warnings,
        infos=found.infos,
        took_ms=round(seconds * 1000, 1),
    )
    return whole.model_dump(mode="json")
