"""Clients of a Prometheus work against the door: Grafana's data source, promtool, basic auth.

Grafana's requests are those of its sources: pkg/promlib/client/client.go (queries, exemplars, what
goes by POST as a form), pkg/promlib/healthcheck.go (``1+1`` at second 4), pkg/promlib/heuristics.go
(the build), packages/grafana-prometheus (labels, values, series, metadata, rules).
"""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from services.runtime.principals import Role
from tests.gateway.ecosystem.conftest import NOON, T0, TwoClusters
from tests.kit.gateway import on_the_wire
from tests.kit.prometheus import door, run

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_WINDOW = {"start": str(T0), "end": str(T0 + 3600)}
_GRAFANA: tuple[tuple[str, str, dict[str, str], Any], ...] = (
    ("POST", "query", {"query": "1+1", "time": "4"}, {"resultType": "scalar", "result": [4, "2"]}),
    ("GET", "status/buildinfo", {}, dict),
    ("GET", "rules", {}, dict),
    ("POST", "labels", {**_WINDOW, "limit": "40000"}, list),
    ("POST", "labels", {**_WINDOW, "match[]": '{__name__="up"}'}, list),
    ("GET", "label/__name__/values", {**_WINDOW, "limit": "40000"}, list),
    ("GET", "label/cluster/values", {**_WINDOW, "match[]": "up"}, ["door-1", "door-2"]),
    ("POST", "series", {**_WINDOW, "match[]": 'up{cluster=~"door-1|door-2"}'}, list),
    ("GET", "metadata", {"limit": "50000"}, dict),
    (
        "POST",
        "query_range",
        {"query": 'sum by (cluster) (rate(requests_total{cluster=~"$__all|door-.+"}[1m0s]))',
         "start": f"{NOON}.25", "end": f"{NOON + 600}.25", "step": "15"},
        dict,
    ),
    (
        "POST",
        "query_range",
        {"query": "up", "start": str(NOON), "end": str(NOON + 60), "step": "0.5", "timeout": "10s"},
        dict,
    ),
    ("POST", "query_exemplars", {"query": "up", **_WINDOW}, []),
    ("GET", "query", {"query": "up", "time": f"{NOON}.781"}, dict),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "asked", "expected"), _GRAFANA)
async def test_what_grafana_asks_is_answered(
    two_clusters: TwoClusters, method: str, path: str, asked: dict[str, str], expected: Any
) -> None:
    async with door(two_clusters.platform) as client:
        if method == "POST":
            body = str(httpx.QueryParams(asked)).encode()
            answer = await client.post(f"/{path}", content=body, headers=_FORM)
        else:
            answer = await client.get(f"/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "success"
    assert "warnings" not in told
    if isinstance(expected, type):
        assert isinstance(told["data"], expected)
        assert told["data"] or path == "metadata"
    else:
        assert told["data"] == expected


async def test_a_query_is_laid_out(two_clusters: TwoClusters) -> None:
    async with door(two_clusters.platform) as client:
        answer = await client.get("/format_query", params={"query": "foo/bar"})
    assert answer.json() == {"status": "success", "data": "foo / bar"}


async def test_a_limit_cuts_off_and_says_so(two_clusters: TwoClusters) -> None:
    async with door(two_clusters.platform) as client:
        for path in ("labels", "series", "label/job/values", "query"):
            asked = {"match[]": '{job!=""}', "query": "up", "limit": "1", "time": str(NOON)}
            told = (await client.get(f"/{path}", params=asked)).json()
            data = told["data"]["result"] if path == "query" else told["data"]
            assert len(data) == 1
            assert told["warnings"] == ["results truncated due to limit"]


@pytest.fixture(scope="module")
async def address(two_clusters: TwoClusters) -> AsyncGenerator[str]:
    async with on_the_wire(two_clusters.platform) as url:
        yield url


async def test_promtool_queries_it(two_clusters: TwoClusters, address: str) -> None:
    url = address.replace("//", f"//anyone:{two_clusters.platform.admin}@") + "/prometheus"
    window = (f"--start={T0}", f"--end={T0 + 3600}")
    status, out, err = await run("promtool", "query", "instant", f"--time={NOON}", url, "sum(up)")
    assert (status, out) == (0, f"{{}} => 4 @[{NOON}]\n"), err
    query = 'max by (cluster) (up{cluster="door-2"})'
    asked = (f"--start={NOON}", f"--end={NOON + 60}", "--step=60s", url, query)
    status, out, err = await run("promtool", "query", "range", *asked)
    assert (status, out) == (0, f'{{cluster="door-2"}} =>\n1 @[{NOON}]\n1 @[{NOON + 60}]\n'), err
    status, out, err = await run("promtool", "query", "series", "--match=own", *window, url)
    expected = '{__name__="own", cluster="door-2", exported_cluster="inner"}\n'
    assert (status, out) == (0, expected), err
    status, out, err = await run("promtool", "query", "labels", url, "cluster")
    assert (status, out) == (0, "door-1\ndoor-2\n"), err
    status, out, err = await run("promtool", "query", "instant", url, "up{")
    assert status != 0
    assert "bad_data" in err


async def test_who_may_not_is_told_in_its_shape(two_clusters: TwoClusters) -> None:
    ingest = await two_clusters.platform.token(Role.INGEST)
    for token, status, kind in (("wrong", 401, "unauthorized"), (ingest, 403, "forbidden")):
        async with door(two_clusters.platform, token) as client:
            answer = await client.get("/query", params={"query": "up"})
        assert answer.status_code == status
        assert (answer.json()["status"], answer.json()["errorType"]) == ("error", kind)


async def test_a_token_is_taken_as_a_password_but_not_from_foreign_pages(
    two_clusters: TwoClusters,
) -> None:
    platform = two_clusters.platform
    foreign = {"origin": "https://evil.example.com"}
    async with door(platform, headers={}, auth=("grafana", platform.admin)) as client:
        assert (await client.get("/labels")).status_code == 200
        assert (await client.post("/labels", headers=foreign)).status_code == 401
    async with door(platform, headers={}, auth=(platform.admin, "")) as client:
        answer = await client.get("/labels")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer", "no browser is asked for a password"


async def test_a_token_of_some_clusters_sees_only_those(two_clusters: TwoClusters) -> None:
    platform = two_clusters.platform
    (first,) = [
        each["id"]
        for each in (await platform.list("/clusters"))["items"]
        if each["name"] == "door-1"
    ]
    async with door(platform, await platform.token(Role.ADMIN, first)) as client:
        told = (await client.get("/label/cluster/values")).json()
    assert told["data"] == ["door-1"]
