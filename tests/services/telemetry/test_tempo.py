"""Traces of a cluster: asked of a simulated Tempo over TLS, and of others that are ill."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.clusters import Checked
from contracts.envelope import Query
from contracts.refusals import Code
from contracts.telemetry import Budget, DescribeTraces, GetTrace, SearchTraces
from services.telemetry.handlers_traces import describe_traces, get_trace, search_traces
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import FAULTY, Routes, behind, ill, simulated

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {
    SearchTraces: search_traces,
    GetTrace: get_trace,
    DescribeTraces: describe_traces,
}
SMALL = Budget(bytes=20_000)
NOTHING = GetTrace(trace_id="abc", budget=SMALL)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the simulator is asked about what is kept today


async def test_traces_are_found_by_traceql_and_by_tags(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        start, end = now() - timedelta(hours=2), now() - timedelta(minutes=1)
        of_time = SearchTraces(limit=200, start=start, end=end)
        query = '{ resource.service.name = "billing" && status = error }'
        found, told = await asks.whole(of_time.model_copy(update={"traceql": query}))
        assert told["count"] == len(found) > 10
        tags = {"service.name": "billing", "http.response.status_code": "500"}
        tagged, _ = await asks.whole(of_time.model_copy(update={"tags": tags}))
        assert [each["traceID"] for each in tagged] == [each["traceID"] for each in found]
        slow, _ = await asks.whole(of_time.model_copy(update={"min_duration_ms": 300}))
        assert all(each["durationMs"] >= 300 for each in slow)
        odd = of_time.model_copy(update={"tags": {"name": 'charge "the" card = 1'}})
        assert (await asks.whole(odd))[0] == []


async def test_one_end_of_a_time_is_enough(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        since, _ = await asks.whole(SearchTraces(start=now() - timedelta(minutes=5)))
        until, _ = await asks.whole(SearchTraces(end=now() - timedelta(minutes=5)))
    assert since
    assert until


async def test_a_whole_trace_comes_as_tempo_gives_it(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        ((first, *_), _) = await asks.whole(SearchTraces())
        trace, told = await asks.whole(GetTrace(trace_id=first["traceID"]))
        assert told["count"] == 1
        assert len(trace["batches"]) == 5
        assert trace["batches"][0]["scopeSpans"][0]["spans"]
        assert await asks.whole(GetTrace(trace_id="1234")) == (
            {"batches": []},
            {
                "kind": "",
                "count": 0,
                "warnings": [],
                "infos": [],
                "took_ms": pytest.approx(0, abs=1e4),
            },
        )


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'{"resourceSpans": [ {"scopeSpans": []}]}', 1),
        (b'{"trace":{"resourceSpans":[{}]},"metrics":{}}', 1),
        (b'{"batches":[]}', 0),
        (b"{}", 0),
    ],
)
async def test_traces_of_other_versions_are_understood(
    collector: Collector, body: bytes, count: int
) -> None:
    async with behind(collector, ROUTES, Checked.TEMPO, says(answer(body))) as (asks, origin):
        _, told = await asks.whole(NOTHING)
    assert told["count"] == count
    assert origin.heads[0].startswith("GET /prefix/api/traces/abc ")


async def test_values_of_an_attribute_are_told(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        services, told = await asks.whole(DescribeTraces(attribute="service.name"))
        assert services == ["billing", "gateway", "inventory", "orders", "shop"]
        assert told["count"] == 5
        names, told = await asks.whole(DescribeTraces(attribute="name", service="billing"))
        assert names == ["charge card", "write invoice"]
        assert told["warnings"] == []


async def test_an_old_tempo_tells_values_of_all_services_and_says_so(collector: Collector) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        new = "/api/v2/" in origin.heads[-1]
        old = answer(b'{"tagValues":["a","b"]}')
        writer.write(answer(b"404 page not found", "404 Not Found") if new else old)
        await writer.drain()

    async with behind(collector, ROUTES, Checked.TEMPO, old) as (asks, origin):
        found, told = await asks.whole(DescribeTraces(attribute="http.url", service="a"))
        assert found == ["a", "b"]
        assert len(told["warnings"]) == 1
        paths = [head.split(" ")[1].partition("?")[0] for head in origin.heads]
    assert paths == [
        "/prefix/api/v2/search/tag/.http.url/values",
        "/prefix/api/search/tag/http.url/values",
    ]


async def test_a_path_that_is_not_there_is_not_taken_for_a_trace_that_is_not(
    collector: Collector,
) -> None:
    for body in (b"404 page not found\n", b"<html>nothing here</html>"):
        gone = says(answer(body, "404 Not Found"))
        async with behind(collector, ROUTES, Checked.TEMPO, gone) as (asks, _):
            refused = await asks.refused(GetTrace(trace_id="ab" * 16))
            assert refused.code is Code.UPSTREAM_FAILED
    unknown = says(answer(b"trace not found\n", "404 Not Found"))
    async with behind(collector, ROUTES, Checked.TEMPO, unknown) as (asks, _):
        assert (await asks.whole(GetTrace(trace_id="ab" * 16)))[1]["count"] == 0


async def test_what_is_wrong_with_a_query_is_told_in_tempos_words(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        refused = await asks.refused(SearchTraces(traceql="{ nothing = 1 }"))
        assert refused.code is Code.INVALID_TRACEQL
        assert "parse error at line 1" in refused.message
        for both in (
            SearchTraces(traceql="{ }", min_duration_ms=1),
            SearchTraces(tags={"a b": "c"}),
        ):
            assert (await asks.refused(both)).code is Code.VALIDATION_FAILED


async def test_more_traces_than_allowed_are_refused(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.TEMPO) as asks:
        refused = await asks.refused(SearchTraces(budget=Budget(series=2)))
        assert refused.code is Code.LIMIT_REACHED
        small = SearchTraces(limit=200, budget=Budget(bytes=1_024))
        assert (await asks.refused(small)).code is Code.LIMIT_REACHED


@pytest.mark.parametrize(
    "query",
    [
        SearchTraces(budget=SMALL),
        NOTHING,
        DescribeTraces(attribute="service.name", budget=SMALL),
    ],
    ids=["search", "get", "describe"],
)
@pytest.mark.parametrize("how", sorted(FAULTY.keys() - {"404", "wrong shape"}))
async def test_an_ill_tempo_is_told_as_such(collector: Collector, how: str, query: Query) -> None:
    async with behind(collector, ROUTES, Checked.TEMPO, ill(how)) as (asks, _):
        refused = await asks.refused(query, 5)
        assert refused.code is FAULTY[how][1], refused.message
        assert "Tempo" in refused.message


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (SearchTraces(), b'{"traces":7}'),
        (SearchTraces(), b'{"traces":[{"id":1}]}'),
        (NOTHING, b'{"batches":{}}'),
        (NOTHING, b'{"batches":[1]}'),
        (NOTHING, b'{"spans":[]}'),
        (DescribeTraces(attribute="a"), b'{"tagValues":[{"type":"string"}]}'),
    ],
)
async def test_an_answer_of_another_shape_is_not_passed_on(
    collector: Collector, query: Query, body: bytes
) -> None:
    async with behind(collector, ROUTES, Checked.TEMPO, says(answer(body))) as (asks, _):
        assert (await asks.refused(query)).code is Code.UPSTREAM_FAILED
