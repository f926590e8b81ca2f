"""A claim is a fact only if each event it cites exists, is about the entity, and came first."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.rca.reasoning.claims import Claim, checked
from services.rca.reasoning.places import Entity
from tests.services.rca.reasoning.telling_signals import CLUSTER, signal

NODE, POD = Entity(CLUSTER, "node/worker-3"), Entity(CLUSTER, "pod/shop/cart-1")
CART = Entity(CLUSTER, "workload/shop/cart")
LOG = {
    1: signal(1, "KubeNodeNotReady", "node/worker-3", after=10),
    2: signal(2, "KubePodNotReady", "pod/shop/cart-1", after=20),
    3: signal(3, "KubePodNotReady", "pod/shop/cart-2", after=0),
    4: signal(4, "GPU_GONE", "gpu/GPU-1", after=5),
    5: signal(5, "KubeNodeNotReady", "node/worker-5", after=15),
}
GOOD = Claim(NODE, "it may have led to that", (1,), (2,), POD)


def test_what_the_log_bears_out_is_a_fact() -> None:
    assert checked(GOOD, LOG).is_fact
    assert checked(replace(GOOD, effects=()), LOG).is_fact


@pytest.mark.parametrize(
    "claim",
    [
        replace(GOOD, sequences=(7,)),
        replace(GOOD, sequences=()),
        replace(GOOD, effects=(7,)),
        replace(GOOD, effects=(3,), affected=Entity(CLUSTER, "pod/shop/cart-2")),
        replace(GOOD, effects=(4,)),
        replace(GOOD, effects=(2, 4)),
        replace(GOOD, affected=Entity(UUID(int=5), POD.word)),
        replace(GOOD, affected=None),
        replace(GOOD, entity=Entity(CLUSTER, "node/worker-5"), sequences=(5,)),
        replace(GOOD, sequences=(2,)),
        replace(GOOD, sequences=(1, 2)),
        replace(GOOD, entity=Entity(CLUSTER, "node/worker-4")),
        replace(GOOD, is_fact=True, sequences=(7,)),
    ],
    ids=[
        "an event that is not there",
        "no event",
        "an effect that is not there",
        "an effect that was there before",
        "an effect of something else",
        "one of two effects of something else",
        "an effect in another cluster",
        "effects of nothing",
        "an effect that began later by its clock, and was logged before",
        "an event about something else",
        "one of two events about something else",
        "another entity",
        "a claim that calls itself a fact",
    ],
)
def test_everything_else_is_a_hypothesis(claim: Claim) -> None:
    assert not checked(claim, LOG).is_fact


def test_a_part_speaks_for_the_whole() -> None:
    claim = replace(GOOD, sequences=(4,))
    assert not checked(claim, LOG).is_fact
    assert checked(replace(claim, effects=()), LOG, {NODE: {Entity(CLUSTER, "gpu/GPU-1")}}).is_fact


def test_parts_of_what_is_affected_are_meant_with_it_and_parts_of_something_else_are_not() -> None:
    claim = replace(GOOD, affected=CART)
    assert not checked(claim, LOG).is_fact
    assert checked(claim, LOG, {CART: {POD}}).is_fact
    assert not checked(claim, LOG, {NODE: {POD}}).is_fact
