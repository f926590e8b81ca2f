"""What is found fits the contract, however long names are, and always says something."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from contracts.rca import RcaComplete, RcaEdgeKind, RcaTrigger
from services.rca.telling import Asked, borne_out, cited, result
from tests.kit.samples import START
from tests.services.rca.reasoning.telling_signals import CLUSTER, node_down, pod, signal

RCA = UUID(int=7)


def asked(missing: int = 0) -> Asked:
    trigger = RcaTrigger.INCIDENT
    return Asked(RCA, trigger, RCA, RCA, {CLUSTER}, START, START, 1, 9, missing)


def test_a_cause_is_told_with_its_evidence() -> None:
    told = result(asked(), node_down())
    assert told.is_known
    assert told.causes[0].entity.place == "node/worker-3"
    assert told.explanation.startswith("Node worker-3 (")
    assert {edge.kind for edge in told.edges} >= {RcaEdgeKind.TEMPORAL}
    assert [moment.at for moment in told.timeline] == sorted(each.at for each in told.timeline)
    assert told.actions


def test_states_and_places_are_told_in_words_and_alerts_by_their_names() -> None:
    gpu = ("gpu/GPU-1", "node/gpu-4")
    signals = [
        signal(1, "GPU_XID_79", *gpu),
        signal(2, "GPU_GONE", *gpu, after=40),
        pod(3, "KubePodNotReady", "shop/train", 60),
        signal(4, "WORKLOAD_CRASHING", "workload/shop/train", "node/gpu-4", after=90),
        signal(5, "CLUSTER_DEGRADED", after=200),
    ]
    told = result(asked(), signals)
    claims = [claim for cause in told.causes for claim in cause.claims]
    doubts = [doubt for cause in told.causes for doubt in cause.doubts]
    texts = [*(each.text for each in (*claims, *told.timeline)), *doubts, told.explanation]
    assert "GPU XID error 79" in told.explanation
    assert any("Workload crash-looping" in each for each in texts)
    assert any("KubePodNotReady on workload shop/train" in each for each in texts)
    for text in texts:
        assert not re.search(
            r"[A-Z]_[A-Z0-9]|(?:gpu|node|pod|workload)/|\bcluster\b since", text
        ), text
    assert {each.entity.place for each in told.causes} >= {"workload/shop/train"}


def test_an_unknown_cause_is_told_as_such() -> None:
    told = result(asked(missing=3), node_down()[2:])
    assert not told.is_known
    assert told.actions == ()
    assert told.explanation.startswith("The cause is unknown")
    assert "no beginning of 3 of its signals" in told.explanation


def test_nothing_is_an_answer() -> None:
    told = result(asked(), [])
    assert (told.is_known, told.causes, told.edges) == (False, (), ())
    assert told.explanation == "Nothing was wrong that the log tells of."


def test_the_largest_there_can_be_fits_into_a_message() -> None:
    long = "x" * 480
    down = [signal(n, f"Node{long}{n}", f"node/{long}{n % 12}", after=n) for n in range(1, 200)]
    pods = [pod(n, f"Pod{long}{n % 40}", f"team-{n % 50}/{long}", 300 + n) for n in range(200, 900)]
    told = RcaComplete(result=result(asked(), [*down, *pods]))
    assert len(told.model_dump_json()) < 1024 * 1024


def test_a_claim_whose_event_has_aged_out_of_the_log_is_no_fact() -> None:
    told = result(asked(), node_down())
    events = cited(told)
    logged = {each: START + timedelta(hours=1) for each in events}
    assert borne_out(told, logged, node_down()) == told
    facts = [claim for claim in told.causes[0].claims if claim.is_fact]
    assert {1, 3} <= events
    del logged[3]
    held = borne_out(told, logged, node_down())
    assert "1 of the events that are cited have left the log" in held.explanation
    left = held.causes[0].claims
    kept = [claim for claim in left if claim.is_fact]
    assert 0 < len(kept) < len(facts)
    assert all(3 not in (*claim.cited, *claim.effects) for claim in kept)


def test_what_began_after_it_was_logged_is_no_fact_and_a_doubt() -> None:
    """By the log's time of each event; a clock that is a little ahead is as good as right."""
    signals = node_down()
    told = result(asked(), signals)
    logged = {each.sequence: each.started_at for each in signals}
    logged |= {1: logged[1] - timedelta(seconds=4), 3: logged[3] - timedelta(minutes=10)}
    held = borne_out(told, logged, signals).causes[0]
    kept = [claim for claim in held.claims if claim.is_fact]
    assert kept
    assert any(1 in claim.cited for claim in kept)
    assert all(3 not in (*claim.cited, *claim.effects) for claim in kept)
    assert held.doubts[:-1] == told.causes[0].doubts
    assert held.doubts[-1].startswith("1 of the events say that they began after they were logged")
    assert "600 s" in held.doubts[-1]


def test_it_says_from_when_on_the_log_is_whole() -> None:
    told = result(replace(asked(), whole_from=START), node_down())
    assert "Events before 2026-01-01 12:00:00 UTC may have left the log" in told.explanation
