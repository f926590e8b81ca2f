"""From signals to a cause: what explains the rest, was there first, and tells that it is one."""

import random
from uuid import UUID

import pytest

from contracts.alerts import Severity
from services.rca.reasoning import Earlier, Finding, analyse
from services.rca.reasoning.analysis import MOST_CAUSES, MOST_SYMPTOMS
from services.rca.reasoning.places import Entity
from tests.services.rca.reasoning.telling_signals import CLUSTER, node_down, pod, signal

ELSEWHERE = UUID("0199c0de-0000-7000-8000-0000000000c2")


def cause(finding: Finding) -> str | None:
    return None if finding.cause is None else finding.cause.entity.word


def test_a_node_explains_what_ran_there() -> None:
    finding = analyse(node_down())
    assert cause(finding) == "node/worker-3"
    assert finding.causes[0].kind == "node"
    effects = {link.effect.name for link in finding.links if link.cause.entity.kind == "node"}
    assert effects == {"KubePodNotReady", "HighErrorRate"}


def test_without_what_tells_of_the_node_the_cause_is_unknown() -> None:
    left = [each for each in node_down() if "node/worker-3" not in each.where]
    finding = analyse(left)
    assert finding.cause is None
    assert finding.causes, "hypotheses are told all the same"


def test_nothing_has_no_cause() -> None:
    assert analyse([]) == Finding((), (), ())


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_signals_are_given_does_not_matter(seed: int) -> None:
    shuffled = node_down()
    random.Random(seed).shuffle(shuffled)
    assert analyse(shuffled) == analyse(node_down())


def test_many_pods_do_not_outweigh_their_node() -> None:
    pods = [pod(n, "KubePodNotReady", f"team-{n % 7}/app-{n}", 100 + n) for n in range(10, 300)]
    assert cause(analyse([*node_down(), *pods])) == "node/worker-3"


def test_what_is_on_another_node_is_not_explained() -> None:
    other = signal(9, "KubePodNotReady", "pod/hr/api-1", "workload/hr/api", "node/worker-9")
    finding = analyse([*node_down(), other])
    assert all(link.effect.entity.word != "workload/hr/api" for link in finding.links)


def test_a_cluster_explains_nothing_of_another() -> None:
    there = signal(9, "HighErrorRate", "service/shop/cart", after=200, cluster=ELSEWHERE)
    finding = analyse([*node_down(), there])
    assert all(link.cause.entity.cluster_id == CLUSTER for link in finding.links)
    assert all(link.effect.entity.cluster_id == CLUSTER for link in finding.links)


def test_a_broken_disk_of_one_gpu_node_is_not_blamed_on_a_cause_that_would_hit_all() -> None:
    slow = signal(9, "etcdHighFsyncDurations", severity=Severity.WARNING)
    assert cause(analyse([*node_down(), slow])) == "node/worker-3"


def test_one_gpu_is_the_cause_and_of_several_their_node() -> None:
    job = pod(5, "KubeJobFailed", "ml/train", 60)
    one = [signal(1, "GPU_XID_79", "gpu/GPU-1", "node/worker-1"), job]
    two = [*one, signal(2, "GPU_XID_79", "gpu/GPU-2", "node/worker-1")]
    assert cause(analyse(one)) == "gpu/GPU-1"
    assert cause(analyse(two)) == "node/worker-1"


def test_an_operator_and_its_namespace_are_one_thing() -> None:
    told = [
        signal(1, "ClusterOperatorDegraded", "operator/dns"),
        signal(2, "CoreDNSErrorsHigh", "service/openshift-dns/dns-default"),
        *[
            signal(n, "HighErrorRate", f"service/team-{n}/api", f"namespace/team-{n}", after=90)
            for n in range(3, 9)
        ],
    ]
    assert cause(analyse(told)) == "namespace/openshift-dns"


def test_what_began_long_after_its_supposed_effects_is_doubted() -> None:
    late = [
        signal(1, "HighErrorRate", "service/shop/cart", "namespace/shop"),
        signal(2, "KubeDeploymentRolloutStuck", "workload/shop/db", "namespace/shop", after=7200),
    ]
    first = next(each for each in analyse(late).causes if each.entity.word == "workload/shop/db")
    assert any("began before it" in doubt for doubt in first.doubts)
    assert not [each for each in first.claims if each.effects and each.is_fact]


@pytest.mark.parametrize(
    ("began", "number", "doubt"),
    [
        (120, 3, ""),
        (0, 3, "KubePodNotReady began before it by its source's clock, but was logged after it"),
        (120, 1, "KubePodNotReady began after it by its source's clock, but was logged before it"),
        (0, 1, "KubePodNotReady began before it"),
    ],
)
def test_against_clock_or_log_nothing_is_a_fact_and_what_contradicts_is_doubted(
    began: float, number: int, doubt: str
) -> None:
    node = signal(2, "KubeNodeNotReady", "node/worker-3", after=60)
    gone = signal(number, "KubePodNotReady", "pod/shop/cart-a", "node/worker-3", after=began)
    causes = analyse([node, gone]).causes
    first = next(each for each in causes if each.entity.word == "node/worker-3")
    (led,) = [claim for claim in first.claims if claim.effects]
    assert led.is_fact is not bool(doubt)
    assert first.doubts == ((doubt,) if doubt else ())


def test_what_was_a_cause_before_is_a_little_more_likely_and_says_so() -> None:
    node = Entity(CLUSTER, "node/worker-3")
    plain = analyse(node_down())
    scores = [plain.causes[0].score]
    for times in (1, 2, 9):
        again = analyse(node_down(), earlier=Earlier({(node, "node"): tuple(range(times))}, 30))
        scores.append(again.causes[0].score)
        (told,) = [each for each in again.causes[0].claims if "was the cause" in each.text]
        assert (told.sequences, told.is_fact) == (tuple(range(times)), True)
        assert again.causes[1:] == plain.causes[1:]
        assert again.links == plain.links
    assert told.text == "node worker-3 was the cause of 9 incidents in the last 30 days"
    assert scores == sorted(scores)
    assert scores[0] < scores[1] <= scores[-1] < scores[0] + 0.1 * (1 - scores[0])


@pytest.mark.parametrize(
    "cause",
    [
        (Entity(ELSEWHERE, "node/worker-3"), "node"),
        (Entity(CLUSTER, "node/worker-4"), "node"),
        (Entity(CLUSTER, "node/worker-3"), "clock"),
    ],
    ids=["in another cluster", "another thing", "another kind of trouble"],
)
def test_other_causes_of_earlier_incidents_say_nothing(cause: tuple[Entity, str]) -> None:
    assert analyse(node_down(), earlier=Earlier({cause: (7, 8)}, 30)) == analyse(node_down())


def test_history_alone_makes_no_cause_known() -> None:
    """The best guess stays a guess where little speaks for it."""
    left = [each for each in node_down() if "node/worker-3" not in each.where]
    guess = analyse(left).causes[0]
    earlier = Earlier({(guess.entity, guess.kind.value): tuple(range(100))}, 30)
    assert analyse(left, earlier=earlier).cause is None


def test_a_storm_is_cut_to_what_weighs_most() -> None:
    many = [pod(n, "KubePodNotReady", f"team-{n}/app-{n}", 100) for n in range(10, 1200)]
    finding = analyse([*node_down(), *many])
    assert len(finding.symptoms) == MOST_SYMPTOMS
    assert len(finding.causes) == MOST_CAUSES
    assert cause(finding) == "node/worker-3"
