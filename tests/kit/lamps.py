"""An event of which there are two versions, as an old and a new program know it."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from contracts.catalog import EventCatalog
from contracts.envelope import Event
from contracts.subjects import NO_CLUSTER, EntityKey
from services.runtime.projections.projection import Position, Projection, Rows
from services.runtime.projections.table import Table

NAME = "LAMP_LIT"
V1, V2 = "aiops.lamp.lit.v1", "aiops.lamp.lit.v2"


class LampLit(Event):
    """A lamp shines."""

    entity: ClassVar[str] = "lamp"
    aggregate: ClassVar[bool] = False

    lamp: str
    watts: int

    @property
    def key(self) -> EntityKey:
        return EntityKey(NO_CLUSTER, "lamp", self.lamp)


class LampLitV2(Event):
    """A lamp shines, so brightly."""

    entity: ClassVar[str] = "lamp"
    aggregate: ClassVar[bool] = False
    version: ClassVar[int] = 2

    lumens: int
    lamp: str

    @property
    def key(self) -> EntityKey:
        return EntityKey(NO_CLUSTER, "lamp", self.lamp)


def _brightness(payload: dict[str, Any]) -> dict[str, Any]:
    return {"lumens": payload["watts"] * 15, "lamp": payload["lamp"]}


def _power(payload: dict[str, Any]) -> dict[str, Any]:
    return {"lamp": payload["lamp"], "watts": payload["lumens"] // 15}


OLD = EventCatalog([LampLit])
NEW = EventCatalog([LampLitV2], {V1: _brightness}, {V1: _power})
PINNED: Mapping[str, int] = {NAME: 1}
"""What `events.write_versions` says until every reader is new."""


class LampRow(NamedTuple):
    """A lamp, and what it needs."""

    lamp: str
    watts: int


class BrightRow(NamedTuple):
    """The same in the next version of the projection."""

    lamp: str
    watts: int
    lumens: int


LAMP = Table("lamp", LampRow, key=("lamp",))
BRIGHT = Table("lamp", BrightRow, key=("lamp",))


def old_projection() -> Projection:
    """As the old program has it."""
    made = Projection("lamps", version=1, tables=(LAMP,), catalog=OLD)

    @made.on(LampLit)
    def light(event: LampLit, at: Position, rows: Rows) -> None:
        rows.put(LAMP, LampRow(event.lamp, event.watts))

    return made


def new_projection() -> Projection:
    """As the new program has it: the same rows, of the new version of the event."""
    made = Projection("lamps", version=1, tables=(LAMP,), catalog=NEW)

    @made.on(LampLitV2)
    def light(event: LampLitV2, at: Position, rows: Rows) -> None:
        rows.put(LAMP, LampRow(event.lamp, event.lumens // 15))

    return made


def upgraded_projection(
    seconds: float = 0.0, table: Table = BRIGHT, broken: str = ""
) -> Projection:
    """The next version, with other rows; a fold takes so long, and fails for one lamp."""
    made = Projection("lamps", version=2, tables=(table,), catalog=NEW)

    @made.on(LampLitV2)
    def light(event: LampLitV2, at: Position, rows: Rows) -> None:
        time.sleep(seconds)
        if event.lamp == broken:
            raise ZeroDivisionError("a mistake in the new fold")
        rows.put(table, BrightRow(event.lamp, event.lumens // 15, event.lumens))

    return made
