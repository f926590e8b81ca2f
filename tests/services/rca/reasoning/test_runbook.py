"""Steps for people: they fit the cause, and nothing of a label gets into a shell."""

import pytest

from services.rca.reasoning.knowledge import Class
from services.rca.reasoning.places import Entity
from services.rca.reasoning.runbook import actions
from tests.services.rca.reasoning.telling_signals import CLUSTER


def commands(kind: Class, word: str) -> list[str]:
    return [each.command for each in actions(kind, Entity(CLUSTER, word)) if each.command]


def test_they_name_what_is_at_fault() -> None:
    assert "oc describe node worker-3" in commands(Class.NODE, "node/worker-3")
    assert "oc describe resourcequota,limitrange -n shop" in commands(Class.QUOTA, "namespace/shop")


@pytest.mark.parametrize(
    "word",
    ["node/x; rm -rf ~", "node/$(id)", "node/`id`", "node/a b", "node/", "node/" + "a" * 300],
)
def test_what_is_no_name_is_in_no_command(word: str) -> None:
    assert commands(Class.NODE, word) == []
    assert actions(Class.NODE, Entity(CLUSTER, word))


def test_a_place_that_is_not_known_is_left_out() -> None:
    assert commands(Class.QUOTA, "cluster") == []


@pytest.mark.parametrize("kind", Class)
def test_every_kind_has_an_answer(kind: Class) -> None:
    for word in ("cluster", "node/worker-3", "workload/shop/cart", "operator/dns"):
        for step in actions(kind, Entity(CLUSTER, word)):
            assert step.text
            assert "{" not in step.command
