"""The fleet as one Prometheus: its answers are those of one that holds every cluster's series."""

import json
from typing import Any

import httpx
import pytest

from tests.gateway.ecosystem.conftest import NOON, T0, TwoClusters
from tests.kit.prometheus import door

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_EXACT = (
    "up",
    'up{cluster="door-1"}',
    'up{cluster=~"door-.",job!="api"}',
    'up{cluster!~"door-2|x"}',
    'up{cluster="nowhere"}',
    '{cluster="door-2",__name__=~"temp.*"}',
    "sum(up)",
    "-sum(up) / 2",
    "sum by (job) (requests_total)",
    "sum by (cluster) (requests_total)",
    "sum without (code) (requests_total)",
    "count by (code) (requests_total)",
    "max(temperature)",
    "min without (cluster, instance) (up)",
    "group by (job) (up)",
    'count_values("v", up)',
    "rate(requests_total[5m])",
    "sum by (code) (rate(requests_total[5m]))",
    "requests_total / on (cluster, code) (requests_total * 2)",
    "temperature > -100 and on (cluster) up",
    "up == bool 1",
    "odd",
    "max_over_time(temperature[10m:2m] offset 1m)",
    "own",
    'own{exported_cluster="inner"}',
    "1 + 1",
    "vector(3)",
    "time()",
    'avg(up{cluster="door-1"})',
    'quantile(0.5, temperature{cluster="door-2"}) + 1',
)
_PER_CLUSTER = (
    ("avg(temperature)", "avg by (cluster) (temperature)"),
    ("topk(1, temperature)", "topk by (cluster) (1, temperature)"),
    ("sum(up) / count(up)", "sum by (cluster) (up) / count by (cluster) (up)"),
)


def _sorted(told: dict[str, Any]) -> Any:
    """The data of an answer, its series in one order."""
    data: dict[str, Any] = told["data"]
    if data["resultType"] in {"vector", "matrix"}:
        result: list[Any] = data["result"]
        result.sort(key=_place)
    return data


def _place(each: Any) -> str:
    """Where a series, or anything else, stands among others."""
    metric: Any = each if isinstance(each, str) else each.get("metric", each)
    return json.dumps(metric, sort_keys=True)


async def _ask(
    two: TwoClusters, path: str, **asked: Any
) -> tuple[httpx.Response, dict[str, Any], dict[str, Any]]:
    """What the door says, and what a Prometheus with everything says."""
    async with door(two.platform) as client, httpx.AsyncClient() as other:
        answer = await client.post(f"/{path}", data=asked)
        expected = await other.post(f"{two.union}/api/v1/{path}", data=asked)
    assert answer.headers["content-type"] == "application/json"
    return answer, answer.json(), expected.json()


@pytest.mark.parametrize("query", _EXACT)
async def test_an_instant_query_is_that_of_all_series(
    two_clusters: TwoClusters, query: str
) -> None:
    answer, told, expected = await _ask(two_clusters, "query", query=query, time=NOON)
    assert answer.status_code == 200, answer.text
    assert _sorted(told) == _sorted(expected)
    assert "warnings" not in told


@pytest.mark.parametrize("query", _EXACT)
async def test_a_range_query_is_that_of_all_series(two_clusters: TwoClusters, query: str) -> None:
    window = {"start": NOON, "end": NOON + 600, "step": "2m"}
    answer, told, expected = await _ask(two_clusters, "query_range", query=query, **window)
    assert answer.status_code == 200, answer.text
    assert _sorted(told) == _sorted(expected)
    assert "warnings" not in told


@pytest.mark.parametrize(("query", "within"), _PER_CLUSTER)
async def test_what_is_not_exact_stays_with_each_cluster_and_says_so(
    two_clusters: TwoClusters, query: str, within: str
) -> None:
    _, told, _ = await _ask(two_clusters, "query", query=query, time=NOON)
    _, _, expected = await _ask(two_clusters, "query", query=within, time=NOON)
    assert _sorted(told) == _sorted(expected)
    assert "each result is of one cluster" in told["warnings"][0]


async def test_series_labels_and_values_are_those_of_all(two_clusters: TwoClusters) -> None:
    window = {"start": T0, "end": T0 + 3600}
    for path, asked in (
        ("labels", {}),
        ("labels", {"match[]": 'up{cluster="door-1"}'}),
        ("labels", {"match[]": "own"}),
        ("series", {"match[]": ['up{cluster="door-1"}', "own", 'nothing{cluster="x"}']}),
        ("series", {"match[]": '{cluster="door-2"}'}),
    ):
        _, told, expected = await _ask(two_clusters, path, **asked, **window)
        assert sorted(told["data"], key=_place) == sorted(expected["data"], key=_place), (
            path,
            asked,
        )
    async with door(two_clusters.platform) as client, httpx.AsyncClient() as other:
        for name in ("__name__", "job", "cluster", "exported_cluster", "nothing"):
            for match in ([], ["own"], ['up{cluster="door-1"}']):
                asked = {"match[]": match, **window}
                told = await client.get(f"/label/{name}/values", params=asked)
                url = f"{two_clusters.union}/api/v1/label/{name}/values"
                expected = await other.get(url, params=asked)
                assert told.json() == expected.json(), (name, match)


async def test_rules_and_alerts_of_all_clusters_carry_their_cluster(
    two_clusters: TwoClusters,
) -> None:
    async with door(two_clusters.platform) as client:
        groups = (await client.get("/rules")).json()["data"]["groups"]
        clusters = [rule["labels"]["cluster"] for group in groups for rule in group["rules"]]
        assert clusters == ["door-1", "door-1", "door-2", "door-2"]
        asked = {"type": "record", "match[]": '{cluster="door-2"}'}
        groups = (await client.get("/rules", params=asked)).json()["data"]["groups"]
        assert [rule["name"] for group in groups for rule in group["rules"]] == ["one"]
        alerts = (await client.get("/alerts")).json()["data"]["alerts"]
        assert all(each["labels"]["cluster"] in {"door-1", "door-2"} for each in alerts)
        assert (await client.get("/rules", params={"type": "x"})).json()["errorType"] == "bad_data"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("query", {}),
        ("query", {"query": "up{"}),
        ("query", {"query": "up", "time": "yesterday"}),
        ("query", {"query": 'up{cluster=~"("}'}),
        ("query", {"query": "up", "timeout": "soon"}),
        ("query", {"query": "up", "lookback_delta": "far"}),
        ("query", {"query": "up", "limit": "-1"}),
        ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}),
        ("query_range", {"query": "up", "start": "1", "end": "2"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}),
        ("query_range", {"query": "up", "start": "0", "end": "1e6", "step": "1"}),
        ("query_range", {"query": "up[5m]", "start": "1", "end": "2", "step": "1"}),
        ("series", {}),
        ("series", {"match[]": "rate(up[5m])"}),
    ],
)
async def test_what_is_wrong_is_told_as_prometheus_does(
    two_clusters: TwoClusters, path: str, asked: dict[str, str]
) -> None:
    answer, told, _ = await _ask(two_clusters, path, **asked)
    assert answer.status_code == 400, answer.text
    assert told["status"] == "error"
    assert told["errorType"] == "bad_data"
    assert told["error"]
