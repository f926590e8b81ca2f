"""What may be silenced and for how long, and what a silence means for an alert."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.refusals import Code, Refused
from services.alerts import silencing
from tests.kit import builders
from tests.kit.samples import at

MINE, OTHER = "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"
ALERT = builders.alert()


def test_a_silence_comes_beside_what_mutes_the_alert_already() -> None:
    before = builders.silenced(silenced_by=(OTHER,)).model_copy(update={"inhibited_by": ("f",)})
    told = silencing.silenced(ALERT, before, MINE)
    assert (told.silenced_by, told.inhibited_by) == ((MINE, OTHER), ("f",))


@pytest.mark.parametrize("before", [None, builders.unsilenced()], ids=["never", "not any more"])
def test_the_first_silence_stands_alone(before: Any) -> None:
    told = silencing.silenced(ALERT, before, MINE)
    assert (told.alert, told.silenced_by, told.inhibited_by) == (ALERT, (MINE,), ())


def test_a_silence_that_is_known_is_told_once_more_and_stands_there_once() -> None:
    told = silencing.silenced(ALERT, builders.silenced(silenced_by=(MINE, OTHER)), MINE)
    assert told.silenced_by == (MINE, OTHER)


def test_after_the_only_silence_nothing_mutes_the_alert() -> None:
    before = builders.silenced(silenced_by=(MINE,))
    assert silencing.without(before, MINE) == builders.unsilenced()


def test_after_one_of_two_silences_the_other_mutes_the_alert() -> None:
    before = builders.silenced(silenced_by=(MINE, OTHER))
    assert silencing.without(before, MINE) == builders.silenced(silenced_by=(OTHER,))


def test_an_inhibited_alert_stays_so_without_its_silence() -> None:
    before = builders.silenced(silenced_by=(MINE,)).model_copy(update={"inhibited_by": ("f",)})
    told = silencing.without(before, MINE)
    assert told == before.model_copy(update={"silenced_by": ()})


@pytest.mark.parametrize(
    "before",
    [builders.silenced(silenced_by=(OTHER,)), builders.unsilenced()],
    ids=["other", "none"],
)
def test_an_alert_that_it_did_not_mute_is_let_be(before: Any) -> None:
    assert silencing.without(before, MINE) is None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("ends_at", {"ends_at": at()}),
        ("ends_at", {"ends_at": at(-1)}),
        ("ends_at", {"ends_at": at() + silencing.LONGEST + timedelta(seconds=1)}),
        ("labels", {"labels": {"alertname": "NodeUp"}}),
        ("labels", {"labels": {"alertname": "NodeDown", "rack": "7"}}),
    ],
    ids=["over at once", "over", "too long", "another's value", "no label of its"],
)
def test_what_makes_no_sense_is_refused_by_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as told:
        silencing.require(builders.silence(**changes), ALERT, at())
    assert told.value.code is Code.VALIDATION_FAILED
    assert [each["field"] for each in told.value.details["fields"]] == [field]


def test_thirty_days_and_fewer_labels_are_allowed() -> None:
    ends_at = at() + silencing.LONGEST
    wanted = builders.silence(ends_at=ends_at, labels={"severity": "critical"})
    silencing.require(wanted, ALERT, at())
