"""Logs of a cluster: asked of a simulated Loki over TLS, and of others that are ill."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.clusters import Checked
from contracts.refusals import Code
from contracts.telemetry import (
    Budget,
    Described,
    DescribeLogs,
    Direction,
    QueryLogs,
)
from services.telemetry.handlers_logs import describe_logs, query_logs
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import FAULTY, Routes, behind, ill, simulated

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {QueryLogs: query_logs, DescribeLogs: describe_logs}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BILLING = '{app="billing"}'
SMALL = Budget(bytes=20_000)
EMPTY = answer(b'{"status":"success","data":{"resultType":"streams","result":[]}}')


def lines(query: str = BILLING, minutes: float = 1, **more: object) -> QueryLogs:
    told = {"query": query, "start": NOON - timedelta(minutes=minutes), "end": NOON, **more}
    return QueryLogs.model_validate(told)


async def test_lines_come_as_loki_gives_them(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        streams, told = await asks.whole(lines(limit=5_000))
        assert told["kind"] == "streams"
        assert told["count"] == len(streams) > 3
        assert told["took_ms"] > 0
        assert {each["stream"]["app"] for each in streams} == {"billing"}
        times = [int(at) for each in streams for at, _ in each["values"]]
        first = int((NOON - timedelta(minutes=1)).timestamp()) * 10**9
        assert first <= min(times) < max(times) < first + 60 * 10**9
        few, _ = await asks.whole(lines(limit=2, direction=Direction.FORWARD))
        assert sorted(int(at) for each in few for at, _ in each["values"]) == sorted(times)[:2]


async def test_metrics_of_lines_come_as_a_matrix(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        query = f"sum by (pod) (count_over_time({BILLING}[1m]))"
        series, told = await asks.whole(lines(query, step_seconds=30))
    assert (told["kind"], told["count"]) == ("matrix", len(series))
    assert {len(each["values"]) for each in series} == {3}


async def test_a_query_that_is_too_long_for_a_url_goes_as_a_form(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        long = BILLING + ' != "nothing"' * 1_000
        streams, _ = await asks.whole(lines(long))
        assert streams


async def test_labels_values_and_series_are_told(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        labels, told = await asks.whole(DescribeLogs(what=Described.LABELS, start=NOON))
        assert {"namespace", "pod"} <= set(labels)
        assert told["count"] == len(labels)
        values, _ = await asks.whole(
            DescribeLogs(what=Described.LABEL_VALUES, label="app", query=BILLING)
        )
        assert values == ["billing"]
        series, told = await asks.whole(DescribeLogs(what=Described.SERIES, query=BILLING))
        assert told["count"] == len(series) > 3
        for what in (Described.RULES, Described.LABEL_VALUES):
            refused = await asks.refused(DescribeLogs(what=what))
            assert refused.code is Code.VALIDATION_FAILED


async def test_what_is_wrong_with_a_query_is_told_in_lokis_words(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        refused = await asks.refused(lines("{namespace"))
        assert refused.code is Code.INVALID_LOGQL
        assert "parse error at line 1" in refused.message
    rude = answer(b"parse error\x1b[31m\r\nat " + b"x" * 5_000, "400 Bad Request")
    async with behind(collector, ROUTES, Checked.LOKI, says(rude)) as (asks, _):
        refused = await asks.refused(lines())
        assert refused.code is Code.INVALID_LOGQL
        assert len(refused.message) < 320


async def test_a_label_of_dots_is_no_way_up_and_a_long_step_is_a_duration_of_go(
    collector: Collector,
) -> None:
    good = says(answer(b'{"status":"success","data":[]}'))
    async with behind(collector, ROUTES, Checked.LOKI, good) as (asks, origin):
        await asks.whole(DescribeLogs(what=Described.LABEL_VALUES, label=".."))
        assert "/loki/api/v1/label/%2E%2E/values" in origin.heads[-1]
    series = says(answer(b'{"status":"success","data":{"resultType":"matrix","result":[]}}'))
    async with behind(collector, ROUTES, Checked.LOKI, series) as (asks, origin):
        await asks.whole(lines("rate({a=~`.+`}[1m])", step_seconds=1_209_600))
        assert "step=1209600.000s" in origin.heads[-1]


async def test_plain_http_where_tls_is_expected_is_not_taken_for_a_wrong_query(
    collector: Collector,
) -> None:
    told = answer(b"Client sent an HTTP request to an HTTPS server.\n", "400 Bad Request")
    async with behind(collector, ROUTES, Checked.LOKI, says(told)) as (asks, _):
        refused = await asks.refused(lines())
    assert refused.code is Code.UPSTREAM_FAILED
    assert "begins with https" in refused.message


async def test_a_wrong_token_is_a_matter_of_credentials(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI, token="not-this-one") as asks:
        refused = await asks.refused(lines())
    assert refused.code is Code.CREDENTIALS_INVALID
    assert "not-this-one" not in refused.message


async def test_more_streams_than_allowed_are_refused(collector: Collector) -> None:
    async with simulated(collector, ROUTES, Checked.LOKI) as asks:
        refused = await asks.refused(lines(budget=Budget(series=2)))
        assert refused.code is Code.LIMIT_REACHED
        labels = DescribeLogs(what=Described.LABELS, budget=Budget(series=2))
        assert (await asks.refused(labels)).code is Code.LIMIT_REACHED


async def test_a_loki_behind_a_path_hears_whose_data_is_meant(collector: Collector) -> None:
    async with behind(collector, ROUTES, Checked.LOKI, says(EMPTY), "team-a") as (asks, origin):
        found, told = await asks.whole(lines())
    assert (found, told["count"]) == ([], 0)
    assert origin.heads[0].startswith("GET /prefix/loki/api/v1/query_range?query=")
    assert origin.header("x-scope-orgid") == "team-a"
    assert origin.header("authorization") == "Bearer its-token"


async def test_an_answer_without_data_has_no_labels(collector: Collector) -> None:
    nothing = says(answer(b'{"status":"success"}'))
    async with behind(collector, ROUTES, Checked.LOKI, nothing) as (asks, _):
        assert (await asks.whole(DescribeLogs(what=Described.LABELS)))[0] == []


@pytest.mark.parametrize("how", FAULTY)
@pytest.mark.parametrize(
    "query",
    [lines(budget=SMALL), DescribeLogs(what=Described.LABELS, budget=SMALL)],
    ids=["q", "d"],
)
async def test_an_ill_loki_is_told_as_such(
    collector: Collector, how: str, query: QueryLogs | DescribeLogs
) -> None:
    async with behind(collector, ROUTES, Checked.LOKI, ill(how)) as (asks, _):
        refused = await asks.refused(query, 5)
        assert refused.code is FAULTY[how][1], refused.message
        assert "Loki" in refused.message


async def test_an_answer_made_of_nothing_but_streams_is_not_taken_apart(
    collector: Collector,
) -> None:
    bomb = b'{"status":"success","data":{"resultType":"streams","result":[%s{}]}}'
    many = answer(bomb % (b'{"stream":{},"values":[]},' * 200_000))
    async with behind(collector, ROUTES, Checked.LOKI, says(many)) as (asks, _):
        refused = await asks.refused(lines(budget=Budget(series=1_000)))
    assert refused.code is Code.LIMIT_REACHED
