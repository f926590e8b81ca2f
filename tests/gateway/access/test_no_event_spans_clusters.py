"""Who may see a cluster sees its events whole: so an event of a cluster must tell of no other.

An event over several clusters is of none, says by `spans` that it is one, and takes out by `only`
what is of others (`test_redaction`).
"""

from collections.abc import Generator, Mapping
from typing import Any, cast, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel

from contracts.catalog import EVENTS, MEASURED
from contracts.envelope import Event, Message
from contracts.subjects import NO_CLUSTER
from services.runtime.ids import new_id
from tests.kit import builders
from tests.kit.anomaly_builders import metric_update
from tests.kit.gpu_builders import cnf_update, gpu_update

_OWN = {"cluster_id"}
"""The field that says which cluster a message is of; its builder makes it that of the subject."""
_ABOUT_THE_CLUSTER = {"cluster", "cluster_type"}
"""Of the cluster itself: its registration."""


def _messages(kind: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """A message and all that can be in it."""
    if kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            for part in _parts(field.annotation):
                _messages(part, seen)
    return seen


def _parts(annotation: Any) -> Generator[type[BaseModel]]:
    kind: Any = annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for each in get_args(annotation):
        yield from _parts(each)


def _names(kind: type[BaseModel]) -> set[str]:
    """Fields of a message that speak of clusters, beside those that say which one is its own."""
    fields = {name for each in _messages(kind, set()) for name in each.model_fields}
    return {name for name in fields if "cluster" in name} - _OWN - _ABOUT_THE_CLUSTER


def _of_a_cluster() -> list[type[Event]]:
    made = {kind: builders.EVENTS[kind]() for kind in EVENTS}
    return [kind for kind, event in made.items() if event.key.cluster != NO_CLUSTER]


@pytest.mark.parametrize("event", _of_a_cluster(), ids=lambda event: event.__name__)
def test_an_event_of_a_cluster_has_no_field_for_another(event: type[Event]) -> None:
    assert _names(event) == set()


@pytest.mark.parametrize("measured", MEASURED.values(), ids=lambda each: each.public)
def test_a_measurement_has_no_field_for_another_cluster(measured: Any) -> None:
    assert _names(measured.message) == set()


@pytest.mark.parametrize("event", _of_a_cluster(), ids=lambda event: event.__name__)
def test_the_cluster_that_it_names_is_that_of_its_subject(event: type[Event]) -> None:
    """Whoever reads the payload and whoever reads the subject think of the same cluster."""
    made = builders.EVENTS[event]()
    assert set(_cluster_ids(made.model_dump())) <= {UUID(made.key.cluster)}


@pytest.mark.parametrize(
    "message", [cnf_update(), gpu_update(), metric_update()], ids=lambda each: type(each).__name__
)
def test_a_measurement_names_one_cluster(message: Message) -> None:
    assert len(set(_cluster_ids(message.model_dump()))) == 1


def _cluster_ids(value: Any) -> Generator[UUID]:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if fields.get("cluster_id") is not None:
            yield UUID(str(fields["cluster_id"]))
        inside = list(fields.values())
    else:
        inside = cast("list[Any]", value) if isinstance(value, (list, tuple)) else []
    for each in inside:
        yield from _cluster_ids(each)


def test_a_field_for_another_cluster_would_be_seen() -> None:
    class Place(Message):
        other_cluster: UUID

    class Spread(Message):
        cluster_id: UUID
        places: tuple[Place, ...] = ()

    assert _names(Spread) == {"other_cluster"}
    spread = Spread(cluster_id=new_id(), places=(Place(other_cluster=new_id()),))
    assert len(list(_cluster_ids({"a": [spread.model_dump()]}))) == 1
