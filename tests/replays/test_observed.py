"""What is seen of a scene: what went on, where an analysis looks; nothing of what is hidden."""

import random
from collections import Counter

import pytest

from contracts.clusters import Checked
from services.rca.live.probes import PROBES
from tests.kit.storm_fleet import place
from tests.replays.judged import Judged, judged
from tests.replays.observed import concealed, observed

_PROBED = {each.name for each in PROBES}


@pytest.fixture(scope="module")
def incidents() -> list[Judged]:
    return judged([7])


def test_metrics_tell_what_is_asked_of_them(incidents: list[Judged]) -> None:
    told = [seen for each in incidents for seen in each.live.seen]
    assert {one.name for one in told if one.backend is Checked.PROMETHEUS} <= _PROBED
    assert Counter(one.backend for one in told).keys() == {
        Checked.PROMETHEUS,
        Checked.LOKI,
        Checked.TEMPO,
    }


def test_it_was_seen_in_the_time_that_was_asked_for(incidents: list[Judged]) -> None:
    for each in incidents:
        for seen in each.live.seen:
            assert seen.start <= seen.since <= seen.end


def test_not_every_cluster_keeps_traces_and_one_that_is_away_shows_nothing(
    incidents: list[Judged],
) -> None:
    with_calls = sum(bool(each.live.calls) for each in incidents)
    assert 0 < with_calls < len(incidents)
    away = {each.kind: each.live for each in incidents}
    assert not away["cluster offline"].seen
    names = {one.backend for one in away["prometheus away"].seen}
    assert Checked.PROMETHEUS not in names
    assert not away["prometheus away"].placed


def test_of_what_is_hidden_nothing_is_seen(incidents: list[Judged]) -> None:
    hidden = 0
    for each in incidents:
        left = concealed(each.live, each.scene).seen
        assert all(each.scene.right.isdisjoint(one.where) for one in left)
        hidden += len(each.live.seen) - len(left)
    assert hidden > len(incidents)


def test_somebody_rolls_out_what_has_nothing_to_do_with_it(incidents: list[Judged]) -> None:
    changes = [
        (each, seen)
        for each in incidents
        for seen in each.live.seen
        if seen.name in ("ROLLOUT_BEGAN", "CONFIG_CHANGED")
    ]
    assert any(each.scene.right.isdisjoint(seen.where) for each, seen in changes)
    assert any(not each.scene.right.isdisjoint(seen.where) for each, seen in changes)


def test_the_same_is_seen_again() -> None:
    one, other = judged([3])[:5], judged([3])[:5]
    assert [each.live for each in one] == [each.live for each in other]


def test_nothing_is_seen_where_nothing_is_told(incidents: list[Judged]) -> None:
    first = incidents[0]
    away = [
        signal.model_copy(update={"cluster_id": first.signals[0].id}) for signal in first.signals
    ]
    at = place(random.Random(1), 1)
    assert not observed(first.scene, at, away, random.Random(1)).seen
