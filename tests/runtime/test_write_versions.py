"""Which version of an event is written, and that only those that are read again can be."""

import json
from typing import Any, ClassVar
from uuid import UUID

import pytest

from contracts.catalog import CATALOG, CannotWrite, EventCatalog
from contracts.envelope import Event
from contracts.subjects import NO_CLUSTER, EntityKey
from contracts.upcasts import Cast
from services.runtime.settings import InvalidSettings, load_settings
from tests.kit import builders
from tests.kit.lamps import NAME, NEW, OLD, PINNED, V1, V2, LampLit, LampLitV2

_SETTING = "AIOPS_EVENTS__WRITE_VERSIONS"


class DoorShutV3(Event):
    entity: ClassVar[str] = "door"
    version: ClassVar[int] = 3

    door: str
    hard: float
    by: str
    lock: UUID | None = None

    @property
    def key(self) -> EntityKey:
        return EntityKey(NO_CLUSTER, "door", self.door)


def _with(**more: object) -> Cast:
    def cast(payload: dict[str, Any]) -> dict[str, Any]:
        return payload | more

    return cast


def _without(*names: str) -> Cast:
    def cast(payload: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in payload.items() if name not in names}

    return cast


_UP = {
    "aiops.door.shut.v1": _with(by="nobody"),
    "aiops.door.shut.v2": _with(lock=None),
}
_DOWN = {"aiops.door.shut.v1": _without("by"), "aiops.door.shut.v2": _without("lock")}
DOORS = EventCatalog([DoorShutV3], _UP, _DOWN)
SHUT = DoorShutV3(door="Küche", hard=1e16, by="ada", lock=UUID(int=1))


def test_the_newest_version_is_written_where_nothing_is_said() -> None:
    assert DOORS.encode(SHUT) == ("aiops.door.shut.v3", SHUT.model_dump_json())
    assert CATALOG.encode(builders.fired()) == (
        builders.fired().names.type,
        builders.fired().model_dump_json(),
    )


@pytest.mark.parametrize(
    ("version", "fields"),
    [(1, {"door", "hard"}), (2, {"door", "hard", "by"}), (3, {"door", "hard", "by", "lock"})],
)
def test_the_version_that_is_named_is_written_and_read_again(
    version: int, fields: set[str]
) -> None:
    catalog = DOORS.writing({"DOOR_SHUT": version})
    event_type, body = catalog.encode(SHUT)
    assert event_type == f"aiops.door.shut.v{version}"
    assert json.loads(body).keys() == fields
    read = catalog.decode(event_type, body.encode())
    assert isinstance(read, DoorShutV3)
    assert (read.door, read.hard) == (SHUT.door, SHUT.hard)
    assert read.by == (SHUT.by if version > 1 else "nobody")
    assert read.lock == (SHUT.lock if version > 2 else None)


def test_the_catalog_that_it_was_made_of_writes_as_before() -> None:
    NEW.writing(PINNED)
    assert NEW.encode(LampLitV2(lamp="hall", lumens=60))[0] == V2


def test_an_old_version_is_to_the_byte_what_an_old_program_writes() -> None:
    """By its body a repeat by the other program is known."""
    lamp = "Küche ≤ 1"
    by_the_new = NEW.writing(PINNED).encode(LampLitV2(lamp=lamp, lumens=60))
    assert (
        by_the_new
        == OLD.encode(LampLit(lamp=lamp, watts=4))
        == OLD.writing(PINNED).encode(LampLit(lamp=lamp, watts=4))
    )
    assert by_the_new[0] == V1


@pytest.mark.parametrize(
    ("catalog", "versions", "told"),
    [
        (OLD, {NAME: 2}, f"this program writes {NAME} in version 1, not in 2"),
        (NEW, {NAME: 3}, f"this program writes {NAME} in version 1, 2, not in 3"),
        (NEW, {NAME: 0}, f"this program writes {NAME} in version 1, 2, not in 0"),
        (NEW, {NAME: -1}, f"this program writes {NAME} in version 1, 2, not in -1"),
        (NEW, {"LAMP_BROKEN": 1}, "there is no event 'LAMP_BROKEN'"),
        (NEW, {NAME: 1, "lamp_lit": 1}, "there is no event 'lamp_lit'"),
        (
            EventCatalog([DoorShutV3], _UP, {"aiops.door.shut.v2": _without("lock")}),
            {"DOOR_SHUT": 1},
            "this program writes DOOR_SHUT in version 2, 3, not in 1",
        ),
        (
            # What it could not read again it must not write either.
            EventCatalog([DoorShutV3], {"aiops.door.shut.v1": _UP["aiops.door.shut.v1"]}, _DOWN),
            {"DOOR_SHUT": 1},
            "this program writes DOOR_SHUT in version 3, not in 1",
        ),
    ],
)
def test_what_cannot_be_written_is_said(
    catalog: EventCatalog, versions: dict[str, int], told: str
) -> None:
    with pytest.raises(CannotWrite) as error:
        catalog.writing(versions)
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('{"ALERT_FIRED": 99}', ", not in 99"),
        ('{"ALERT_FIERD": 1}', "there is no event 'ALERT_FIERD'"),
        ('{"ALERT_FIRED": "new"}', "integer"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    monkeypatch.setenv(_SETTING, value)
    with pytest.raises(InvalidSettings) as error:
        load_settings()
    line = str(error.value)
    assert line.startswith(_SETTING)
    assert told in line
    assert "\n" not in line


def test_every_event_can_be_named_in_the_version_that_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So a setting may stay as it is until every program is new."""
    newest = {event.names.public: event.version for event in builders.EVENTS}
    monkeypatch.setenv(_SETTING, json.dumps(newest))
    assert load_settings().events.write_versions == newest
