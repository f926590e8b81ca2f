"""Metrics of the fleet over REST, with a collector that says what each cluster's Prometheus has."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics, QueryMetrics
from gateway.rest.documented_metrics import (
    MetricAnswer,
    MetricMetadata,
    MetricNames,
    MetricSeriesFound,
)
from services.runtime.principals import Role
from tests.gateway.collecting import FakeCollector, collecting, unreachable
from tests.kit.gateway import API, Platform, refused
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

NOT_FOUND = "CLUSTER_NOT_FOUND"
PROMETHEUS = {"prometheus_url": "https://prometheus.example.invalid:9090"}
END = "2026-01-01T01:00:00Z"
RANGE = {"start_time": "2026-01-01T00:00:00Z", "end_time": END, "step": "15m"}
NAMES = ["metrics-1", "metrics-2", "metrics-3"]
PIECE = b'{"metric":{"pod":"%06d"},"value":[1767229200,"1"]}'
FAULTS = [
    unreachable(),
    Refused(Code.UPSTREAM_FAILED, "it answered with HTML"),
    Refused(Code.CREDENTIALS_INVALID, "it refuses the token"),
    Refused(Code.LIMIT_REACHED, "more than 16 MiB"),
    Refused(Code.RATE_LIMITED, "it wants less", {"retry_after": 3}),
    b"<html>",
    b'[{"metric": {}, "value": [1, ',
]


def vector(value: str, **labels: str) -> list[dict[str, Any]]:
    return [{"metric": labels, "value": [1767229200, value]}]


class Fleet:
    """Three clusters with a Prometheus, and their collector."""

    def __init__(self, platform: Platform, collector: FakeCollector, ids: list[str]) -> None:
        self.platform, self.collector, self.ids = platform, collector, ids

    def says(self, *replies: Any, kind: str = "vector", **told: Any) -> None:
        """What the three say."""
        self.collector.says(kind=kind, **told, **dict(zip(self.ids, replies, strict=False)))

    async def post(
        self, query: str = "up", path: str = "query", *, fresh: bool = True, **body: Any
    ) -> httpx.Response:
        """Ask the three, past the cache."""
        wanted = {"query": query, "cluster_ids": self.ids} | body
        headers = {"cache-control": "no-cache"} if fresh else {}
        url = f"{API}/metrics/{path}"
        return await self.platform.http.post(url, json=wanted, headers=headers)

    async def ask(self, query: str = "up", path: str = "query", **body: Any) -> MetricAnswer:
        """The same, answered."""
        answer = await self.post(query, path, **body)
        assert answer.status_code in {200, 206}, answer.text
        return MetricAnswer.model_validate(answer.json())

    async def get(self, shape: type[BaseModel], path: str, **params: Any) -> Any:
        """What is said of series."""
        told = {"cluster_id": self.ids} | params
        answer = await self.platform.http.get(f"{API}/metrics/{path}", params=told)
        assert answer.status_code == 200, answer.text
        return shape.model_validate(answer.json())


@pytest.fixture(scope="module")
async def fleet(platform: Platform) -> AsyncGenerator[Fleet]:
    ids = [(await platform.register(name=name, endpoints=PROMETHEUS))["id"] for name in NAMES]
    async with collecting(platform, QueryMetrics, DescribeMetrics) as collector:
        yield Fleet(platform, collector, ids)


def hanging() -> Callable[[Any], Awaitable[Any]]:
    async def hang(_: Any) -> Any:
        await asyncio.sleep(60)

    return hang


async def test_each_cluster_has_its_own_result(fleet: Fleet) -> None:
    fleet.says(vector("1", job="a"), vector("NaN"), [])
    answer = await fleet.post(end_time=END)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = MetricAnswer.model_validate(answer.json())
    assert [each.cluster_name for each in body.results] == NAMES
    assert [str(each.cluster_id) for each in body.results] == fleet.ids
    assert {(each.status, each.result_type) for each in body.results} == {("SUCCESS", "VECTOR")}
    assert body.results[0].data[0].metric == {"job": "a"}
    assert body.results[0].data[0].values == ((1767229200, "1"),)
    assert body.results[1].data[0].values == ((1767229200, "NaN"),)
    assert body.results[2].data == []
    assert (body.clusters_queried, body.clusters_succeeded, body.missing) == (3, 3, [])
    asked = [query for _, query in fleet.collector.asked]
    assert {query.model_dump(mode="json")["time"] for query in asked} == {END}


async def test_a_range_is_asked_of_all_with_the_same_steps(fleet: Fleet) -> None:
    matrix: Any = [{"metric": {}, "values": [[1767225600, "1"], [1767226500, "2.5"]]}]
    fleet.says(matrix, matrix, matrix, kind="matrix")
    body = await fleet.ask("rate(x[5m])", "query_range", **RANGE)
    assert [each.result_type for each in body.results] == ["MATRIX"] * 3
    assert body.results[0].data[0].values == ((1767225600, "1"), (1767226500, "2.5"))
    for _, asked in fleet.collector.asked:
        told = asked.model_dump(mode="json")
        assert (told["start"], told["end"], told["step_seconds"]) == (
            RANGE["start_time"], RANGE["end_time"], 900.0,
        )  # fmt: skip


async def test_a_range_without_times_is_the_last_hour_at_whole_steps(fleet: Fleet) -> None:
    fleet.says([], [], [], kind="matrix")
    await fleet.ask("up", "query_range")
    _, asked = fleet.collector.asked[0]
    assert isinstance(asked, QueryMetrics)
    assert asked.start is not None
    assert asked.end is not None
    assert (asked.end - asked.start).total_seconds() == 3600
    assert asked.end.timestamp() % 60 == 0
    assert asked.step_seconds == 60


@pytest.mark.parametrize(("how", "value"), [("SUM", "9"), ("AVG", "3"), ("MAX", "4"), ("MIN", "2")])
async def test_series_of_all_clusters_become_one(fleet: Fleet, how: str, value: str) -> None:
    fleet.says(vector("2", job="a"), vector("4", job="a"), vector("3", job="a"))
    body = await fleet.ask(aggregation=how)
    [result] = body.results
    assert (result.cluster_id, result.status, result.result_type) == (None, "SUCCESS", "VECTOR")
    assert result.data[0].metric == {"job": "a"}
    assert result.data[0].values == ((1767229200, value),)
    assert body.warnings == []


async def test_what_is_not_exact_is_said(fleet: Fleet) -> None:
    fleet.says(vector("2"), unreachable(), vector("4"), warnings=("a store is away",))
    body = await fleet.ask("avg(up)", aggregation="AVG")
    assert [each.status for each in body.results] == ["PARTIAL", "ERROR"]
    assert body.results[0].data[0].values == ((1767229200, "3"),)
    text = "\n".join(body.warnings)
    assert "AVG of each cluster's value, not weighed" in text
    assert "1 of 3 clusters are missing from the AVG" in text
    assert "metrics-1: a store is away" in text


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("how", ["MERGE", "SUM"])
async def test_a_faulty_cluster_is_named_and_the_others_arrive_whole(
    fleet: Fleet, fault: Any, how: str
) -> None:
    fleet.says(vector("1"), fault, vector("2"))
    answer = await fleet.post("faulty", aggregation=how, fresh=False)
    assert answer.status_code == 206, answer.text
    body = MetricAnswer.model_validate(answer.json())
    (missing,) = body.missing
    assert (str(missing.cluster_id), missing.cluster_name) == (fleet.ids[1], "metrics-2")
    assert missing.code == (fault.code.name if isinstance(fault, Refused) else "UPSTREAM_FAILED")
    assert missing.reason
    assert (body.clusters_queried, body.clusters_succeeded) == (3, 2)
    values = [series.values[0][1] for each in body.results for series in each.data]
    assert values == (["1", "2"] if how == "MERGE" else ["3"])
    again = await fleet.post("faulty", aggregation=how, fresh=False)
    assert again.headers["x-cache"] == "MISS"


async def test_who_is_slow_is_missing_after_the_timeout(fleet: Fleet) -> None:
    fleet.says(vector("1"), hanging(), vector("2"))
    began = asyncio.get_running_loop().time()
    body = await fleet.ask(timeout=4)
    assert asyncio.get_running_loop().time() - began < 30, "who is slow takes a minute"
    assert [each.status for each in body.results] == ["SUCCESS", "TIMEOUT", "SUCCESS"]
    assert body.missing[0].code == "QUERY_TIMEOUT"


async def test_when_none_answers_the_results_are_in_the_details(fleet: Fleet) -> None:
    fleet.says(unreachable(), unreachable(), Refused(Code.CREDENTIALS_INVALID, "no token"))
    error = refused(await fleet.post(), "UPSTREAM_FAILED")
    results = error["details"]["results"]
    assert [each["code"] for each in results] == [
        "CLUSTER_UNREACHABLE", "CLUSTER_UNREACHABLE", "CREDENTIALS_INVALID",
    ]  # fmt: skip
    assert error["details"]["clusters_succeeded"] == 0
    fleet.says(hanging(), hanging(), hanging())
    refused(await fleet.post(timeout=1), "QUERY_TIMEOUT")


async def test_a_query_that_is_not_valid_is_sent_to_nobody(fleet: Fleet) -> None:
    fleet.says([], [], [])
    error = refused(await fleet.post("sum(rate(x[5m]) by (a)"), "INVALID_PROMQL")
    assert error["details"]["position"] == 16
    assert fleet.collector.asked == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("query", {"timeout": 0}),
        ("query", {"timeout": 301}),
        ("query", {"aggregation": "MEDIAN"}),
        ("query", {"query": ""}),
        ("query", {"query": '"text"', "aggregation": "SUM"}),
        ("query", {"end_time": "2026-01-01T00:00:00"}),
        ("query_range", {"step": "0s"}),
        ("query_range", {"step": "1.5m"}),
        ("query_range", {"start_time": END, "end_time": "2026-01-01T00:00:00Z"}),
        ("query_range", {"start_time": "2025-01-01T00:00:00Z", "end_time": END, "step": "1m"}),
        ("query_range", {"end_time": "0001-01-01T00:00:00Z"}),
    ],
)
async def test_a_question_that_makes_no_sense_is_sent_to_nobody(
    fleet: Fleet, path: str, body: dict[str, Any]
) -> None:
    fleet.says([], [], [])
    refused(await fleet.post(path=path, **body), "VALIDATION_FAILED")
    assert fleet.collector.asked == []


async def test_an_unknown_cluster_is_refused(fleet: Fleet) -> None:
    unknown = "00000000-0000-4000-8000-00000000dead"
    refused(await fleet.post(cluster_ids=[unknown]), "CLUSTER_NOT_FOUND")


async def test_without_ids_every_cluster_with_a_prometheus_is_asked(fleet: Fleet) -> None:
    fleet.says(vector("1"), vector("2"), vector("3"))
    body = await fleet.ask(cluster_ids=[])
    assert set(NAMES) <= {each.cluster_name for each in body.results}


async def test_what_all_answered_is_kept(fleet: Fleet) -> None:
    fleet.says(vector("1"), vector("2"), vector("3"))
    first = await fleet.post("kept", fresh=False)
    second = await fleet.post("kept", fresh=False)
    assert [each.headers["x-cache"] for each in (first, second)] == ["MISS", "HIT"]
    assert len(fleet.collector.asked) == 3
    told = MetricAnswer.model_validate(second.json())
    assert all(each.cached for each in told.results)
    assert (told.clusters_queried, told.clusters_succeeded) == (3, 3)
    assert told.results[0].data == MetricAnswer.model_validate(first.json()).results[0].data
    assert (await fleet.post("kept")).headers["x-cache"] == "BYPASS"
    assert len(fleet.collector.asked) == 6


async def test_the_same_at_the_same_time_is_asked_once(fleet: Fleet) -> None:
    go = asyncio.Event()

    async def wait(_: Any) -> Any:
        await go.wait()
        return vector("1")

    fleet.says(wait, wait, wait)
    asks = [asyncio.ensure_future(fleet.post("together", fresh=False)) for _ in range(10)]
    await until(lambda: len(fleet.collector.asked) >= 3)
    go.set()
    answers = await asyncio.gather(*asks)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["results"][0]["data"][0]["values"][0][1] for answer in answers}) == 1
    assert len(fleet.collector.asked) == 3


async def test_a_large_answer_arrives_whole_and_one_that_does_not_fit_is_named(
    fleet: Fleet,
) -> None:
    large = b"[" + b",".join(PIECE % number for number in range(60_000)) + b"]"
    fleet.says(large, large, large)
    body = (await fleet.post()).json()
    assert [len(each["data"]) for each in body["results"]] == [60_000] * 3
    assert body["results"][2]["data"][-1]["metric"] == {"pod": "059999"}
    huge = b"[" + b" " * (64 * 1024 * 1024) + b"]"
    fleet.says(huge, vector("1"), huge)
    answer = await fleet.ask(timeout=60)
    assert [each.code for each in answer.missing] == ["LIMIT_REACHED"]
    assert answer.clusters_succeeded == 2


async def test_names_of_all_clusters_are_told_once_and_in_order(fleet: Fleet) -> None:
    fleet.says(["job", "__name__"], ["job", "pod"], [], kind="")
    labels = await fleet.get(MetricNames, "labels")
    assert labels.data == ["__name__", "job", "pod"]
    assert {asked.what for _, asked in fleet.collector.asked} == {Described.LABELS}  # pyright: ignore[reportAttributeAccessIssue]
    values = await fleet.get(MetricNames, "label/job/values", limit=1, **{"match[]": ["up"]})
    assert values.data == ["__name__"]
    _, asked = fleet.collector.asked[-1]
    assert isinstance(asked, DescribeMetrics)
    assert (asked.what, asked.label, asked.match) == (Described.LABEL_VALUES, "job", ("up",))


async def test_series_say_whose_they_are(fleet: Fleet) -> None:
    fleet.says([{"a": "1"}], [{"a": "1", "cluster": "own"}], [])
    found = await fleet.get(MetricSeriesFound, "series", **{"match[]": ['{a!=""}', "up"]})
    assert found.data == [
        {"cluster": "metrics-1", "a": "1"},
        {"cluster": "metrics-2", "a": "1", "exported_cluster": "own"},
    ]


async def test_metadata_that_differ_are_all_told(fleet: Fleet) -> None:
    one, other = ({"type": kind, "help": "h", "unit": ""} for kind in ("gauge", "counter"))
    fleet.says({"up": [one], "b": [one]}, {"up": [one, other]}, {})
    found = await fleet.get(MetricMetadata, "metadata")
    assert found.data == {"b": [one], "up": [one, other]}


async def test_what_is_said_of_series_is_kept_and_may_be_partial(fleet: Fleet) -> None:
    url, params = f"{API}/metrics/labels", {"cluster_id": fleet.ids, "match[]": ["partial"]}
    http = fleet.platform.http
    fleet.says(["a"], unreachable(), ["b"])
    first = await http.get(url, params=params)
    assert (first.status_code, first.headers["x-cache"]) == (206, "MISS")
    assert first.json()["data"] == ["a", "b"]
    fleet.says(["a"], ["c"], ["b"])
    marks = [(await http.get(url, params=params)).headers["x-cache"] for _ in range(2)]
    assert marks == ["MISS", "HIT"]


async def test_series_need_a_selector_that_is_valid(fleet: Fleet) -> None:
    http = fleet.platform.http
    refused(await http.get(f"{API}/metrics/series"), "VALIDATION_FAILED")
    broken = await http.get(f"{API}/metrics/series", params={"match[]": "up{"})
    refused(broken, "INVALID_PROMQL")


async def test_only_who_may_is_answered(fleet: Fleet) -> None:
    async with fleet.platform.client(await fleet.platform.token()) as http:
        answer = await http.post(f"{API}/metrics/query", json={"query": "up"})
        refused(answer, "PERMISSION_DENIED")


async def test_a_token_of_some_clusters_asks_no_others(fleet: Fleet) -> None:
    fleet.says(vector("1"), vector("2"), vector("3"))
    token = await fleet.platform.token(Role.ADMIN, fleet.ids[1])
    async with fleet.platform.client(token) as http:
        url = f"{API}/metrics/query"
        refused(await http.post(url, json={"query": "up", "cluster_ids": fleet.ids}), NOT_FOUND)
        told = MetricAnswer.model_validate((await http.post(url, json={"query": "up"})).json())
    assert [each.cluster_name for each in told.results] == ["metrics-2"]
    assert {cluster for cluster, _ in fleet.collector.asked} == {fleet.ids[1]}


@pytest.mark.parametrize("path", ["series", "labels", "label/job/values", "metadata"])
async def test_no_parameter_brings_a_read_down(fleet: Fleet, path: str) -> None:
    fleet.says([], [], [])
    odd = ["", "-1", "NaN", "9" * 40, "é{", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
    names = ["match[]", "cluster_id", "start", "end", "limit", "timeout", "metric"]
    for name in names:
        for value in odd:
            url = f"{API}/metrics/{path}"
            answer = await fleet.platform.http.get(url, params={"match[]": "up"} | {name: value})
            assert answer.status_code in {200, 206, 400, 404, 422, 502}, (name, value, answer.text)


async def test_no_time_brings_a_question_down(fleet: Fleet) -> None:
    fleet.says([], [], [], kind="matrix")
    odd = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-01-01T00:00:00.000001Z", None, END]
    for start in odd:
        for end in odd:
            for step in ("1s", "1w", "9999999w"):
                times: dict[str, Any] = {"start_time": start, "end_time": end, "step": step}
                for path in ("query", "query_range"):
                    answer = await fleet.post("time_test", path, **times)
                    assert answer.status_code in {200, 422}, (times, answer.text)
