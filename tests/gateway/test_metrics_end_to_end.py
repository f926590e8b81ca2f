"""From REST to a cluster's Prometheus and back: through the real collector, over HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.rest.documented_metrics import MetricAnswer, MetricNames
from tests.kit.gateway import API, Platform
from tests.kit.prometheus import door

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

Asked = list[tuple[str, dict[str, list[str]]]]
Values = float | Sequence[str] | None


@asynccontextmanager
async def prometheus(value: Values) -> AsyncGenerator[tuple[str, Asked]]:
    """Answers as a Prometheus in which everything has this value; None: with HTML.

    Over a range it grows by 1 with each step, or is these texts one after the other, again and
    again.
    """
    asked: Asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
            form = await reader.readexactly(int(lines.get("content-length", 0)))
            path = head.split(" ", 2)[1].partition("?")[0]
            asked.append((path, parse_qs(form.decode())))
            body, kind = _body(path, asked[-1][1], value)
            told = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
            writer.write(told.encode() + b"connection: close\r\n\r\n" + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/prefix/", asked
    finally:
        server.close()


def _body(path: str, form: dict[str, list[str]], value: Values) -> tuple[bytes, str]:
    if value is None:
        return b"<html>log in</html>", "text/html"
    data: Any = ["job", "pod"]
    if path.endswith("/query"):
        sample = [float(form["time"][0]), _at(value, 0)]
        data = {"resultType": "vector", "result": [{"metric": {"job": "a"}, "value": sample}]}
    elif path.endswith("/query_range"):
        start, step = float(form["start"][0]), float(form["step"][0])
        count = int((float(form["end"][0]) - start) / step) + 1
        samples = [[start + number * step, _at(value, number)] for number in range(count)]
        data = {"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": samples}]}
    return json.dumps({"status": "success", "data": data}).encode(), "application/json"


def _at(value: float | Sequence[str], number: int) -> str:
    if isinstance(value, int | float):
        return str(value + number)
    return value[number % len(value)]


async def test_the_fleet_answers_as_one(platform: Platform) -> None:
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(prometheus(value)) for value in (1.5, 2.5, None)]
        ids = [
            (await platform.register(endpoints={"prometheus_url": url}))["id"] for url, _ in made
        ]
        url = f"{API}/metrics/query"
        wanted: dict[str, Any] = {"query": "up", "cluster_ids": ids}
        answer = await platform.http.post(url, json=wanted)
        assert answer.status_code == 206, answer.text
        told = MetricAnswer.model_validate(answer.json())
        assert [each.data[0].values[0][1] for each in told.results[:2]] == ["1.5", "2.5"]
        assert [each.code for each in told.missing] == ["UPSTREAM_FAILED"]
        wanted |= {"cluster_ids": ids[:2], "aggregation": "SUM", "step": "30m"}
        wanted |= {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T01:00:00Z"}
        told = MetricAnswer.model_validate(
            (await platform.http.post(f"{url}_range", json=wanted)).json()
        )
        assert told.results[0].data[0].values == (
            (1767225600, "4"), (1767227400, "6"), (1767229200, "8"),
        )  # fmt: skip
        names = await platform.http.get(f"{API}/metrics/labels", params={"cluster_id": ids[:2]})
        assert MetricNames.model_validate(names.json()).data == ["job", "pod"]
        paths = {path for path, _ in made[0][1]}
        assert {f"/prefix/api/v1/{name}" for name in ("query", "query_range", "labels")} <= paths


async def test_a_changed_cluster_is_asked_anew(platform: Platform) -> None:
    async with prometheus(1) as (old, _), prometheus(2) as (new, _):
        cluster = (await platform.register(endpoints={"prometheus_url": old}))["id"]
        url, wanted = f"{API}/metrics/query", {"query": "up", "cluster_ids": [cluster]}
        marks = [(await platform.http.post(url, json=wanted)).headers["x-cache"] for _ in range(2)]
        assert marks == ["MISS", "HIT"]
        change = {"endpoints": {"prometheus_url": new}}
        assert (await platform.http.patch(f"{API}/clusters/{cluster}", json=change)).is_success
        answer = await platform.http.post(url, json=wanted)
        assert answer.headers["x-cache"] == "MISS"
        assert answer.json()["results"][0]["data"][0]["values"][0][1] == "2"


@pytest.mark.parametrize(
    ("told", "asked"),
    [("90", ["90.000"]), ("1m30s", ["90.000"]), ("0.0001", ["0.001"]), ("0", None), ("", None)],
)
async def test_how_far_to_look_back_is_told_to_the_clusters(
    platform: Platform, told: str, asked: list[str] | None
) -> None:
    async with prometheus(1) as (url, forms):
        name = (await platform.register(endpoints={"prometheus_url": url}))["name"]
        wanted = {"query": f'up{{cluster="{name}"}}', "lookback_delta": told}
        window = {"start": "1767225600", "end": "1767225660", "step": "15"}
        async with door(platform) as client:
            assert (await client.post("/query", data=wanted)).status_code == 200
            assert (await client.get("/query_range", params=wanted | window)).status_code == 200
    queries = [form for path, form in forms if "/query" in path]
    assert [form.get("lookback_delta") for form in queries] == [asked, asked]
