"""Shares against what was usual."""

from hypothesis import given, strategies as st

from services.rca.ranking.surprise import Groups, Share, quantile, shift, usual

SHARES = st.integers(1, 200).flatmap(
    lambda of: st.integers(0, of).map(lambda hits: Share(hits, of))
)
GROUPS = st.tuples(st.lists(SHARES, min_size=1), st.lists(SHARES)).map(
    lambda both: Groups(both[0], both[1])
)


@given(SHARES, GROUPS)
def test_what_is_usual_is_no_surprise_and_the_rest_is_bounded(
    now: Share, before: Groups[Share]
) -> None:
    found = shift(now, before)
    assert 0 <= found.excess <= 1
    assert 0 <= found.certainty <= 1
    assert found.nats >= 0
    assert (found.excess > 0) == (now.value > usual(before))
    assert all(shift(each, before).excess == 0 for each in before.clean)


@given(GROUPS, st.integers(1, 100))
def test_more_of_the_same_is_surer(before: Groups[Share], of: int) -> None:
    few, many = shift(Share(of, of), before), shift(Share(10 * of, 10 * of), before)
    assert many.excess == few.excess
    assert many.nats >= few.nats


def test_the_most_extreme_of_other_windows_is_not_believed() -> None:
    calm = Share(0, 50)
    bad = Share(50, 50)
    assert usual(Groups([calm], [bad])) < 0.02
    assert usual(Groups([calm], [calm, bad, bad])) == 1.0
    assert usual(Groups([], [calm, calm, bad])) < 0.01
    assert usual(Groups([], [bad])) == 1.0
    assert usual(Groups([calm], [bad, bad, *[calm] * 8])) < 0.01


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert quantile([1.0], 1.0) == 1.0
