"""Old versions are read as new ones; a version from the future stops its reader."""

import json
from typing import Any, ClassVar

import pytest

from contracts.catalog import EventCatalog, UnknownEvent
from contracts.envelope import Event
from contracts.subjects import NO_CLUSTER, EntityKey


class LampLitV3(Event):
    entity: ClassVar[str] = "lamp"
    version: ClassVar[int] = 3

    lamp: str
    lumens: int
    colour: str

    @property
    def key(self) -> EntityKey:
        return EntityKey(NO_CLUSTER, "lamp", self.lamp)


def brightness_in_lumens(payload: dict[str, Any]) -> dict[str, Any]:
    return {"lamp": payload["lamp"], "lumens": payload["watts"] * 15}


def with_colour(payload: dict[str, Any]) -> dict[str, Any]:
    return payload | {"colour": "white"}


CATALOG = EventCatalog(
    [LampLitV3],
    {"aiops.lamp.lit.v1": brightness_in_lumens, "aiops.lamp.lit.v2": with_colour},
)


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("aiops.lamp.lit.v1", {"lamp": "hall", "watts": 4}),
        ("aiops.lamp.lit.v2", {"lamp": "hall", "lumens": 60}),
        ("aiops.lamp.lit.v3", {"lamp": "hall", "lumens": 60, "colour": "white"}),
    ],
)
def test_every_version_is_read_as_the_newest(event_type: str, payload: dict[str, Any]) -> None:
    event = CATALOG.decode(event_type, json.dumps(payload).encode())
    assert event == LampLitV3(lamp="hall", lumens=60, colour="white")


@pytest.mark.parametrize("event_type", ["aiops.lamp.lit.v4", "aiops.lamp.broken.v1", "lit"])
def test_an_unknown_version_or_type_stops_its_reader(event_type: str) -> None:
    with pytest.raises(UnknownEvent, match=event_type):
        CATALOG.decode(event_type, b'{"lamp": "hall"}')


def test_a_missing_step_between_two_versions_is_unknown_not_guessed() -> None:
    catalog = EventCatalog([LampLitV3], {"aiops.lamp.lit.v1": brightness_in_lumens})
    with pytest.raises(UnknownEvent, match=r"aiops\.lamp\.lit\.v2"):
        catalog.decode("aiops.lamp.lit.v1", b'{"lamp": "hall", "watts": 4}')


def test_the_version_is_no_part_of_the_public_name() -> None:
    assert LampLitV3.names.public == "LAMP_LIT"
    assert CATALOG.public_name("aiops.lamp.lit.v3") == "LAMP_LIT"
    assert CATALOG.public_name("aiops.lamp.lit.v9") == "LAMP_LIT"
