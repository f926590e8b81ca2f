"""Scripted incidents: the cause is found, is unknown where nothing tells of it, and nothing is told
as fact that the log does not bear out.

The figures are those of `make bench ARGS=rca`; here they may not fall far below.
"""

from collections.abc import Sequence

import pytest

from contracts.incidents import Signal
from services.rca.reasoning import Claim, Finding
from tests.replays.judged import Judged, judged


@pytest.fixture(scope="module")
def incidents() -> list[Judged]:
    return judged(range(3))


def test_the_cause_is_found(incidents: Sequence[Judged]) -> None:
    assert len({each.kind for each in incidents}) >= 30
    found = [each.found for each in incidents]
    assert sum(found) / len(found) >= 0.8
    assert sum(each.among_three for each in incidents) / len(found) >= 0.92


def test_a_cause_that_nothing_tells_of_is_unknown(incidents: Sequence[Judged]) -> None:
    unseen = [each.unseen for each in incidents if each.unseen is not None]
    assert len(unseen) > 0.9 * len(incidents)
    assert sum(each.cause is None for each in unseen) / len(unseen) >= 0.85


def test_what_is_told_as_fact_is_one(incidents: Sequence[Judged]) -> None:
    facts = 0
    for each in incidents:
        log = {one.sequence: one for one in each.signals}
        for claim in _claims(each.finding):
            facts += claim.is_fact
            assert not claim.is_fact or _is_borne_out(claim, log), claim
    assert facts > len(incidents)


def _claims(finding: Finding) -> list[Claim]:
    return [claim for cause in finding.causes for claim in cause.claims]


def _is_borne_out(claim: Claim, log: "dict[int, Signal]") -> bool:
    """Looked at anew: all of it was told, and no effect began, or was logged, before its cause."""
    causes = [log[each].started_at for each in claim.sequences]
    effects = [log[each].started_at for each in claim.effects]
    ordered = not effects or (
        min(effects).timestamp() + 1 >= min(causes).timestamp()
        and min(claim.effects) > min(claim.sequences)
    )
    return bool(causes) and ordered
