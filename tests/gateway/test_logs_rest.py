"""Logs of the fleet over REST, with a collector that says what each cluster's Loki has."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeLogs, Direction, QueryLogs
from gateway.rest import federated
from gateway.rest.documented_logs import LogsAnswer, NamesAnswer
from services.runtime.principals import Role
from tests.gateway.collecting import FakeCollector, collecting, unreachable
from tests.kit.gateway import API, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LOKI = {"loki_url": "https://loki.example.invalid:3100"}
MOMENT = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
WINDOW = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
FRESH = {"cache-control": "no-cache"}
FAULTS = [
    unreachable(),
    Refused(Code.UPSTREAM_FAILED, "it answered with HTML"),
    Refused(Code.CREDENTIALS_INVALID, "it refuses the token"),
    Refused(Code.LIMIT_REACHED, "more than 16 MiB"),
    Refused(Code.RATE_LIMITED, "it wants less", {"retry_after": 3}),
    b"<html>",
    b'[{"stream": {"app": "a"}, "values": [["1", ',
]


class Fleet:
    """Three clusters with a Loki, one at the far edge, and their collector."""

    def __init__(self, platform: Platform, collector: FakeCollector, ids: list[str]) -> None:
        self.platform, self.collector = platform, collector
        self.ids, self.far = ids[:3], ids[3]

    def says(self, *replies: Any, kind: str = "streams", **told: Any) -> None:
        """What the three say."""
        self.collector.says(kind=kind, **told, **dict(zip(self.ids, replies, strict=False)))

    async def post(self, path: str = "query", **body: Any) -> httpx.Response:
        """Ask the three, unless others are named; past the cache."""
        wanted = {"query": '{app="a"}', "cluster_ids": self.ids, **WINDOW} | body
        return await self.platform.http.post(f"{API}/logs/{path}", json=wanted, headers=FRESH)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask for names of the three."""
        query = {"cluster_id": self.ids} | query
        return await self.platform.http.get(f"{API}/logs/{path}", params=query, headers=FRESH)


@pytest.fixture(scope="module")
async def fleet(platform: Platform) -> AsyncGenerator[Fleet]:
    ids: list[str] = []
    for name in ("logs-1", "logs-2", "logs-3"):
        ids.append((await platform.register(name=name, endpoints=LOKI))["id"])  # noqa: PERF401
    far = await platform.register(name="logs-far", cluster_type="FAR_EDGE", endpoints=LOKI)
    async with collecting(platform, QueryLogs, DescribeLogs) as collector:
        yield Fleet(platform, collector, [*ids, far["id"]])


def stream(*lines: tuple[int, str], **labels: str) -> dict[str, Any]:
    return {"stream": labels, "values": [[str(MOMENT + ns), text] for ns, text in lines]}


async def test_lines_of_all_clusters_come_in_time_order(fleet: Fleet) -> None:
    fleet.says([stream((30, "c"), (10, "a"), app="a")], [stream((40, "d"))], [stream((20, "b"))])
    answer = await fleet.post(limit=3)
    assert answer.status_code == 200, answer.text
    body = LogsAnswer.model_validate(answer.json())
    assert [entry.message for entry in body.entries] == ["d", "c", "b"]
    assert [entry.cluster_name for entry in body.entries] == ["logs-2", "logs-1", "logs-3"]
    assert body.entries[1].timestamp == "2026-01-01T00:00:00.000000030Z"
    assert body.entries[1].stream == {"app": "a"}
    assert (body.clusters_queried, body.clusters_succeeded, body.missing) == (3, 3, [])
    assert {result.result_type for result in body.results} == {"STREAMS"}


async def test_a_question_reaches_every_cluster_as_it_was_put(fleet: Fleet) -> None:
    fleet.says([], [], [])
    await fleet.post("query_range", limit=7, direction="FORWARD", step="5m")
    assert {cluster for cluster, _ in fleet.collector.asked} == set(fleet.ids)
    for _, asked in fleet.collector.asked:
        assert isinstance(asked, QueryLogs)
        assert (asked.query, asked.limit, asked.step_seconds) == ('{app="a"}', 7, 300.0)
        assert asked.direction is Direction.FORWARD
        assert asked.model_dump(mode="json")["start"] == WINDOW["start_time"]


async def test_without_times_it_is_the_last_hour(fleet: Fleet) -> None:
    fleet.says([], [], [])
    await fleet.post(start_time=None, end_time=None)
    asked = fleet.collector.asked[0][1]
    assert isinstance(asked, QueryLogs)
    assert (asked.end - asked.start).total_seconds() == 3600
    assert abs((fleet.platform.gate.clock.now() - asked.end).total_seconds()) < 60
    assert (asked.limit, asked.direction) == (100, Direction.BACKWARD)


async def test_metrics_of_lines_are_told_by_cluster(fleet: Fleet) -> None:
    matrix = [{"metric": {"app": "a"}, "values": [[1.0, "2"], [61.0, "3"]]}]
    fleet.says(matrix, matrix, [], kind="matrix")
    body = LogsAnswer.model_validate((await fleet.post("query_range")).json())
    assert body.entries == []
    assert [result.result_type for result in body.results] == ["MATRIX"] * 3
    assert body.results[0].data[0].values == [(1.0, "2"), (61.0, "3")]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_a_faulty_cluster_is_named_and_the_others_lines_arrive(
    fleet: Fleet, fault: Any
) -> None:
    fleet.says([stream((1, "a"))], fault, [stream((2, "b"))])
    answer = await fleet.post()
    assert answer.status_code == 206, answer.text
    body = LogsAnswer.model_validate(answer.json())
    assert [entry.message for entry in body.entries] == ["b", "a"]
    (missing,) = body.missing
    assert (str(missing.cluster_id), missing.cluster_name) == (fleet.ids[1], "logs-2")
    expected = fault.code.name if isinstance(fault, Refused) else "UPSTREAM_FAILED"
    assert missing.code == expected
    assert missing.reason
    assert (body.clusters_queried, body.clusters_succeeded) == (3, 2)
    assert [result.status for result in body.results] == ["SUCCESS", "ERROR", "SUCCESS"]


async def test_when_no_cluster_answers_it_is_502_and_says_of_each_why(fleet: Fleet) -> None:
    fleet.says(unreachable(), b"<html>", Refused(Code.CREDENTIALS_INVALID, "it refuses the token"))
    error = refused(await fleet.post(), "UPSTREAM_FAILED")
    codes = [each["code"] for each in error["details"]["missing"]]
    assert codes == ["CLUSTER_UNREACHABLE", "UPSTREAM_FAILED", "CREDENTIALS_INVALID"]
    assert [each["status"] for each in error["details"]["results"]] == ["ERROR"] * 3


async def test_when_all_are_late_it_is_504(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(federated, "SECONDS", 0.3)
    fleet.says(hang, hang, hang)
    error = refused(await fleet.post(), "QUERY_TIMEOUT")
    assert {each["code"] for each in error["details"]["missing"]} == {"QUERY_TIMEOUT"}
    fleet.says(hang, [stream((1, "a"))], hang)
    answer = await fleet.post()
    assert answer.status_code == 206
    body = answer.json()
    assert [entry["message"] for entry in body["entries"]] == ["a"]
    assert [each["status"] for each in body["results"]] == ["TIMEOUT", "SUCCESS", "TIMEOUT"]


async def test_logql_that_every_loki_refuses_is_the_askers_fault(fleet: Fleet) -> None:
    wrong = Refused(Code.INVALID_LOGQL, "parse error at line 1, col 3")
    fleet.says(wrong, wrong, wrong)
    answer = await fleet.post(query="{{")
    assert answer.status_code == 400
    assert "col 3" in refused(answer, "INVALID_LOGQL")["message"]


async def test_a_cluster_that_warns_has_answered(fleet: Fleet) -> None:
    fleet.says([stream((1, "a"))], [], [], warnings=("one ingester is away",))
    answer = await fleet.post()
    assert answer.status_code == 200
    result = answer.json()["results"][0]
    assert "logs-1: one ingester is away" in answer.json()["warnings"]
    assert (result["status"], result["warnings"]) == ("PARTIAL", ["one ingester is away"])


async def test_a_cluster_at_the_far_edge_has_no_logs(fleet: Fleet) -> None:
    fleet.says([stream((1, "a"))], [], [])
    body = (await fleet.post(cluster_ids=[fleet.ids[0], fleet.far])).json()
    assert [each["cluster_name"] for each in body["missing"]] == ["logs-far"]
    assert "metrics only" in body["missing"][0]["reason"]
    everywhere = await fleet.post(cluster_ids=[])
    assert everywhere.status_code == 200, everywhere.text
    assert fleet.far not in {cluster for cluster, _ in fleet.collector.asked}


async def test_names_are_a_sorted_union_of_those_who_answer(fleet: Fleet) -> None:
    fleet.says(["pod", "app"], unreachable(), ["app", "node"])
    answer = await fleet.get("labels", query='{app="a"}', **WINDOW)
    assert answer.status_code == 206
    body = NamesAnswer.model_validate(answer.json())
    assert body.data == ["app", "node", "pod"]
    assert [each.cluster_name for each in body.missing] == ["logs-2"]
    asked = fleet.collector.asked[0][1]
    assert isinstance(asked, DescribeLogs)
    assert (asked.what, asked.query) == (Described.LABELS, '{app="a"}')


async def test_values_of_a_label_may_be_of_any_name(fleet: Fleet) -> None:
    fleet.says(["b"], ["a"], None)
    answer = await fleet.get("label/na%C3%AFve.label/values")
    assert answer.json()["data"] == ["a", "b"]
    asked = fleet.collector.asked[0][1]
    assert isinstance(asked, DescribeLogs)
    assert (asked.what, asked.label) == (Described.LABEL_VALUES, "naïve.label")
    assert (asked.start, asked.end) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": ""},
        {"query": "x" * 65_537},
        {"limit": 0},
        {"limit": 5001},
        {"direction": "SIDEWAYS"},
        {"start_time": "2026-01-01T02:00:00Z"},
        {"start_time": "2026-01-01T00:00:00"},
        {"end_time": "0001-01-01T00:00:00Z", "start_time": None},
        {"end_time": "0001-01-01T00:00:00+14:00", "start_time": None},
        {"cluster_ids": ["x"]},
        {"unknown": 1},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
async def test_a_question_that_cannot_be_meant_is_refused(
    fleet: Fleet, wrong: dict[str, Any]
) -> None:
    fleet.says([], [], [])
    refused(await fleet.post(**wrong), "VALIDATION_FAILED")
    refused(await fleet.post("query_range", **wrong), "VALIDATION_FAILED")
    assert fleet.collector.asked == []


@pytest.mark.parametrize("step", ["", "0s", "5", "5x", "-1m", "1.5h", "99999999h"])
async def test_a_step_is_a_duration(fleet: Fleet, step: str) -> None:
    refused(await fleet.post("query_range", step=step), "VALIDATION_FAILED")


async def test_a_cluster_that_there_is_not_is_told(fleet: Fleet) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    refused(await fleet.post(cluster_ids=[unknown]), "CLUSTER_NOT_FOUND")
    refused(await fleet.get("labels", cluster_id=unknown), "CLUSTER_NOT_FOUND")
    refused(await fleet.get("labels", cluster_id="x"), "VALIDATION_FAILED")


async def test_a_token_for_some_clusters_reads_only_these(fleet: Fleet) -> None:
    fleet.says([stream((1, "a"))], [stream((2, "b"))], [])
    mine, others = fleet.ids[0], fleet.ids[1]
    token = await fleet.platform.token(Role.ADMIN, mine)
    async with fleet.platform.client(token) as client:
        body = {"query": "{}", **WINDOW}
        answer = await client.post(f"{API}/logs/query", json=body)
        assert [entry["message"] for entry in answer.json()["entries"]] == ["a"]
        body["cluster_ids"] = [mine, others]  # pyright: ignore[reportArgumentType]
        refused(await client.post(f"{API}/logs/query", json=body), "CLUSTER_NOT_FOUND")
    async with fleet.platform.client() as stranger:
        refused(await stranger.get(f"{API}/logs/labels"), "AUTH_FAILED")
    async with fleet.platform.client(await fleet.platform.token(Role.INGEST)) as ingest:
        refused(await ingest.get(f"{API}/logs/labels"), "PERMISSION_DENIED")
