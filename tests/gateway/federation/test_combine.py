"""Answers of several clusters become one as Prometheus' own aggregation would make it."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from gateway.federation.across import Across
from gateway.federation.combine import (
    Aggregation,
    Combination,
    doubt,
    respelled,
    text_of,
)

SUM, AVG, MAX, MIN = Aggregation.SUM, Aggregation.AVG, Aggregation.MAX, Aggregation.MIN
NAN, INF = math.nan, math.inf

Answer = dict[str, dict[int, float]]
"""Of one cluster: by the value of a label, values by time."""

numbers = st.floats(-1e9, 1e9) | st.sampled_from([NAN, INF, -INF, 0.0])
answers: st.SearchStrategy[Answer] = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.integers(0, 4), numbers, min_size=1), max_size=3
)


def matrix(answer: Answer, **labels: str) -> bytes:
    series = [
        {
            "metric": {"job": job} | labels,
            "values": [[at, text_of(v)] for at, v in sorted(of.items())],
        }
        for job, of in answer.items()
    ]
    return json.dumps(series).encode()


def combined(how: Aggregation, *bodies: bytes, kind: str = "matrix") -> list[Any]:
    made = Combination(how)
    for body in bodies:
        made.add(kind, body)
    return json.loads(b"".join(made.pieces()))


def one(how: Aggregation, *values: float) -> str:
    """What these values of as many clusters become."""
    bodies = [json.dumps([{"metric": {}, "value": [1, text_of(value)]}]) for value in values]
    [series] = combined(how, *(body.encode() for body in bodies), kind="vector")
    [[_, text]] = series["values"]
    return text


def _mean(values: Sequence[float]) -> float:
    total = plain_sum(values)
    return total / len(values)


def plain_sum(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _most(values: Sequence[float]) -> float:
    return max([v for v in values if not math.isnan(v)] or [NAN])


def _least(values: Sequence[float]) -> float:
    return min([v for v in values if not math.isnan(v)] or [NAN])


PLAIN: dict[Aggregation, Callable[[Sequence[float]], float]] = {
    SUM: plain_sum,
    AVG: _mean,
    MAX: _most,
    MIN: _least,
}


def near(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-4)


@given(st.lists(answers, min_size=1, max_size=5), st.sampled_from(list(PLAIN)))
def test_each_sample_is_that_of_all_clusters_at_its_time(
    clusters: list[Answer], how: Aggregation
) -> None:
    found = {
        series["metric"]["job"]: {at: float(text) for at, text in series["values"]}
        for series in combined(how, *map(matrix, clusters))
    }
    wanted: dict[str, dict[int, list[float]]] = {}
    for answer in clusters:
        for job, samples in answer.items():
            for at, value in samples.items():
                wanted.setdefault(job, {}).setdefault(at, []).append(value)
    assert {job: set(samples) for job, samples in found.items()} == {
        job: set(samples) for job, samples in wanted.items()
    }
    for job, samples in wanted.items():
        for at, values in samples.items():
            assert near(found[job][at], PLAIN[how](values)), (how, values)


@given(st.lists(answers, min_size=2, max_size=4), st.sampled_from(list(PLAIN)))
def test_the_order_of_the_clusters_does_not_matter(
    clusters: list[Answer], how: Aggregation
) -> None:
    there = combined(how, *map(matrix, clusters))
    assert combined(how, *map(matrix, reversed(clusters))) == there


@given(st.floats())
def test_a_value_is_written_so_that_it_is_read_again(value: float) -> None:
    text = text_of(value)
    assert "e" not in text.lower() or text in {"NaN", "+Inf"}
    again = float(text)
    assert again == value or (math.isnan(again) and math.isnan(value))


def test_values_are_written_as_prometheus_does() -> None:
    assert [text_of(value) for value in (1.0, -0.0, 1e21, 1e-7, INF, -INF, NAN, 0.1)] == [
        "1", "-0", "1000000000000000000000", "0.0000001", "+Inf", "-Inf", "NaN", "0.1",
    ]  # fmt: skip


def test_nan_spoils_sum_and_average_but_neither_largest_nor_smallest() -> None:
    assert one(SUM, 1, NAN) == "NaN"
    assert one(AVG, 1, NAN) == "NaN"
    assert one(MAX, 1, NAN) == "1"
    assert one(MIN, NAN, 2, 1) == "1"
    assert one(MAX, NAN, NAN) == "NaN"


def test_infinities_are_added_as_floats_are() -> None:
    assert one(SUM, INF, 1) == "+Inf"
    assert one(SUM, INF, -INF) == "NaN"
    assert one(AVG, -INF, 5) == "-Inf"
    assert one(MIN, -INF, 5) == "-Inf"


def test_a_sum_is_rounded_once() -> None:
    assert one(SUM, 1e16, 1, -1e16) == "1"
    assert one(SUM, *[0.1] * 10) == "1"


def test_an_average_of_the_largest_numbers_does_not_overflow() -> None:
    assert float(one(AVG, 1.7e308, 1.7e308)) == pytest.approx(1.7e308)
    assert one(SUM, 1.7e308, 1.7e308) == "+Inf"


def test_the_label_cluster_does_not_keep_series_apart() -> None:
    [series] = combined(SUM, matrix({"a": {1: 1}}, cluster="x"), matrix({"a": {1: 2}}, cluster="y"))
    assert series == {"metric": {"job": "a"}, "values": [[1, "3"]]}


def test_other_labels_do() -> None:
    found = combined(SUM, matrix({"a": {1: 1}}, zone="x"), matrix({"a": {1: 2}}, zone="y"))
    assert [series["metric"]["zone"] for series in found] == ["x", "y"]


def test_an_average_is_of_the_clusters_that_have_the_series() -> None:
    [series] = combined(AVG, matrix({"a": {1: 1, 2: 1}}), matrix({"a": {2: 2}}), matrix({}))
    assert series["values"] == [[1, "1"], [2, "1.5"]]


def test_milliseconds_stay() -> None:
    body = b'[{"metric":{},"value":[1435781430.781,"1"]}]'
    [series] = combined(SUM, body, kind="vector")
    assert series["values"] == [[1435781430.781, "1"]]


def test_scalars_are_combined() -> None:
    [series] = combined(SUM, b'[12,"3"]', b'[12,"4.5"]', kind="scalar")
    assert series == {"metric": {}, "values": [[12, "7.5"]]}


def test_native_histograms_are_left_out_and_counted() -> None:
    body = b'[{"metric":{"a":"b"},"histogram":[1,{"count":"3","sum":"4"}]}]'
    made = Combination(SUM)
    made.add("vector", body)
    assert b"".join(made.pieces()) == b"[]"
    assert made.left_out == 1


@pytest.mark.parametrize("body", [b"", b"{}", b'[{"metric":{}', b'[{"metric":{},"value":[1,"x"]}]'])
def test_of_an_answer_that_cannot_be_read_nothing_counts(body: bytes) -> None:
    made = Combination(SUM)
    good = b'{"metric":{"a":"b"},"value":[1,"1"]},'
    with pytest.raises((msgspec.DecodeError, ValueError)):
        made.add("vector", body.replace(b"[{", b"[" + good + b"{", 1))
    assert len(made) == 0


def test_much_is_written_in_pieces() -> None:
    made = Combination(MAX)
    samples = {at: at * 1.5 for at in range(500)}
    made.add("matrix", matrix({f"job-{number}": samples for number in range(200)}))
    pieces = list(made.pieces())
    assert len(pieces) > 3
    assert len(json.loads(b"".join(pieces))) == 200


def test_a_matrix_goes_on_untouched() -> None:
    parts = (b'[{"metric":{},"val', b'ues":[[1,"NaN"]]}]')
    assert respelled("matrix", parts) == parts


def test_a_vector_and_a_scalar_become_series_with_values() -> None:
    vector = (b'[{"metric":{"a":"1"},"value":[1.5,"+Inf"]},', b'{"metric":{},"value":[2,"2"]}]')
    assert json.loads(b"".join(respelled("vector", vector))) == [
        {"metric": {"a": "1"}, "values": [[1.5, "+Inf"]]},
        {"metric": {}, "values": [[2, "2"]]},
    ]
    assert json.loads(b"".join(respelled("vector", (b"[]",)))) == []
    assert json.loads(b"".join(respelled("string", (b'[1,"x"]',)))) == [
        {"metric": {}, "values": [[1, "x"]]}
    ]


def test_what_is_not_the_fleets_own_value_is_said() -> None:
    assert doubt(SUM, Across.CONCATENATE, "") is None
    assert doubt(SUM, Across.COUNT_SUM, "") is None
    assert doubt(MAX, Across.MAX, "") is None
    assert doubt(Aggregation.MERGE, Across.NOT_EXACT, "avg") is None
    assert "not weighed: avg" in (doubt(AVG, Across.NOT_EXACT, "avg of all") or "")
    assert "AVG of each cluster's value" in (doubt(AVG, Across.SUM, "sums") or "")
