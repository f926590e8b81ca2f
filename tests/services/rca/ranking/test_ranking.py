"""Evidence weighed together; graphs; resources at their limit."""

from math import nan
from random import Random

from hypothesis import given, strategies as st

from services.rca.ranking import KNOWN, Evidence, Usage, explain, graph, rank, saturation

PIECES = st.builds(
    Evidence,
    entity=st.sampled_from("abc"),
    kind=st.sampled_from(["slow work", "new errors", "flow"]),
    strength=st.floats(0, 1),
    affected=st.floats(0, 1e6),
    unit=st.sampled_from(["seconds", "requests"]),
    said=st.text(max_size=3),
    against=st.booleans(),
)


@given(st.lists(PIECES, max_size=12), st.randoms(use_true_random=False))
def test_any_evidence_in_any_order_gives_the_same_ranking(
    found: list[Evidence], rng: Random
) -> None:
    mixed = [*found]
    rng.shuffle(mixed)
    ranking = rank(found, "abcd")
    assert rank(mixed, "dcba") == ranking
    scores = [each.score for each in ranking.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sorted(each.entity for each in ranking.candidates) == [*"abcd"]
    assert explain(ranking) == explain(rank(mixed, "dcba"))


def piece(entity: str, strength: float, affected: float = 1.0, **more: object) -> Evidence:
    about = {"kind": "slow work", "unit": "seconds", "said": "it is slow"} | more
    return Evidence(entity=entity, strength=strength, affected=affected, **about)  # type: ignore[arg-type]


def test_kinds_add_up_and_one_kind_does_not() -> None:
    same = rank([piece("a", 0.5), piece("a", 0.5)]).candidates[0].score
    both = rank([piece("a", 0.5), piece("a", 0.5, kind="flow", unit="share")]).candidates[0].score
    assert (same, both) == (0.5, 0.75)


def test_more_of_it_counts_more() -> None:
    found = rank([piece("a", 0.8, 1.0), piece("b", 0.8, 100.0)]).candidates
    assert [(each.entity, round(each.score, 3)) for each in found] == [("b", 0.8), ("a", 0.08)]


def test_what_speaks_against_it_weakens_its_own_kind_only() -> None:
    against = piece("a", 0.8, against=True, said="others are slow as well")
    found = rank([piece("a", 0.5), piece("a", 0.5, kind="flow", unit="share"), against])
    assert round(found.candidates[0].score, 3) == 0.55
    assert "Against it: others are slow as well." in explain(found)


def test_little_evidence_names_no_cause() -> None:
    found = rank([piece("a", KNOWN - 0.01)])
    assert found.cause is None
    assert explain(found) == (
        "The cause is unknown: too little speaks for any entity."
        " Most speaks for a (0.39 of 1): it is slow."
    )
    assert rank([piece("a", KNOWN)]).cause is not None


def used(*values: float, before: list[float]) -> list[Evidence]:
    return list(saturation({"pod": [Usage("memory", before, values)]}))


def test_a_resource_that_runs_short_is_evidence() -> None:
    (found,) = used(0.9, 0.95, nan, before=[0.1, 0.12, 0.9, 0.1])
    assert found.strength == 1.0
    assert found.said == "memory at 92% of its limit, 11% before"
    assert not used(0.9, before=[0.9, 0.88])
    assert not used(before=[0.5])
    assert not used(0.3, before=[])
    assert used(0.85, before=[nan])


def test_edges_are_followed_by_relation() -> None:
    found = graph(
        [
            ("pod", "runs on", "node"),
            ("node", "part of", "cluster"),
            ("pod", "calls", "db"),
            ("db", "calls", "pod"),
            ("pod", "calls", "pod"),
        ]
    )
    assert found.reach("pod", "runs on", "part of") == {"pod": 0, "node": 1, "cluster": 2}
    assert found.next("pod", "calls") == ["db"]
    assert found.reach("db", "calls") == {"db": 0, "pod": 1}
    assert found.reach("nobody", "calls") == {"nobody": 0}
