"""What is found fits the contract, however long names are, and always says something."""

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
    assert told.explanation.startswith("node/worker-3 (node, ")
    assert {edge.kind for edge in told.edges} >= {RcaEdgeKind.TEMPORAL}
    assert [moment.at for moment in told.timeline] == sorted(each.at for each in told.timeline)
    assert told.actions


def test_an_unknown_cause_is_told_as_such() -> None:
    told = result(asked(missing=3), node_down()[2:])
    assert not told.is_known
    assert told.actions == ()
    assert told.explanation.startswith("The cause is unknown")
    assert "3 of its signals began before what was read" in told.explanation


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
    assert borne_out(told, events) == told
    facts = [claim for claim in told.causes[0].claims if claim.is_fact]
    assert {1, 3} <= events
    left = borne_out(told, events - {3}).causes[0].claims
    kept = [claim for claim in left if claim.is_fact]
    assert 0 < len(kept) < len(facts)
    assert all(3 not in (*claim.cited, *claim.effects) for claim in kept)
