"""The HTTP API of a simulated Prometheus."""

from itertools import pairwise

import pytest

from deploy.simulator.cluster import Part
from tests.deploy.simulator.telling import NOON_S, Json, telling

pytestmark = pytest.mark.anyio

QUERY, RANGE = "/api/v1/query", "/api/v1/query_range"
HOUR = {"start": NOON_S - 3600, "end": NOON_S, "step": 60}


def names(result: list[Json]) -> list[str]:
    return [each["metric"]["instance"] for each in result]


async def test_a_selector_chooses_series_by_their_labels() -> None:
    async with telling(Part.PROMETHEUS) as told:
        whole = (await told.get(QUERY, query="node_load1"))["data"]["result"]
        one = names(whole)[0]
        for matcher, wanted in (
            (f'instance="{one}"', [one]),
            (f'instance!="{one}"', names(whole)[1:]),
            ('instance=~"nothing.*"', []),
            ('job=~"node-.*",instance=~".+"', names(whole)),
            ('instance!~".+"', []),
        ):
            found = await told.get(QUERY, query=f"node_load1{{{matcher}}}")
            assert names(found["data"]["result"]) == wanted, matcher


async def test_values_change_slowly_and_are_the_same_for_the_same_seed_and_time() -> None:
    answers: list[Json] = []
    for seed in (7, 7, 8):
        async with telling(Part.PROMETHEUS, seed=seed) as told:
            answers.append(await told.get(RANGE, query="node_load1", **HOUR))
    assert answers[0] == answers[1] != answers[2]
    data = answers[0]["data"]
    assert data["resultType"] == "matrix"
    values = [float(text) for _, text in data["result"][0]["values"]]
    assert [at for at, _ in data["result"][0]["values"]] == list(
        range(NOON_S - 3600, NOON_S + 1, 60)
    )
    assert len(set(values)) > 10
    assert max(abs(a - b) for a, b in pairwise(values)) < 5


async def test_a_counter_never_falls() -> None:
    async with telling(Part.PROMETHEUS) as told:
        found = await told.get(RANGE, query="node_network_receive_bytes_total", **HOUR)
    for each in found["data"]["result"]:
        values = [float(text) for _, text in each["values"]]
        assert values == sorted(values)
        assert values[-1] > values[0]


async def test_series_are_put_together_by_their_labels() -> None:
    async with telling(Part.PROMETHEUS) as told:
        each = (await told.get(QUERY, query="up"))["data"]["result"]
        (whole,) = (await told.get(QUERY, query="sum(up)"))["data"]["result"]
        assert (whole["metric"], whole["value"][1]) == ({}, str(len(each)))
        by = await told.get(QUERY, query="count by (instance) (up)")
        assert sorted(names(by["data"]["result"])) == sorted(names(each))
        without = await told.get(QUERY, query="max without (instance) (up)")
        assert without["data"]["result"][0]["metric"] == {"job": "node-exporter"}


async def test_a_rate_is_what_a_counter_grows_by_in_a_second() -> None:
    counter = "node_network_receive_bytes_total"
    async with telling(Part.PROMETHEUS) as told:
        now = (await told.get(QUERY, query=counter))["data"]["result"]
        before = (await told.get(QUERY, query=counter, time=NOON_S - 300))["data"]["result"]
        rate = (await told.get(QUERY, query=f'rate({counter}{{device="eth0"}}[5m])'))["data"]
        grown = [
            float(a["value"][1]) - float(b["value"][1]) for a, b in zip(now, before, strict=True)
        ]
        assert all(each > 0 for each in grown)
        got = [float(each["value"][1]) for each in rate["result"]]
        assert got == pytest.approx([each / 300 for each in grown])
        assert "__name__" not in rate["result"][0]["metric"]
        whole = await told.get(QUERY, query=f"sum(increase({counter}[5m]))")
        assert float(whole["data"]["result"][0]["value"][1]) == pytest.approx(sum(grown))


async def test_a_comparison_leaves_out_what_is_not_so() -> None:
    async with telling(Part.PROMETHEUS) as told:
        every = (await told.get(QUERY, query="node_load1"))["data"]["result"]
        middle = sorted(float(each["value"][1]) for each in every)[len(every) // 2]
        wanted = [each for each in every if float(each["value"][1]) > middle]
        assert 0 < len(wanted) < len(every)
        found = await told.get(QUERY, query=f"node_load1 > {middle}")
        assert found["data"]["result"] == wanted
        assert (await told.get(QUERY, query="up == 0"))["data"]["result"] == []
        over = (await told.get(RANGE, query=f"node_load1 > {middle}", **HOUR))["data"]["result"]
        values = [float(text) for each in over for _, text in each["values"]]
        assert min(values) > middle
        assert len(values) < 61 * len(over)


async def test_usual_questions_about_a_cluster_have_answers() -> None:
    async with telling(Part.PROMETHEUS) as told:
        for query in (
            'sum(rate(container_cpu_usage_seconds_total{container!=""}[5m]))',
            "sum by (namespace) (container_memory_working_set_bytes)",
            'sum by (namespace) (kube_pod_status_ready{condition="false"})',
            "sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) >= 0",
            'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"}',
        ):
            assert (await told.get(QUERY, query=query))["data"]["result"], query


async def test_a_number_is_a_scalar() -> None:
    async with telling(Part.PROMETHEUS) as told:
        found = await told.get(QUERY, query="42")
    assert found["data"] == {"resultType": "scalar", "result": [NOON_S, "42"]}


async def test_a_form_is_as_good_as_a_query() -> None:
    async with telling(Part.PROMETHEUS) as told:
        asked = await told.http.post(RANGE, data={"query": "up", **HOUR})
        assert asked.json() == await told.get(RANGE, query="up", **HOUR)
        several = {"match[]": ["up", 'node_load1{job="node-exporter"}']}
        found = (await told.http.post("/api/v1/series", data=several)).json()["data"]
        assert {each["__name__"] for each in found} == {"up", "node_load1"}
        assert (await told.http.get("/api/v1/series", params=several)).json()["data"] == found


async def test_of_a_value_that_is_given_twice_the_first_counts() -> None:
    async with telling(Part.PROMETHEUS) as told:
        answer = await told.http.get(QUERY, params={"query": ["42", "43"]})
    assert answer.json()["data"]["result"][1] == "42"


async def test_what_there_is_can_be_listed() -> None:
    async with telling(Part.PROMETHEUS) as told:
        labels = (await told.get("/api/v1/labels"))["data"]
        assert labels == sorted(labels)
        assert {"__name__", "instance", "namespace", "pod"} <= set(labels)
        only = await told.get("/api/v1/labels", **{"match[]": "up"})
        assert only["data"] == ["__name__", "instance", "job"]
        known = (await told.get("/api/v1/label/__name__/values"))["data"]
        assert {"up", "node_load1"} <= set(known)
        cut = await told.get("/api/v1/label/__name__/values", limit=1)
        assert len(cut["data"]) == 1
        assert cut["warnings"]
        about = (await told.get("/api/v1/metadata", metric="node_load1"))["data"]
        assert about == {"node_load1": [{"type": "gauge", "help": "1m load average.", "unit": ""}]}
        assert (await told.get("/api/v1/rules"))["data"] == {"groups": []}


@pytest.mark.parametrize(
    ("path", "params", "code", "text"),
    [
        (QUERY, {}, 400, "no expression"),
        (QUERY, {"query": "up{"}, 400, "parse error"),
        (QUERY, {"query": "sum(up"}, 400, "parse error"),
        (QUERY, {"query": "{}"}, 400, "at least one"),
        (QUERY, {"query": 'up{job=~"("}'}, 400, "regexp"),
        (QUERY, {"query": "abs(up)"}, 422, "simulated"),
        (QUERY, {"query": "rate(up[x])"}, 400, "valid duration"),
        (QUERY, {"query": "rate(up)"}, 422, "simulated"),
        (QUERY, {"query": "up", "time": "noon"}, 400, "time"),
        (RANGE, {"query": "up", "start": 2, "end": 1, "step": 1}, 400, "before start"),
        (RANGE, {"query": "up", "start": 1, "end": 2, "step": 0}, 400, "step"),
        (RANGE, {"query": "up", "start": 1, "end": 20_000, "step": 1}, 400, "11,000 points"),
        ("/api/v1/series", {}, 400, "match[]"),
        ("/query", {"query": "up"}, 404, "not found"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_prometheus_words(
    path: str, params: dict[str, object], code: int, text: str
) -> None:
    async with telling(Part.PROMETHEUS) as told:
        assert text in await told.refused(path, code, **params)
