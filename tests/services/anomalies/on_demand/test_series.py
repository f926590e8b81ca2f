"""Which rows and series are looked at, and what is said of the rest."""

import itertools
import json
import random
from dataclasses import replace
from uuid import UUID

import pytest

from contracts.analysis import MOST_ROWS, GpuMeasure, SearchLimit
from contracts.gpu import Gpu
from services.anomalies.detecting.kernels import taking
from services.anomalies.on_demand import series as selecting
from services.anomalies.on_demand.matrix import read
from services.anomalies.on_demand.series import Known, Selection, Series, Span, series
from services.anomalies.online.reading import GPU_METRICS
from services.anomalies.watching_series import Unreadable

ONE, OTHER = UUID(int=1), UUID(int=2)
SPAN = Span(0.0, 1e6, 2e6)


def made(number: int, rows: int = 5, cluster: UUID = ONE) -> Series:
    known = Known(cluster, "up", {"pod": f"{number:06d}"})
    return series(known, [(float(at), 1.0) for at in range(rows)], SPAN)


def answered(
    *sampled: object, kind: str = "matrix", query: str = "up"
) -> tuple[list[Series], object]:
    found, left_out = read(query, ONE, kind, json.dumps(sampled).encode(), SPAN)
    return found, dict(left_out)


def test_what_is_no_number_or_not_later_does_not_count() -> None:
    nan, inf = float("nan"), float("inf")
    rows = [(1, 1.0), (2, nan), (3, inf), (4, -inf), (5, 1e37), (5, 2.0), (5, 3.0), (4, 4.0)]
    found = series(Known(ONE, "up", {}), [*rows, (6, 5.0), (3e6, 1.0), (-1, 1.0)], SPAN)
    assert (list(found.times), list(found.values)) == ([1, 5, 6], [1, 2, 5])
    assert (found.ignored, found.cut) == (8, 0)


def test_the_same_values_count_as_for_the_detectors() -> None:
    assert selecting._REACH == taking.REACH


def test_of_a_million_rows_the_latest_are_looked_at() -> None:
    found = made(0, 1_000_000)
    assert (len(found.times), found.cut) == (MOST_ROWS, 1_000_000 - MOST_ROWS)
    assert found.times[-1] == 999_999


@pytest.mark.parametrize("limits", [(5, 10**9), (100, 26)])
def test_of_too_many_series_each_cluster_has_its_share(limits: tuple[int, int]) -> None:
    chosen: list[list[Series]] = []
    for order in itertools.permutations((ONE, OTHER)):
        selection = Selection(*limits)
        for cluster in order:
            count = 2 if cluster == ONE else 40
            selection.add(cluster, [made(number, cluster=cluster) for number in range(count)])
        chosen.append(selection.chosen())
        limit = SearchLimit.SERIES if limits[0] == 5 else SearchLimit.POINTS
        assert selection.left_out == {limit: 37}
    assert chosen[0] == chosen[1]
    assert [each.known.cluster_id for each in chosen[0]] == [ONE, ONE, OTHER, OTHER, OTHER]


def test_a_hundred_thousand_series_are_not_kept() -> None:
    selection = Selection(most_series=1_000)
    found = [made(number, 1) for number in range(1_000)]
    for cluster in (UUID(int=number) for number in range(100)):
        random.Random(cluster.int).shuffle(found)
        of_it = [replace(each, known=replace(each.known, cluster_id=cluster)) for each in found]
        selection.add(cluster, of_it)
        assert selection._series <= 2_000
    assert len(selection.chosen()) == 1_000
    assert selection.left_out == {SearchLimit.SERIES: 99_000}


def test_of_two_with_the_same_labels_one_is_taken() -> None:
    selection = Selection()
    selection.add(ONE, [made(1), made(1), made(2)])
    assert len(selection.chosen()) == 2
    assert selection.left_out == {SearchLimit.LABELS: 1}


def test_an_answer_is_read() -> None:
    told = {
        "metric": {"__name__": "x_total", "pod": "a"},
        "values": [[1, "1"], [2.5, "+Inf"], [3, "NaN"], [4, "odd"]],
    }
    found, left_out = answered(told, {"metric": {}, "values": []}, query="rate(x_total[5m])")
    assert left_out == {}
    named, unnamed = found
    assert (named.known.name, named.known.named, named.known.labels) == (
        "x_total",
        True,
        {"pod": "a"},
    )
    assert (list(named.times), named.ignored) == ([1], 3)
    assert (unnamed.known.name, unnamed.known.named) == ("rate(x_total[5m])", False)


def test_what_is_not_looked_at_is_told() -> None:
    _, left_out = answered(
        {"metric": {}, "histograms": [[1, None]]},
        {"metric": {f"l{number}": "" for number in range(65)}, "values": [[1, "1"]]},
        {"metric": {"long": "x" * 9_000}, "values": [[1, "1"]]},
        {"metric": {}, "values": [[number, "1"] for number in range(200_000)]},
    )
    assert left_out == {SearchLimit.HISTOGRAMS: 1, SearchLimit.LABELS: 2, SearchLimit.POINTS: 1}


@pytest.mark.parametrize(
    ("kind", "data"),
    [("vector", b"[]"), ("", b"[]"), ("matrix", b"{"), ("matrix", b'[{"metric":{},"values":[1]}]')],
)
def test_what_is_no_answer_to_a_range_is_unreadable(kind: str, data: bytes) -> None:
    with pytest.raises(Unreadable):
        read("up", ONE, kind, data, SPAN)


def test_every_measure_of_a_gpu_has_a_name() -> None:
    assert {each.value for each in GpuMeasure} <= Gpu.model_fields.keys() & GPU_METRICS.keys()
