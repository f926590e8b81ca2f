"""Given these events, when this command, then these events or this refusal: one statement a test.

A test module says once how its domain decides (`scenario`), then speaks in events and commands:
``given(registered()).when(register()).refused(Code.CLUSTER_ALREADY_EXISTS)``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from contracts.refusals import Code, Refused

E = TypeVar("E")
C = TypeVar("C")


@dataclass(frozen=True)
class Result(Generic[E]):
    """What a decision came to."""

    outcome: tuple[E, ...] | Refused

    def then(self, *expected: E) -> None:
        """Exactly these events, and no refusal."""
        if isinstance(self.outcome, Refused):
            raise self.outcome
        assert self.outcome == expected

    def refused(self, code: Code | str, *fields: str) -> None:
        """This refusal; with ``fields``, exactly these are named in its details."""
        assert isinstance(self.outcome, Refused), f"not refused: {self.outcome}"
        assert self.outcome.code.name == (code.name if isinstance(code, Code) else code)
        if fields:
            assert tuple(item["field"] for item in self.outcome.details["fields"]) == fields


@dataclass(frozen=True)
class Given(Generic[E, C]):
    """A history, and how it is decided upon."""

    decide: Callable[[Sequence[E], C], Iterable[E]]
    events: tuple[E, ...]

    def when(self, command: C) -> Result[E]:
        """Decide on one command."""
        try:
            return Result(tuple(self.decide(self.events, command)))
        except Refused as refusal:
            return Result(refusal)


def scenario(decide: Callable[[Sequence[E], C], Iterable[E]]) -> Callable[..., Given[E, C]]:
    """The `given` of a domain that decides on a history and a command."""

    def given(*events: E) -> Given[E, C]:
        return Given(decide, events)

    return given


def _call(events: Sequence[Any], decide: Callable[[Sequence[Any]], Iterable[Any]]) -> Iterable[Any]:
    return decide(events)


given = scenario(_call)
"""For a domain with no commands: ``when`` takes a function of the history."""
