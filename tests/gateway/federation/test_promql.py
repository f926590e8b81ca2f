"""A query is judged before it is sent, and what its answers may be made into is known from it."""

import time

import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code, Refused
from gateway.federation.promql import Across, Returned, across, over_steps, parse

WORDS = [
    "sum",
    "by",
    "(",
    "job",
    ")",
    "(",
    "rate",
    "(",
    "x",
    "{",
    "a",
    "=",
    '"b"',
    "}",
    "[",
    "5m",
    "]",
    ")",
    ")",
    ">",
    "bool",
    "2",
]


def fault(text: str) -> tuple[int, str]:
    with pytest.raises(Refused) as told:
        parse(text)
    assert told.value.code is Code.INVALID_PROMQL
    return told.value.details["position"], told.value.details["message"]


def refusal(text: str) -> Refused | None:
    try:
        parse(text)
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "there is no expression"),
        ("  # nothing\n", 12, "there is no expression"),
        ("sum(x", 5, "ends too early"),
        ("x +", 3, "ends too early"),
        ("rate(x[5m", 9, "ends too early"),
        ("x{a=}", 4, "unexpected }"),
        ("sum(x))", 6, "unexpected )"),
        ("x y", 2, "unexpected y"),
        ('up{a="b" c="d"}', 9, "unexpected c"),
        ("sum by (job (x)", 12, "unexpected ("),
        ("sum(rate(foo[5m]) by (a)", 18, "unexpected by"),
        ("a and or b", 9, "unexpected b"),
        ('x{a="', 4, "does not end"),
        ('x{a="é"} é', 9, "unexpected character"),
        ("1 + foo(x)", 4, "unknown function"),
        ("1 + rate(x)", 4, "expected type matrix"),
        ("{}", 0, "at least one non-empty matcher"),
    ],
)
def test_the_place_of_a_fault_is_told(text: str, position: int, message: str) -> None:
    found = fault(text)
    assert found[0] == position
    assert message in found[1]


def test_line_and_column_count_from_one() -> None:
    with pytest.raises(Refused, match="2:3: unexpected") as told:
        parse("1 +\n  * 3")
    assert told.value.details["line"] == 2
    assert told.value.details["column"] == 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("up", Returned.VECTOR),
        ("up[5m]", Returned.MATRIX),
        ("up[5m:1m] offset 1h", Returned.MATRIX),
        ("1 + 2", Returned.SCALAR),
        ("(time())", Returned.SCALAR),
        ("vector(1)", Returned.VECTOR),
        ('"text"', Returned.STRING),
        ("-up > bool 2", Returned.VECTOR),
        ('{"a.b", c="d"}', Returned.VECTOR),
        ("x + fill(0) y", Returned.VECTOR),
    ],
)
def test_what_an_expression_comes_to_is_known(text: str, kind: Returned) -> None:
    assert parse(text).returns is kind


def test_only_scalars_and_vectors_have_steps() -> None:
    assert over_steps(parse("up")).text == "up"
    for text in ("up[5m]", '"text"'):
        with pytest.raises(Refused, match="over a range"):
            over_steps(parse(text))


@pytest.mark.parametrize(
    "text", ["x anchored", "rate(x[5m] smoothed)", "x[5m * 2]", "holt_winters(x[5m], 0.1, 0.2)"]
)
def test_what_is_newer_or_older_than_the_parser_is_sent_with_a_warning(text: str) -> None:
    parsed = parse(text)
    assert parsed.expression is None
    assert "not checked" in parsed.warnings[0]
    assert across(parsed)[0] is Across.NOT_EXACT


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30_000 + "x" + ")" * 30_000,
        "abs(" * 8_000 + "x" + ")" * 8_000,
        "-" * 30_000 + "x",
        "+".join("x" * 30_000),
        " or ".join("x" * 10_000),
        "sum(" * 10_000,
        "x{" + ",".join(['a="b"'] * 9_000) + "}}",
    ],
)
def test_a_monster_is_refused_and_does_no_harm(text: str) -> None:
    began = time.thread_time()
    fault(text)
    assert time.thread_time() - began < 2, "seconds of CPU: far from what ends in a hang"


@given(st.text(max_size=60) | st.text('sum(x)by,[5m]{a="}+', max_size=30))
def test_any_text_is_either_taken_or_refused_with_a_place(text: str) -> None:
    refused = refusal(text)
    if refused is not None:
        assert refused.code is Code.INVALID_PROMQL
        assert 0 <= refused.details["position"] <= len(text)


@given(st.integers(0, len(WORDS)), st.sampled_from([")", "]", "}", "=", "x x", "by"]))
def test_a_fault_is_never_told_before_the_word_that_is_wrong(place: int, wrong: str) -> None:
    good = " ".join(WORDS[:place])
    refused = refusal(" ".join([good, wrong, *WORDS[place:]]))
    if refused is not None and "call to" not in refused.message:
        assert refused.details["position"] >= len(good)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("x", Across.CONCATENATE),
        ("rate(x[5m])", Across.CONCATENATE),
        ("a / on(job) b", Across.CONCATENATE),
        ("x > 1", Across.CONCATENATE),
        ("histogram_quantile(0.9, x)", Across.CONCATENATE),
        ("sum by (cluster) (x)", Across.CONCATENATE),
        ("avg without (job) (x)", Across.CONCATENATE),
        ("topk by (cluster) (3, x)", Across.CONCATENATE),
        ("sum(x)", Across.SUM),
        ("(sum by (job) (rate(x[5m])))", Across.SUM),
        ("sum without (cluster) (x)", Across.SUM),
        ("sum(sum by (job) (x))", Across.SUM),
        ("sum(count by (job) (x))", Across.SUM),
        ("100 * sum(x) / 2", Across.SUM),
        ("-sum(x)", Across.SUM),
        ("min(min by (job) (x))", Across.MIN),
        ("max(x)", Across.MAX),
        ("group(x)", Across.MAX),
        ("1 + 1", Across.MAX),
        ("vector(time())", Across.MAX),
        ("count(x)", Across.COUNT_SUM),
        ('count_values("v", x)', Across.COUNT_SUM),
        ("avg(x)", Across.NOT_EXACT),
        ("quantile(0.9, x)", Across.NOT_EXACT),
        ("stddev(x)", Across.NOT_EXACT),
        ("topk(3, x)", Across.NOT_EXACT),
        ("max(sum by (job) (x))", Across.NOT_EXACT),
        ("count(count by (job) (x))", Across.NOT_EXACT),
        ("sum(x) / sum(y)", Across.NOT_EXACT),
        ("1 / sum(x)", Across.NOT_EXACT),
        ("sum(x) > 1", Across.NOT_EXACT),
        ("-max(x)", Across.NOT_EXACT),
        ("absent(x)", Across.NOT_EXACT),
        ("scalar(x)", Across.NOT_EXACT),
        ("sum(avg by (job) (x))", Across.NOT_EXACT),
        ("histogram_quantile(0.9, sum by (le) (x))", Across.NOT_EXACT),
        ("max_over_time(sum(x)[5m:1m])", Across.NOT_EXACT),
        ("x + on() group_left() sum(y)", Across.NOT_EXACT),
    ],
)
def test_only_what_is_exact_is_put_together_again(text: str, how: Across) -> None:
    found, why = across(parse(text))
    assert found is how, why
    assert why


@pytest.mark.parametrize(
    "text", ["x[1e300]", "x offset 1e300", "x offset -1e300", "rate(x[5m:1e300])", "x[9e99]"]
)
def test_a_duration_beyond_all_bounds_is_refused(text: str) -> None:
    """The parser's native code panics over it, which is no ordinary error."""
    assert fault(text)[1]
