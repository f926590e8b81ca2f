"""The fleet's series are its clusters'; added up, they are what one Prometheus would give."""

import math
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from gateway.ecosystem.prometheus.series import (
    Found,
    NotNumbers,
    Series,
    added_up,
    exported,
    side_by_side,
)
from gateway.federation.promql import Across

_SERIES = list[Series]
_NAMES = st.sampled_from(["edge-1", "edge-2", "hub"])
_JOBS = st.sampled_from(["a", "b"])
_TIMES = st.sampled_from([0, 60, 120.5])
_VALUES = st.integers(-1_000_000, 1_000_000)
_DATA = st.dictionaries(
    _NAMES, st.dictionaries(_JOBS, st.dictionaries(_TIMES, _VALUES, min_size=1)), min_size=1
)
"""Values by cluster, job and time."""

Data = dict[str, dict[str, dict[float, int]]]


def _series(told: list[Any]) -> list[Series]:
    return msgspec.json.decode(msgspec.json.encode(told), type=_SERIES)


def _told(series: list[Series]) -> list[dict[str, Any]]:
    return msgspec.json.decode(msgspec.json.encode(series))


def _range(metric: dict[str, str], samples: dict[float, int]) -> dict[str, Any]:
    return {"metric": metric, "values": [[at, str(samples[at])] for at in sorted(samples)]}


def _found(data: Data) -> list[Found]:
    return [
        Found(name, _series([_range({"job": job}, samples) for job, samples in jobs.items()]))
        for name, jobs in data.items()
    ]


@given(_DATA)
def test_side_by_side_is_the_union_of_the_single_answers(data: Data) -> None:
    whole = _told(side_by_side(_found(data)))
    expected = [
        _range({"job": job, "cluster": name}, samples)
        for name, jobs in data.items()
        for job, samples in jobs.items()
    ]
    assert whole == expected


@pytest.mark.parametrize(
    ("how", "combine"), [(Across.SUM, sum), (Across.MIN, min), (Across.MAX, max)]
)
@given(data=_DATA)
def test_added_up_is_what_the_union_gives(how: Across, combine: Any, data: Data) -> None:
    gathered: dict[str, dict[float, list[int]]] = defaultdict(lambda: defaultdict(list))
    for jobs in data.values():
        for job, samples in jobs.items():
            for at, value in samples.items():
                gathered[job][at].append(value)
    whole = {each["metric"]["job"]: each["values"] for each in _told(added_up(_found(data), how))}
    expected = {
        job: [[at, str(combine(times[at]))] for at in sorted(times)]
        for job, times in gathered.items()
    }
    assert whole == expected


_POINT = [1435781430.781, "+Inf"]


@pytest.mark.parametrize(
    "told",
    [
        {"value": _POINT},
        {"value": [1435781430, "NaN"]},
        {"values": [[1435781430.781, "1e+300"], [1435781431, "-0"]]},
        {"histogram": [1, {"count": "2", "sum": "NaN", "buckets": [[0, "1", "2", "2"]]}]},
        {"histograms": [[1, {"count": "2"}]], "values": [[2, "3"]]},
    ],
)
@pytest.mark.parametrize("how", [None, Across.SUM])
def test_what_is_alone_passes_through_untouched(told: Any, how: Across | None) -> None:
    found = [Found("hub", _series([{"metric": {"a": "é"}, **told}]))]
    (each,) = _told(side_by_side(found) if how is None else added_up(found, how))
    assert each == {"metric": {"a": "é"} | ({} if how else {"cluster": "hub"}), **told}


@pytest.mark.parametrize(
    ("values", "how", "result"),
    [
        (["0.1", "0.2", "0.3"], Across.SUM, "0.6"),
        (["1e300", "1"], Across.SUM, "1" + "0" * 300),
        (["1e-7", "0"], Across.SUM, "0.0000001"),
        (["+Inf", "-Inf"], Across.SUM, "NaN"),
        (["NaN", "1"], Across.SUM, "NaN"),
        (["NaN", "1"], Across.MAX, "1"),
        (["NaN", "-Inf"], Across.MIN, "-Inf"),
        (["NaN", "NaN"], Across.MIN, "NaN"),
        (["2", "3"], Across.COUNT_SUM, "5"),
    ],
)
def test_numbers_are_added_up_and_written_as_prometheus_does(
    values: list[str], how: Across, result: str
) -> None:
    found = [
        Found(f"edge-{at}", _series([{"metric": {}, "value": [7, value]}]))
        for at, value in enumerate(values)
    ]
    (each,) = _told(added_up(found, how))
    assert each["metric"] == {}
    assert each["value"][0] == 7
    assert each["value"][1] == result or math.isclose(float(each["value"][1]), float(result))


def test_native_histograms_of_several_clusters_are_not_added_up() -> None:
    told: dict[str, Any] = {"metric": {}, "histogram": [1, {"count": "2"}]}
    found = [Found(name, _series([told])) for name in ("edge-1", "edge-2")]
    with pytest.raises(NotNumbers):
        added_up(found, Across.SUM)


def test_a_label_in_the_way_is_exported() -> None:
    assert exported({"cluster": "a", "b": "c"}) == {"exported_cluster": "a", "b": "c"}
    nested = {"cluster": "a", "exported_cluster": "b"}
    assert exported(nested) == {"exported_exported_cluster": "a", "exported_cluster": "b"}
