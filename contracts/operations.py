"""Operations of the platform itself: commands that operators give, and that they were done."""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import Command, Event
from contracts.subjects import NO_CLUSTER, EntityKey


class RebuildProjection(Command):
    """Build a projection anew from the log beside the live one, then switch."""

    area: ClassVar[str] = "projections"

    name: str


class RetryDeadLetter(Command):
    """Publish a dead letter again on its original subject."""

    area: ClassVar[str] = "dead_letters"

    sequence: int


class DropDeadLetter(Command):
    """Give a dead letter up: it is not listed any more, and its body is gone."""

    area: ClassVar[str] = "dead_letters"

    sequence: int


class ProjectionRebuildStarted(Event):
    """Somebody has had a projection built anew."""

    entity: ClassVar[str] = "projection"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    name: str

    @property
    def key(self) -> EntityKey:
        """The projection."""
        return EntityKey(NO_CLUSTER, "projection", self.name)


class _LetterFact(Event):
    entity: ClassVar[str] = "dead_letter"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    sequence: Annotated[int, Field(ge=1)]
    """Among the dead letters."""

    @property
    def key(self) -> EntityKey:
        """The dead letter."""
        return EntityKey(NO_CLUSTER, "dead_letter", str(self.sequence))


class DeadLetterRetried(_LetterFact):
    """Somebody has had a dead letter published again."""


class DeadLetterDropped(_LetterFact):
    """Somebody has given a dead letter up."""


OperationEvent = ProjectionRebuildStarted | DeadLetterRetried | DeadLetterDropped
