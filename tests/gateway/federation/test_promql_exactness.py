"""What random queries against real Prometheuses have shown: raw texts, constants, matching."""

import promql_parser as grammar
import pytest

from contracts.refusals import Refused
from gateway.ecosystem.prometheus.selection import drops_cluster, makes_something
from gateway.federation.promql import Across, across, caveats, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"x{a=~`\d+\.\w`}", r"\d+\.\w"),
        (r"x{a=`\n`}", r"\n"),
        ('x{a=`say "hi"`}', 'say "hi"'),
        ("x{a=`two\nlines`}", "two\nlines"),
        (r'x{a="\\d"}', r"\d"),
    ],
)
def test_a_raw_text_is_what_stands_there(text: str, value: str) -> None:
    parsed = parse(text)
    assert isinstance(parsed.expression, grammar.VectorSelector)
    assert parsed.expression.matchers.matchers[0].value == value
    assert parsed.text == text, "what is sent is what was asked"


@pytest.mark.parametrize(
    ("text", "position"),
    [(r"x{a=`\d`} y", 10), ("x{a=`\n\\`} y", 10), (r"x{a=`\d`", 8), (r"`\d` `\d`", 5)],
)
def test_a_fault_behind_a_raw_text_is_told_where_it_is(text: str, position: int) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.details["position"] == position


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("x or vector(0)", Across.NOT_EXACT),
        ("count(x or vector(0))", Across.NOT_EXACT),
        ("x * vector(2)", Across.NOT_EXACT),
        ("x and on () vector(1)", Across.CONCATENATE),
        ("x * on () group_left () vector(2)", Across.CONCATENATE),
        ("sum(x) or vector(0)", Across.SUM),
        ("sum(x) or vector(1)", Across.NOT_EXACT),
        ("sum by (job) (x) or on () vector(0)", Across.NOT_EXACT),
        ("vector(0) or sum(x)", Across.NOT_EXACT),
        ("max(x) or vector(0)", Across.NOT_EXACT),
        ("sum(x) / (1024 * -2)", Across.SUM),
        ("sum(x) / 0", Across.NOT_EXACT),
        ("sum(x) / (1 - 1)", Across.NOT_EXACT),
        ("sum(x) * Inf", Across.NOT_EXACT),
        ("sum(x) * NaN", Across.NOT_EXACT),
        ("sum(x) * time()", Across.NOT_EXACT),
        ("2 / sum(x)", Across.NOT_EXACT),
        ('count_values("cluster", x)', Across.NOT_EXACT),
    ],
)
def test_constants_are_put_together_only_where_that_is_exact(text: str, how: Across) -> None:
    assert across(parse(text))[0] is how


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a / b", False),
        ("a / on (cluster, job) b", False),
        ("a / ignoring (job) b", False),
        ("a / on (job) b", True),
        ("a / ignoring (cluster) b", True),
        ("sum(a * on (job) group_left () b)", True),
        ("max_over_time((a unless on (job) b)[5m:1m])", True),
        ("a and on () vector(1)", False),
        ("a > 1", False),
    ],
)
def test_it_is_said_where_vectors_of_different_clusters_would_have_matched(
    text: str, *, said: bool
) -> None:
    assert bool(caveats(parse(text))) is said


@pytest.mark.parametrize(
    ("text", "drops"),
    [
        ("a / on (job) b", True),
        ("a / on (cluster) b", False),
        ("a * on (job) group_left () b", False),
        ("sum(a) * on () group_right () b", False),
        ("sum by (cluster) (sum(a))", True),
        ("sum by (cluster) (a)", False),
        ("a or b", False),
        ("a or vector(0)", None),
        ("-(a or sum(b))", None),
        ("a unless sum(b)", False),
        ("sum(a) + 1", True),
        ("absent(a)", True),
        ('absent(a{cluster="hub"})', False),
        ('absent(absent(a{cluster="hub"}))', True),
        ('absent_over_time(a{cluster="hub"}[5m])', False),
        ("vector(scalar(a))", True),
    ],
)
def test_it_is_known_which_results_still_have_a_cluster(text: str, drops: bool | None) -> None:
    assert drops_cluster(grammar.parse(text)) is drops


@pytest.mark.parametrize(
    ("text", "something"),
    [
        ("sum(a)", False),
        ("absent(a)", True),
        ("sum(a) or vector(0)", True),
        ("a * scalar(b)", True),
    ],
)
def test_it_is_known_what_has_results_without_series(text: str, *, something: bool) -> None:
    assert makes_something(grammar.parse(text)) is something
