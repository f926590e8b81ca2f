"""The HTTP API of a simulated Tempo."""

import base64

import pytest

from deploy.simulator.cluster import Part
from services.runtime.kube.names import stem
from tests.deploy.simulator.telling import NOON_S, Json, Told, telling

pytestmark = pytest.mark.anyio

SEARCH = "/api/search"
LAST = {"start": NOON_S - 3600, "end": NOON_S, "limit": 1000}
SERVICES = {"gateway", "shop", "orders", "inventory", "billing"}


async def found(told: Told, **params: object) -> list[Json]:
    return (await told.get(SEARCH, **(LAST | params)))["traces"]


async def test_traces_of_a_time_are_found_newest_first() -> None:
    async with telling(Part.TEMPO) as told:
        traces = await found(told)
        assert len(traces) == 360
        starts = [int(each["startTimeUnixNano"]) for each in traces]
        assert starts == sorted(starts, reverse=True)
        assert {each["rootServiceName"] for each in traces} == {"gateway"}
        assert await found(told, limit=20) == traces[:20]
        recent = await told.get(SEARCH)
        assert [each["traceID"] for each in recent["traces"]] == [
            each["traceID"] for each in traces[:20]
        ]


async def test_a_whole_trace_is_told_by_service_and_has_one_root() -> None:
    async with telling(Part.TEMPO) as told:
        for summary in (await found(told))[:50]:
            batches = (await told.get(f"/api/traces/{summary['traceID']}"))["batches"]
            named = {
                each["value"]["stringValue"]
                for batch in batches
                for each in batch["resource"]["attributes"]
                if each["key"] == "service.name"
            }
            assert named == SERVICES
            spans = [one for b in batches for scope in b["scopeSpans"] for one in scope["spans"]]
            ids = {each["spanId"] for each in spans}
            roots = [each for each in spans if "parentSpanId" not in each]
            assert len(roots) == 1
            assert {each["parentSpanId"] for each in spans if each not in roots} <= ids
            trace_id = {base64.b64decode(each["traceId"]).hex() for each in spans}
            assert {each.lstrip("0") for each in trace_id} == {summary["traceID"]}
            (root,) = roots
            took = int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"])
            assert summary["durationMs"] == took // 1_000_000


async def test_traceql_and_tags_choose_the_same_traces() -> None:
    async with telling(Part.TEMPO) as told:
        whole = await found(told)
        failed = await found(told, q='{ .service.name = "billing" && status = error }')
        assert 10 < len(failed) < len(whole) / 4
        tagged = await found(told, tags='service.name=billing http.response.status_code="500"')
        assert [each["traceID"] for each in tagged] == [each["traceID"] for each in failed]
        slow = await found(told, q="{ traceDuration > 500ms }")
        assert slow
        assert slow == [each for each in whole if each["durationMs"] >= 500]
        assert await found(told, minDuration="500ms") == slow
        quick = await found(told, maxDuration="500ms")
        assert len(quick) + len(slow) == len(whole)
        both = '{ resource.service.name = "shop" && duration > 10ms && name =~ "show.*" }'
        for each in await found(told, q=both):
            assert each["spanSet"]["matched"] >= 1
        assert await found(told, q='{ .service.name = "nobody" }') == []


async def test_values_of_attributes_are_known() -> None:
    async with telling(Part.TEMPO) as told:
        plain = await told.get("/api/search/tag/service.name/values")
        assert set(plain["tagValues"]) == SERVICES
        typed = await told.get("/api/v2/search/tag/.service.name/values")
        assert typed["tagValues"] == [
            {"type": "string", "value": name} for name in sorted(SERVICES)
        ]
        only = await told.get(
            "/api/v2/search/tag/name/values", q='{ resource.service.name = "billing" }'
        )
        assert [each["value"] for each in only["tagValues"]] == ["charge card", "write invoice"]
        assert "service.name" in (await told.get("/api/search/tags"))["tagNames"]


async def test_a_trace_that_is_not_there_is_not_found() -> None:
    async with telling(Part.TEMPO) as told:
        await told.refused("/api/traces/1234", 404)
        (one,) = (await told.get(SEARCH, limit=1))["traces"]
        told.clock.later(8 * 86_400)
        await told.refused(f"/api/traces/{one['traceID']}", 404)


@pytest.mark.parametrize(
    ("path", "params", "text"),
    [
        (SEARCH, {"q": "{"}, "invalid TraceQL query"),
        (SEARCH, {"q": "{ nothing = 1 }"}, "unexpected IDENTIFIER"),
        (SEARCH, {"q": "{ .a = 1 } | rate()"}, "parse error"),
        (SEARCH, {"q": "{ .a = 1 && }"}, "parse error"),
        (SEARCH, {"tags": "nothing"}, "logfmt"),
        (SEARCH, {"minDuration": "long"}, "invalid duration"),
        (SEARCH, {"start": 2, "end": 1}, "must be before end"),
        (SEARCH, {"start": NOON_S - 200 * 3600, "end": NOON_S}, "exceeds 168h"),
        ("/api/traces/xyz", {}, "hex"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_plain_text(
    path: str, params: dict[str, object], text: str
) -> None:
    async with telling(Part.TEMPO) as told:
        assert text in await told.refused(path, **params)


async def test_a_span_names_a_pod_of_its_own_service() -> None:
    async with telling(Part.TEMPO) as told:
        summary = (await found(told))[0]
        batches = (await told.get(f"/api/traces/{summary['traceID']}"))["batches"]
        resources = [
            {each["key"]: each["value"]["stringValue"] for each in batch["resource"]["attributes"]}
            for batch in batches
        ]
        named = {each["service.name"]: each.get("k8s.pod.name") for each in resources}
        # The gateway stands before the cluster, and is none of its pods.
        assert named.pop("gateway") is None
        assert {service: stem(pod or "") for service, pod in named.items()} == {
            service: service for service in SERVICES - {"gateway"}
        }
