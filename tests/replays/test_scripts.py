"""Scripts of incidents say what their cause is, tell of it, and can keep silent about it."""

import random

import pytest

from services.incidents.correlating.signals import Begun, changes
from tests.kit.storm_fleet import Place, place
from tests.replays.scripts import LATEST, SCRIPTS, Scene, hidden, recorded
from tests.replays.words import CLUSTER, words_of

SEEDS = (0, 1, 2)


def _place(seed: int) -> Place:
    return place(random.Random(seed), seed + 1)


def _scene(kind: str, seed: int) -> Scene:
    return SCRIPTS[kind](random.Random(f"{kind}/{seed}"), _place(seed))


def _told(scene: Scene) -> set[str]:
    """The words of place of all its signals, and `CLUSTER` if one has none."""
    found = [
        one.signal
        for event in recorded(scene, random.Random(0))
        for one in changes(event)
        if isinstance(one, Begun)
    ]
    assert len(found) == len(scene.symptoms)
    return {word for one in found for word in one.where or (CLUSTER,)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", SCRIPTS)
class TestAScene:
    def test_tells_of_its_cause(self, kind: str, seed: int) -> None:
        scene = _scene(kind, seed)
        assert scene.right & _told(scene)
        assert scene.tells

    def test_is_of_a_size_that_people_meet(self, kind: str, seed: int) -> None:
        scene = _scene(kind, seed)
        assert 4 <= len(scene.symptoms) <= 60
        assert 1 <= sum(one.cause == "noise" for one in scene.symptoms) <= 3
        times = [one.after for one in scene.symptoms]
        assert times == sorted(times)
        assert times[0] == 0

    def test_tells_each_alert_once(self, kind: str, seed: int) -> None:
        alerts = [one for one in _scene(kind, seed).symptoms if one.event is None]
        assert len({(one.name, *sorted(one.labels.items())) for one in alerts}) == len(alerts)

    def test_has_bystanders_that_are_never_about_the_cause(self, kind: str, seed: int) -> None:
        scene = _scene(kind, seed)
        noise = [one for one in scene.symptoms if one.cause == "noise"]
        assert all(words_of(one).isdisjoint(scene.right) for one in noise)

    def test_keeps_silent_about_its_cause_when_that_is_hidden(self, kind: str, seed: int) -> None:
        scene = _scene(kind, seed)
        secret = hidden(scene)
        assert scene.right.isdisjoint(_told(secret))
        assert any(one.cause == scene.cause for one in secret.symptoms)
        assert (secret.cause, secret.also) == (scene.cause, scene.also)

    def test_is_the_same_for_the_same_seed(self, kind: str, seed: int) -> None:
        assert _scene(kind, seed) == _scene(kind, seed)


def test_there_are_many_kinds_of_causes() -> None:
    assert len(SCRIPTS) >= 36


def test_a_consequence_is_often_told_before_its_cause() -> None:
    assert sum(_misleads(kind) for kind in SCRIPTS) >= len(SCRIPTS) / 3


def _misleads(kind: str) -> bool:
    """Whether in most of its scenes a consequence began first."""
    scenes = [_scene(kind, seed) for seed in SEEDS]
    first = [next(one for one in scene.symptoms if one.cause == scene.cause) for scene in scenes]
    return sum(not one.leading for one in first) >= 2


def test_events_are_told_at_once_and_alerts_late() -> None:
    scene = _scene("gpu off the bus", 0)
    told = recorded(scene, random.Random(7), sequence=11)
    assert [one.sequence for one in told] == list(range(11, 11 + len(scene.symptoms)))
    assert [one.time for one in told] == sorted(one.time for one in told)
    began = {
        begun.signal.name: (one.time - begun.signal.started_at).total_seconds()
        for one in told
        for begun in changes(one)
        if isinstance(begun, Begun)
    }
    assert began["GPU_GONE"] == 0
    assert all(0 <= late <= LATEST for late in began.values())
    assert any(late > 0 for late in began.values())


def test_a_hidden_gpu_leaves_the_training_that_failed() -> None:
    scene = hidden(_scene("gpu xid error", 1))
    assert {one.name for one in scene.symptoms} >= {"TrainingThroughputLow"}
