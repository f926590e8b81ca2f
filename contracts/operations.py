"""Operations of the platform itself: commands that operators give."""

from typing import ClassVar

from contracts.envelope import Command


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
