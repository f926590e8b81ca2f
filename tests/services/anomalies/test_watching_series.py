"""Whatever a Prometheus answers becomes series that are told apart, and messages that fit."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as some

from contracts.anomalies import MOST_SERIES, MetricUpdate, WatchedSeries
from services.anomalies.watching_series import (
    LARGEST,
    Found,
    Unreadable,
    found,
    in_parts,
    metric_of,
    series,
)
from tests.kit.anomaly_builders import metric_update, watch

_NUMBERS = some.floats().map(str) | some.sampled_from(["+Inf", "-Inf", "NaN", "1e309", "x", ""])
_LABELS = some.dictionaries(some.text(max_size=5), some.text(max_size=5), max_size=4)


def _vector(*samples: tuple[Mapping[str, str], str]) -> bytes:
    told = [{"metric": labels, "value": [1.5, value]} for labels, value in samples]
    return msgspec.json.encode(told)


def _found(*samples: tuple[Mapping[str, str], str], named: bool = False) -> Found:
    return found("vector", _vector(*samples), named=named)


@given(some.lists(some.tuples(_LABELS, _NUMBERS), max_size=8))
def test_any_vector_becomes_a_message_that_can_be_read(
    samples: list[tuple[dict[str, str], str]],
) -> None:
    answer = _found(*samples)
    assert len(answer.values) + answer.left_out == len(samples)
    update = metric_update(series=series(watch(), answer, dict(answer.values)))
    again = MetricUpdate.model_validate_json(update.model_dump_json())
    assert again == update
    labels = [tuple(sorted(each.labels.items())) for each in again.series]
    assert len(set(labels)) == len(labels)
    assert all(each.value is None or math.isfinite(each.value) for each in again.series)


def test_numbers_without_end_are_null() -> None:
    texts = ("NaN", "+Inf", "-Inf", "5e-324", "1e999")
    answer = _found(*(({"n": text}, text) for text in texts))
    assert {dict(each)["n"]: value for each, value in answer.values.items()} == {
        "NaN": None, "+Inf": None, "-Inf": None, "5e-324": 5e-324, "1e999": None,
    }  # fmt: skip


def test_of_series_with_the_same_labels_the_first_counts() -> None:
    answer = _found(({"a": "b"}, "1"), ({"a": "b"}, "2"), ({"a": "c"}, "3"))
    assert answer == Found({(("a", "b"),): 1.0, (("a", "c"),): 3.0}, 1)


def test_the_name_is_left_out_where_all_have_it_by_the_query() -> None:
    labels = {"__name__": "up", "pod": "a"}
    assert metric_of("up{job='x'} offset 5m") == ("up", True)
    assert list(_found((labels, "1"), named=True).values) == [(("pod", "a"),)]
    name, named = metric_of("{__name__=~'up|down'}\n or x > 5")
    assert (name, named) == ("{__name__=~'up|down'} or x > 5", False)
    assert list(_found((labels, "1"), named=named).values) == [(("__name__", "up"), ("pod", "a"))]
    assert metric_of("no ( promql") == ("no ( promql", False)
    assert len(metric_of("x +" * 100 + "x")[0]) == 200


def test_a_scalar_is_one_series_without_labels() -> None:
    assert found("scalar", b'[1.5, "42"]', named=False).values == {(): 42.0}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("string", b'[1, "text"]'),
        ("matrix", b"[]"),
        ("", b"[]"),
        ("vector", b"{}"),
        ("vector", b'[{"metric": {"a": 1}}]'),
        ("vector", b"[" * 10_000),
        ("scalar", b'["1", 1]'),
        ("vector", b"\xff"),
    ],
)
def test_what_is_no_answer_is_said_to_be_none(kind: str, data: bytes) -> None:
    with pytest.raises(Unreadable):
        found(kind, data, named=False)


def test_labels_that_cannot_be_kept_and_histograms_are_left_out() -> None:
    many = {f"label_{number}": "x" for number in range(65)}
    told: list[Any] = [
        {"metric": {"a": "1"}, "histogram": [1.5, {"count": "1", "sum": "2"}]},
        {"metric": many, "value": [1.5, "1"]},
        {"metric": {"long": "x" * 9_000}, "value": [1.5, "1"]},
        {"metric": {"nul": "a\0b"}, "value": [1.5, "1"]},
    ]
    answer = found("vector", msgspec.json.encode(told), named=False)
    assert answer == Found({(("nul", "ab"),): 1.0}, 3)


def test_of_too_many_series_the_same_ones_are_kept() -> None:
    samples = [({"n": str(number)}, "1") for number in range(MOST_SERIES + 5)]
    answer, reversed_answer = _found(*samples), _found(*reversed(samples))
    assert (len(answer.values), answer.left_out) == (MOST_SERIES, 5)
    assert list(reversed_answer.values) == list(answer.values)


@pytest.mark.parametrize(
    ("value", "before", "change"),
    [(3.0, 2.0, 50.0), (1.0, -2.0, 150.0), (1.0, 0.0, None), (1.0, None, None),
     (None, 1.0, None), (1e308, 1e-300, None), (2.0, 2.0, 0.0)],
)  # fmt: skip
def test_a_change_is_told_in_per_cent_of_what_was_before(
    value: float | None, before: float | None, change: float | None
) -> None:
    (one,) = series(watch(), Found({(): value}), {(): before})
    assert (one.previous_value, one.change_percent) == (before, change)


@pytest.mark.parametrize(
    ("value", "breach"), [(1.0, "BELOW"), (2.0, None), (5.0, None), (5.1, "ABOVE"), (None, None)]
)
def test_bounds_are_crossed_beyond_them(value: float | None, breach: str | None) -> None:
    (one,) = series(watch(above=5.0, below=2.0), Found({(): value}), {})
    assert one.threshold_breached == breach


def _large(number: int, size: int) -> MetricUpdate:
    members = tuple(
        WatchedSeries(labels={"n": str(each), "x": "x" * size}, value=1.0) for each in range(number)
    )
    return metric_update(series=members)


@settings(max_examples=20, deadline=None)
@given(number=some.integers(1, 400), size=some.integers(1, 8_000))
def test_parts_fit_and_are_the_whole(number: int, size: int) -> None:
    update = _large(number, size)
    parts = in_parts(update)
    assert all(len(each.model_dump_json()) <= LARGEST for each in parts)
    assert [each.part for each in parts] == list(range(1, len(parts) + 1))
    assert {each.parts for each in parts} == {len(parts)}
    names = [each.labels["n"] for part in parts for each in part.series]
    assert sorted(names) == sorted(each.labels["n"] for each in update.series)
    assert in_parts(update, len(parts)) == parts
