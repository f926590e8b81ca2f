"""Scripted incidents, with what metrics, logs and traces show of them: the cause is found, is
unknown where nothing tells of it, and nothing is told as fact that log and queries do not bear out.

The figures are those of `make bench ARGS=rca`; here they may not fall far below.
"""

from collections.abc import Sequence

import pytest

from contracts.incidents import Signal
from services.rca.reasoning import Claim, Finding
from services.rca.reasoning.seen import Observation, observations
from tests.replays.judged import Judged, judged


@pytest.fixture(scope="module")
def incidents() -> list[Judged]:
    return judged(range(3))


def test_the_cause_is_found(incidents: Sequence[Judged]) -> None:
    assert len({each.kind for each in incidents}) >= 30
    found = [each.found for each in incidents]
    assert sum(found) / len(found) >= 0.88
    by_log = [each.found_by_log for each in incidents]
    assert sum(found) > sum(by_log) >= 0.85 * len(by_log)
    assert sum(each.among_three for each in incidents) / len(found) >= 0.92


def test_a_cause_that_nothing_tells_of_is_unknown(incidents: Sequence[Judged]) -> None:
    for unseen in ([each.unseen for each in incidents], [each.unseen_of_log for each in incidents]):
        told = [each for each in unseen if each is not None]
        assert len(told) > 0.9 * len(incidents)
        assert sum(each.cause is None for each in told) / len(told) >= 0.85


def test_what_is_told_as_fact_is_one(incidents: Sequence[Judged]) -> None:
    facts = 0
    for each in incidents:
        told = (*each.signals, *observations(each.live))
        log = {one.sequence: one for one in told}
        for claim in [*_claims(each.finding), *_claims(each.of_log)]:
            facts += claim.is_fact
            assert not claim.is_fact or _is_borne_out(claim, log), claim
    assert facts > len(incidents)


def _claims(finding: Finding) -> list[Claim]:
    return [claim for cause in finding.causes for claim in cause.claims]


def _is_borne_out(claim: Claim, log: "dict[int, Signal]") -> bool:
    """Looked at anew: all of it was told, and no effect began, or was logged, before its cause."""
    causes, effects = [log[each] for each in claim.sequences], [log[each] for each in claim.effects]
    if not causes or not effects:
        return bool(causes)
    undated = [each for each in (*causes, *effects) if _precision(each) is None]
    first = min(each.started_at.timestamp() for each in causes)
    began = [each.started_at.timestamp() + 1 - (_precision(each) or 0) for each in effects]
    # What was seen live is in no order of a log.
    logged = [each for each in claim.sequences if each > 0]
    after = [each for each in claim.effects if each > 0]
    ordered = not logged or not after or min(after) > min(logged)
    return not undated and min(began) >= first and ordered


def _precision(signal: Signal) -> float | None:
    """Seconds that it may have begun earlier; null if nobody knows when it began."""
    if not isinstance(signal, Observation):
        return 0
    return signal.precision.total_seconds() if signal.is_dated else None
