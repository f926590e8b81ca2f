"""Two vectors in one expression, as Prometheus matches them."""

import pytest

from deploy.simulator.promql_joins import join, unwrapped
from deploy.simulator.series import Series


def _series(value: float | None, **labels: str) -> Series:
    return Series(labels, lambda _: value)


NODES = [_series(4.0, __name__="capacity", node="a", unit="core"), _series(0.0, node="b")]
PODS = [_series(2.0, __name__="used", pod="x", node="a"), _series(1.0, pod="y", node="b")]


def _of(text: str) -> list[tuple[dict[str, str], float | None]]:
    both = join(text, "and", "*", "/")
    assert both is not None
    found = both.series(PODS, NODES)
    return [(dict(each.labels), each.value(0.0)) for each in found]


def test_many_are_divided_by_one() -> None:
    found = _of("used / on (node) group_left (unit) capacity")
    assert found == [
        ({"pod": "x", "node": "a", "unit": "core"}, 0.5),
        ({"pod": "y", "node": "b"}, None),
    ]


def test_and_keeps_the_left_side() -> None:
    found = _of("used and on (node) capacity")
    assert [value for _, value in found] == [2.0, 1.0]
    assert found[0][0]["__name__"] == "used"


def test_without_words_all_labels_have_to_be_equal() -> None:
    assert _of("used * capacity") == []
    assert _of("used * ignoring (pod, unit) capacity") == [
        ({"pod": "x", "node": "a"}, 8.0),
        ({"pod": "y", "node": "b"}, 0.0),
    ]


def test_numbers_are_reckoned_with_from_the_left() -> None:
    given = {"used": PODS, "none": [], "1 - used": [_series(-1.0)]}

    def of(text: str) -> list[float | None]:
        both = join(text, "+", "-") or join(text, "*", "/")
        assert both is not None
        found = both.scaled(lambda side: given[side])
        return [each.value(0.0) for each in found or ()]

    assert of("1 - used") == [-1.0, 0.0]
    assert of("used / 4") == [0.5, 0.25]
    assert of("4 / used") == [2.0, 4.0]
    assert of("1 - used + 3") == [2.0]
    assert of("100 * none") == []


@pytest.mark.parametrize("text", ['a{b="x and y"}', "sum(a / b)", "rate(a[5m])", "band"])
def test_what_is_in_parentheses_or_strings_is_no_operator(text: str) -> None:
    assert join(text, "and", "*", "/") is None


def test_only_parentheses_around_all_of_it_are_taken_away() -> None:
    assert unwrapped("(a > 0)") == "a > 0"
    assert unwrapped("(a) / (b)") is None
    assert unwrapped("a") is None
