"""What was seen live, in the reasoning: beside signals, but no event of the log tells it."""

import random
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.incidents import Signal
from contracts.rca_seen import RELATED, RcaCall, RcaLive, RcaPlaced, RcaSeen
from services.rca.reasoning import Finding, analyse
from services.rca.reasoning.claims import Claim, checked
from services.rca.reasoning.places import Entity
from services.rca.reasoning.seen import calls, number_of, observations
from tests.kit.samples import at
from tests.services.rca.reasoning.telling_signals import CLUSTER, node_down, pod, signal

ELSEWHERE = UUID("0199c0de-0000-7000-8000-0000000000c2")
WEB, CART, STORE, OTHER = (f"workload/shop/{each}" for each in ("web", "cart", "store", "other"))


def seen(
    name: str, *where: str, began: float | None = None, severity: Severity = Severity.WARNING
) -> RcaSeen:
    """Seen in a look that goes from a minute before the start to ten after it."""
    return RcaSeen(
        cluster_id=CLUSTER,
        backend=Checked.TEMPO,
        name=name,
        severity=severity,
        where=where,
        text=f"{name} as numbers tell it",
        query="{ }",
        start=at(-60),
        end=at(600),
        began_at=None if began is None else at(began),
    )


def call(caller: str, callee: str, cluster: UUID = CLUSTER) -> RcaCall:
    return RcaCall(cluster_id=cluster, caller=caller, callee=callee)


def chain(*workloads: str) -> tuple[RcaCall, ...]:
    """Each calls the next one."""
    return tuple(call(caller, callee) for caller, callee in pairwise(workloads))


def entity(word: str, cluster: UUID = CLUSTER) -> Entity:
    return Entity(cluster, word)


def errors(number: int, of: str, after: float = 60.0) -> Signal:
    """An alert of the errors of a workload's service."""
    service = of.replace("workload/", "service/")
    return signal(number, "HighErrorRate", service, of, "namespace/shop", after=after)


def cause(finding: Finding) -> str | None:
    return None if finding.cause is None else finding.cause.entity.word


def test_observations_are_numbered_below_zero_and_back() -> None:
    live = RcaLive(seen=(seen("LOG_DNS", CART), seen("CRASH_LOOPS", STORE, began=5)))
    one, two = observations(live)
    assert (one.sequence, two.sequence) == (-1, -2)
    for number, each in enumerate((one, two)):
        assert number_of(each.sequence) == number
        assert live.seen[number].name == each.name
    assert number_of(1) is None


def test_an_observation_is_like_a_signal() -> None:
    undated, dated = observations(
        RcaLive(seen=(seen("LOG_DNS", CART), seen("CRASH_LOOPS", "pod/shop/s-1", STORE, began=5)))
    )
    assert (dated.started_at, dated.is_dated) == (at(5), True)
    assert (undated.started_at, undated.is_dated) == (at(-60), False)
    assert (dated.where, dated.severity) == (("pod/shop/s-1", STORE), Severity.WARNING)
    assert dated.text == "CRASH_LOOPS as numbers tell it"
    assert len({undated.id, dated.id}) == 2


def claim_of(
    first: RcaSeen, second: Signal | RcaSeen, *, reverse: bool = False
) -> tuple[Claim, dict[int, Signal]]:
    """That the one led to the other."""
    told: list[Signal] = [*observations(RcaLive(seen=(first,)))]
    if isinstance(second, Signal):
        told.append(second)
    else:
        told.append(observations(RcaLive(seen=(first, second)))[1])
    cause, effect = reversed(told) if reverse else told
    ours, theirs = (entity(each.where[0]) for each in (cause, effect))
    claim = Claim(ours, "it may have", (cause.sequence,), (effect.sequence,), theirs)
    return claim, {each.sequence: each for each in told}


def alert(after: float) -> Signal:
    return signal(7, "KubePodNotReady", CART, after=after)


@pytest.mark.parametrize(
    ("first", "second", "is_fact"),
    [
        (seen("CRASH_LOOPS", STORE, began=30), alert(60), True),
        (seen("CRASH_LOOPS", STORE, began=60), alert(60), True),
        (seen("CRASH_LOOPS", STORE, began=90), alert(60), False),
        (seen("CRASH_LOOPS", STORE, began=30), seen("CRASHING", CART, began=60), True),
        (seen("CRASH_LOOPS", STORE, began=60), seen("CRASHING", CART, began=30), False),
        (seen("LOG_DNS", STORE), alert(60), False),
        (seen("LOG_DNS", STORE), seen("CRASH_LOOPS", CART, began=60), False),
        (seen("CRASH_LOOPS", STORE, began=-30), seen("LOG_DNS", CART), False),
        (seen("LOG_DNS", STORE), seen("LOG_DNS", CART), False),
    ],
    ids=[
        "seen before an alert",
        "seen with an alert",
        "seen after an alert",
        "both seen, in order",
        "both seen, against it",
        "a cause without a date, and an alert",
        "a cause without a date",
        "an effect without a date",
        "neither has a date",
    ],
)
def test_only_what_has_a_date_and_comes_in_order_is_a_fact(
    first: RcaSeen, second: Signal | RcaSeen, is_fact: bool
) -> None:
    claim, log = claim_of(first, second)
    assert checked(claim, log).is_fact is is_fact


@pytest.mark.parametrize(("began", "is_fact"), [(None, False), (30, False), (90, True)])
def test_what_was_seen_may_also_be_the_effect_of_what_the_log_tells(
    began: float | None, is_fact: bool
) -> None:
    claim, log = claim_of(seen("CRASH_LOOPS", STORE, began=began), alert(60), reverse=True)
    assert checked(claim, log).is_fact is is_fact


@pytest.mark.parametrize(("number", "is_fact"), [(9, True), (3, False)])
def test_what_was_seen_beside_an_event_does_not_hide_the_event_s_place_in_the_log(
    number: int, is_fact: bool
) -> None:
    (also,) = observations(RcaLive(seen=(seen("CRASH_LOOPS", STORE, began=30),)))
    event, effect = errors(5, STORE, after=20), signal(number, "KubePodNotReady", CART, after=60)
    log: dict[int, Signal] = {each.sequence: each for each in (also, event, effect)}
    claim = Claim(entity(STORE), "it may have", (5, -1), (number,), entity(CART))
    assert checked(claim, log).is_fact is is_fact


def test_that_something_was_seen_is_a_fact_also_without_a_date() -> None:
    claim, log = claim_of(seen("LOG_DNS", STORE), alert(60))
    alone = replace(claim, effects=(), affected=None)
    assert checked(alone, log).is_fact
    assert not checked(replace(alone, sequences=(-2,)), log).is_fact
    assert not checked(replace(alone, entity=entity(CART)), log).is_fact


def test_who_calls_is_related_to_who_is_called_and_not_the_other_way_round() -> None:
    found = calls(RcaLive(calls=chain(WEB, CART, STORE)))
    assert found.are_related(entity(STORE), entity(CART)) is True
    assert found.are_related(entity(STORE), entity(WEB)) is True
    assert found.are_related(entity(CART), entity(STORE)) is False
    assert found.are_related(entity(WEB), entity(STORE)) is False


def test_of_what_neither_calls_nor_is_called_nothing_is_known() -> None:
    found = calls(RcaLive(calls=chain(WEB, CART)))
    assert found.are_related(entity(CART), entity(OTHER)) is None
    assert found.are_related(entity(OTHER), entity(CART)) is None
    assert found.are_related(entity(CART), entity(WEB, ELSEWHERE)) is None
    assert calls(RcaLive()).are_related(entity(CART), entity(WEB)) is None


def test_two_that_call_the_same_are_not_related() -> None:
    found = calls(RcaLive(calls=(call(WEB, STORE), call(CART, STORE))))
    assert found.are_related(entity(WEB), entity(CART)) is False
    assert found.are_related(entity(CART), entity(WEB)) is False


def test_in_a_circle_each_is_called_by_each_but_not_by_itself() -> None:
    circle = (WEB, CART, STORE)
    found = calls(RcaLive(calls=chain(*circle, WEB)))
    for one in circle:
        for other in circle:
            assert found.are_related(entity(one), entity(other)) is (one != other)


def test_who_calls_itself_has_no_calls() -> None:
    assert calls(RcaLive(calls=(call(WEB, WEB),))).are_related(entity(WEB), entity(WEB)) is None


def test_long_ways_are_gone() -> None:
    names = [f"workload/shop/w{n}" for n in range(200)]
    found = calls(RcaLive(calls=chain(*names)))
    assert found.are_related(entity(names[-1]), entity(names[0])) is True
    assert found.are_related(entity(names[0]), entity(names[-1])) is False


def test_a_callee_that_became_slow_is_behind_the_errors_of_those_that_call_it() -> None:
    alerts = [errors(1, WEB), errors(2, CART, after=50)]
    assert analyse(alerts).cause is None
    slow = seen("OWN_TIME_GREW", STORE)
    finding = analyse(alerts, live=RcaLive(seen=(slow,), calls=chain(WEB, CART, STORE)))
    assert cause(finding) == STORE
    led = {link.effect.entity.word for link in finding.links if link.cause.entity.word == STORE}
    assert led == {WEB, CART}
    assert not any(each.is_fact for each in finding.causes[0].claims if each.effects)


def test_whoever_is_slow_is_not_behind_the_errors_of_those_that_do_not_call_it() -> None:
    alerts = [errors(1, WEB), errors(2, CART, after=50)]
    slow = seen("OWN_TIME_GREW", STORE)
    known, apart = (
        analyse(alerts, live=RcaLive(seen=(slow,), calls=told))
        for told in (chain(WEB, CART, STORE), (*chain(WEB, CART), call(OTHER, STORE)))
    )

    def share(finding: Finding) -> list[float]:
        return [each.reach for each in finding.links if each.cause.entity.word == STORE]

    assert min(share(known)) > 0.9
    assert max(share(apart)) < 0.2
    assert cause(apart) != STORE


def rollout(of: str, began: float) -> RcaSeen:
    return seen("ROLLOUT_BEGAN", of, began=began)


def test_a_rollout_just_before_is_named_for_the_errors_of_its_own_workload() -> None:
    live = RcaLive(seen=(rollout(CART, 0),), calls=chain(WEB, CART))
    finding = analyse([errors(1, CART)], live=live)
    assert cause(finding) == CART
    first = finding.causes[0]
    assert first.kind == "change"
    assert any("ROLLOUT_BEGAN as numbers tell it" in each.text for each in first.claims)


def test_a_rollout_is_named_for_the_errors_of_those_that_call_its_workload() -> None:
    live = RcaLive(seen=(rollout(CART, 0),), calls=chain(WEB, CART))
    finding = analyse([errors(1, WEB), errors(2, CART)], live=live)
    assert cause(finding) == CART
    (led,) = [each for each in finding.causes[0].claims if each.effects]
    assert (led.affected, led.is_fact) == (entity(WEB), True)


def test_a_rollout_is_not_named_for_the_errors_of_those_that_do_not() -> None:
    live = RcaLive(seen=(rollout(CART, 0),), calls=(*chain(WEB, CART), call(OTHER, STORE)))
    finding = analyse([errors(1, OTHER), errors(2, STORE)], live=live)
    assert cause(finding) != CART


def test_a_rollout_long_after_the_errors_of_its_workload_is_not_named() -> None:
    live = RcaLive(seen=(rollout(CART, 600),), calls=chain(WEB, CART))
    finding = analyse([errors(1, CART, after=0), errors(2, WEB, after=0)], live=live)
    assert finding.cause is None or finding.cause.kind != "change"


def test_a_pod_seen_on_a_node_suffers_from_it() -> None:
    gone = signal(1, "KubeNodeNotReady", "node/worker-3", after=60)
    where = RcaPlaced(cluster_id=CLUSTER, pod="pod/shop/cart-a", node="node/worker-9")
    bad = pod(2, "KubePodNotReady", "shop/cart", 120)
    plain = analyse([gone, bad])
    away = analyse([gone, bad], live=RcaLive(placed=(where,)))
    here = where.model_copy(update={"node": "node/worker-3"})
    there = analyse([gone, bad], live=RcaLive(placed=(here,)))

    def share(finding: Finding) -> float:
        return sum(link.reach for link in finding.links if link.cause.entity.kind == "node")

    assert share(away) == 0 < share(plain) < share(there) == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_signals_does_not_matter_beside_what_was_seen(seed: int) -> None:
    alerts = [*node_down(), errors(6, WEB), errors(7, CART), errors(8, OTHER)]
    live = RcaLive(
        seen=(seen("OWN_TIME_GREW", STORE), rollout(CART, 20), seen("LOG_DNS", WEB)),
        calls=chain(WEB, CART, STORE),
    )
    shuffled = [*alerts]
    random.Random(seed).shuffle(shuffled)
    assert analyse(shuffled, live=live) == analyse(alerts, live=live)


def test_the_order_of_calls_does_not_matter() -> None:
    told = (*chain(WEB, CART, STORE), call(OTHER, STORE))
    live = RcaLive(seen=(seen("OWN_TIME_GREW", STORE),), calls=told)
    turned = live.model_copy(update={"calls": told[::-1]})
    alerts = [errors(1, WEB), errors(2, OTHER)]
    assert analyse(alerts, live=turned) == analyse(alerts, live=live)


def test_nothing_seen_changes_nothing() -> None:
    assert analyse(node_down(), live=RcaLive()) == analyse(node_down())


def test_what_has_no_date_says_nothing_against_a_change_before_it() -> None:
    """A full answer of a Loki knows no beginnings."""
    undated = seen("LOG_TIMEOUT", WEB)
    live = RcaLive(seen=(rollout(CART, 100), undated), calls=chain(WEB, CART))
    told = [errors(1, CART, after=160), errors(2, WEB, after=170)]
    without = RcaLive(seen=(rollout(CART, 100),), calls=chain(WEB, CART))
    first, plain = analyse(told, live=live).causes[0], analyse(told, live=without).causes[0]
    assert first.entity == plain.entity
    assert not first.doubts


def test_what_is_only_related_is_no_trouble_and_explains_none() -> None:
    told = [errors(1, WEB), errors(2, CART)]
    shown = (seen("CRASH_LOOPS", CART, began=5), seen("LOG_DNS", WEB))
    extra = (*shown, seen(RELATED, STORE), seen(RELATED, CART, severity=Severity.INFO))
    assert [each.sequence for each in observations(RcaLive(seen=extra))] == [-1, -2]
    alone = analyse(told, live=RcaLive(seen=shown))
    assert analyse(told, live=RcaLive(seen=extra)) == alone
    assert STORE not in {each.entity.word for each in alone.symptoms}
