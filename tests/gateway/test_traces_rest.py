"""Traces of the fleet over REST, with a collector that says what each cluster's Tempo has."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from gateway.rest import federated
from gateway.rest.documented_logs import NamesAnswer
from gateway.rest.documented_traces import ServiceMapAnswer, SpanList, TraceList, WholeTrace
from tests.gateway.collecting import FakeCollector, collecting, unreachable
from tests.kit.gateway import API, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TEMPO = {"tempo_url": "https://tempo.example.invalid:3200"}
START = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
WINDOW = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
FRESH = {"cache-control": "no-cache"}
TRACE = "a1".zfill(32)
MILLI = 1_000_000


class Fleet:
    """Two clusters with a Tempo, one at the far edge, and their collector."""

    def __init__(self, platform: Platform, collector: FakeCollector, ids: list[str]) -> None:
        self.platform, self.collector = platform, collector
        self.ids, self.far = ids[:2], ids[2]

    def says(self, *replies: Any) -> None:
        """What the two say."""
        self.collector.says(**dict(zip(self.ids, replies, strict=True)))

    async def search(self, **body: Any) -> httpx.Response:
        """Search in both, unless others are named; past the cache."""
        wanted = {"cluster_ids": self.ids, **WINDOW} | body
        url = f"{API}/traces/search"
        return await self.platform.http.post(url, json=wanted, headers=FRESH)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask both."""
        query = {"cluster_id": self.ids} | query
        url = f"{API}/traces/{path}"
        return await self.platform.http.get(url, params=query, headers=FRESH)


@pytest.fixture(scope="module")
async def fleet(platform: Platform) -> AsyncGenerator[Fleet]:
    one = await platform.register(name="traces-1", endpoints=TEMPO)
    two = await platform.register(name="traces-2", endpoints=TEMPO)
    far = await platform.register(name="traces-far", cluster_type="FAR_EDGE", endpoints=TEMPO)
    async with collecting(platform, SearchTraces, GetTrace, DescribeTraces) as collector:
        yield Fleet(platform, collector, [one["id"], two["id"], far["id"]])


def found(trace_id: str, after: int, **changes: Any) -> dict[str, Any]:
    return {
        "traceID": trace_id,
        "rootServiceName": "web",
        "rootTraceName": "GET /",
        "startTimeUnixNano": str(START + after),
        "durationMs": 5,
    } | changes


def span(number: int, parent: int, start: int, end: int, **changes: Any) -> dict[str, Any]:
    """A span from ``start`` to ``end`` in milliseconds."""
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": f"work {number}",
        "startTimeUnixNano": str(START + start * MILLI),
        "endTimeUnixNano": str(START + end * MILLI),
    } | changes


def batches(service: str, *spans: dict[str, Any]) -> dict[str, Any]:
    name = {"key": "service.name", "value": {"stringValue": service}}
    resource = {"attributes": [name]}
    return {"batches": [{"resource": resource, "scopeSpans": [{"spans": [*spans]}]}]}


WEB = batches("web", span(1, 0, 0, 100))
SHOP = batches("shop", span(1, 0, 0, 100), span(2, 1, 20, 80, status={"code": "STATUS_CODE_ERROR"}))


async def test_a_search_is_one_list_of_all_clusters(fleet: Fleet) -> None:
    fleet.says([found("a1", 1), found("b2", 3)], [found("c3", 2), found("a1", 4)])
    answer = await fleet.search(limit=3)
    assert answer.status_code == 200, answer.text
    body = TraceList.model_validate(answer.json())
    assert [trace.trace_id.lstrip("0") for trace in body.traces] == ["b2", "c3", "a1"]
    assert [place.cluster_name for place in body.traces[2].clusters] == ["traces-1", "traces-2"]
    assert body.traces[0].start_time == "2026-01-01T00:00:00.000000003Z"


async def test_what_is_typed_reaches_tempo_as_quoted_text(fleet: Fleet) -> None:
    fleet.says([], [])
    text = '"} || {name="x'
    await fleet.search(service_name="pay.*", operation_name=text, tags={"http.route": text})
    asked = fleet.collector.asked[0][1]
    assert isinstance(asked, SearchTraces)
    assert asked.traceql == (
        r'{ resource.service.name =~ "^pay\\..*$" && name = "\"} || {name=\"x"'
        r' && .http.route = "\"} || {name=\"x" }'
    )
    assert (asked.limit, asked.tags) == (20, {})


async def test_traceql_goes_as_it_is_and_alone(fleet: Fleet) -> None:
    fleet.says([], [])
    await fleet.search(traceql="{ status = error }")
    asked = fleet.collector.asked[0][1]
    assert isinstance(asked, SearchTraces)
    assert asked.traceql == "{ status = error }"
    refused(await fleet.search(traceql="{}", service_name="x"), "VALIDATION_FAILED")
    wrong = Refused(Code.INVALID_TRACEQL, "parse error at col 1")
    fleet.says(wrong, wrong)
    assert (await fleet.search(traceql="{{")).status_code == 400


async def test_a_search_by_id_says_what_the_trace_is(fleet: Fleet) -> None:
    fleet.says(WEB, SHOP)
    (trace,) = TraceList.model_validate((await fleet.search(trace_id="A1")).json()).traces
    assert (trace.trace_id, trace.span_count, trace.has_errors) == (TRACE, 2, True)
    fleet.says(b"", {})
    assert (await fleet.search(trace_id="a1")).json()["traces"] == []
    refused(await fleet.search(trace_id="a1", service_name="x"), "VALIDATION_FAILED")


async def test_a_trace_is_put_together_from_all_clusters(fleet: Fleet) -> None:
    fleet.says(WEB, SHOP)
    answer = await fleet.get("A1")
    assert answer.status_code == 200, answer.text
    trace = WholeTrace.model_validate(answer.json())
    assert (trace.trace_id, trace.root_service, trace.cluster_name) == (TRACE, "web", "traces-1")
    assert (trace.duration_ms, trace.span_count, trace.service_count) == (100.0, 2, 2)
    places = [(each.service_name, each.cluster_name, each.status.value) for each in trace.spans]
    assert places == [("web", "traces-1", "UNSET"), ("shop", "traces-2", "ERROR")]
    path = [(each.span_id[-1], each.duration_ms) for each in trace.critical_path]
    assert path == [("1", 20.0), ("2", 60.0), ("1", 20.0)]


@pytest.mark.parametrize(
    "fault", [unreachable(), Refused(Code.LIMIT_REACHED, "more than 16 MiB"), b"<html>"], ids=repr
)
async def test_a_faulty_cluster_is_named_and_the_others_spans_arrive(
    fleet: Fleet, fault: Any
) -> None:
    fleet.says(fault, SHOP)
    answer = await fleet.get("a1")
    assert answer.status_code == 206
    trace = WholeTrace.model_validate(answer.json())
    assert trace.span_count == 2
    assert [each.cluster_name for each in trace.missing] == ["traces-1"]


async def test_a_trace_that_nobody_has_is_not_found_and_says_who_could_not_say(
    fleet: Fleet,
) -> None:
    fleet.says(b"", b"{}")
    refused(await fleet.get("a1"), "NOT_FOUND")
    fleet.says(unreachable(), b"{}")
    error = refused(await fleet.get("a1"), "NOT_FOUND")
    assert "1 have not answered" in error["message"]
    assert error["details"]["missing"][0]["cluster_name"] == "traces-1"
    fleet.says(unreachable(), unreachable())
    refused(await fleet.get("a1"), "UPSTREAM_FAILED")


async def test_spans_come_in_pages(fleet: Fleet) -> None:
    spans = [span(n, n - 1, n, 100) for n in range(1, 6)]
    fleet.says(batches("web", *spans[:3]), batches("shop", *spans[2:]))
    answer = await fleet.get("a1/spans", page=2, page_size=2)
    body = SpanList.model_validate(answer.json())
    assert [each.span_id[-1] for each in body.items] == ["3", "4"]
    assert (body.total, body.total_pages, body.page) == (5, 3, 2)


async def test_services_and_operations_are_sorted_unions(fleet: Fleet) -> None:
    fleet.says(["web", "shop"], ["shop", "auth"])
    answer = await fleet.get("services")
    assert NamesAnswer.model_validate(answer.json()).data == ["auth", "shop", "web"]
    await fleet.get("operations", service_name="shop")
    asked = [query for _, query in fleet.collector.asked if isinstance(query, DescribeTraces)]
    assert (asked[0].attribute, asked[0].service) == ("service.name", None)
    assert (asked[-1].attribute, asked[-1].service) == ("name", "shop")


async def test_the_service_map_counts_the_calls_of_the_traces_found(fleet: Fleet) -> None:
    def one(query: Query) -> Any:
        return [found("a1", 1), found("b2", 2)] if isinstance(query, SearchTraces) else WEB

    def two(query: Query) -> Any:
        return [found("a1", 1)] if isinstance(query, SearchTraces) else SHOP

    fleet.says(one, two)
    answer = await fleet.get("service-map", **WINDOW)
    assert answer.status_code == 200, answer.text
    body = ServiceMapAnswer.model_validate(answer.json())
    (edge,) = body.edges
    assert (edge.caller, edge.callee, edge.calls, edge.errors) == ("web", "shop", 1, 1)
    assert (edge.p50_ms, edge.p95_ms) == (60.0, 60.0)
    assert [node.name for node in body.nodes] == ["shop", "web"]
    assert (body.traces_found, body.traces_read) == (2, 2)


async def test_a_cluster_whose_traces_cannot_be_read_is_missing_from_the_map(
    fleet: Fleet,
) -> None:
    def broken(query: Query) -> Any:
        return [found("b2", 2)] if isinstance(query, SearchTraces) else unreachable()

    def whole(query: Query) -> Any:
        return [found("a1", 1)] if isinstance(query, SearchTraces) else SHOP

    fleet.says(broken, whole)
    answer = await fleet.get("service-map", **WINDOW)
    assert answer.status_code == 206
    body = answer.json()
    assert [each["cluster_name"] for each in body["missing"]] == ["traces-1"]
    assert (body["traces_found"], body["traces_read"]) == (2, 1)


async def test_when_all_are_late_it_is_504(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(federated, "SECONDS", 0.3)
    fleet.says(hang, hang)
    for path in ("a1", "a1/spans", "services", "operations", "service-map"):
        refused(await fleet.get(path), "QUERY_TIMEOUT")
    refused(await fleet.search(), "QUERY_TIMEOUT")


async def test_a_cluster_at_the_far_edge_has_no_traces(fleet: Fleet) -> None:
    fleet.says([found("a1", 1)], [])
    body = (await fleet.search(cluster_ids=[fleet.ids[0], fleet.far])).json()
    assert [each["cluster_name"] for each in body["missing"]] == ["traces-far"]
    assert fleet.far not in {cluster for cluster, _ in fleet.collector.asked}


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"trace_id": "xyz"},
        {"trace_id": "a" * 33},
        {"tags": {"a b": "x"}},
        {"tags": {"a = 1 || b": "x"}},
        {"min_duration_ms": -1},
        {"min_duration_ms": 10, "max_duration_ms": 5},
        {"start_time": "2026-01-01T02:00:00Z"},
        {"service_name": ""},
        {"unknown": 1},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
async def test_a_search_that_cannot_be_meant_is_refused(
    fleet: Fleet, wrong: dict[str, Any]
) -> None:
    fleet.says([], [])
    refused(await fleet.search(**wrong), "VALIDATION_FAILED")
    assert fleet.collector.asked == []


@pytest.mark.parametrize("trace_id", ["xyz", "a" * 33, "a.b", "%20", "*"])
async def test_an_id_that_is_none_is_refused(fleet: Fleet, trace_id: str) -> None:
    refused(await fleet.get(trace_id), "VALIDATION_FAILED")
    refused(await fleet.get(f"{trace_id}/spans"), "VALIDATION_FAILED")
