"""The HTTP API of a simulated Loki, and following lines by WebSocket."""

import asyncio
import json
import ssl
from urllib.parse import urlencode

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from tests.deploy.simulator.telling import NOON_NS, Json, Set, Told, telling

pytestmark = pytest.mark.anyio

QUERY, RANGE, TAIL = "/loki/api/v1/query", "/loki/api/v1/query_range", "/loki/api/v1/tail"
MINUTE = 60_000_000_000
LAST = {"start": NOON_NS - MINUTE, "end": NOON_NS}
ALL = '{namespace=~".+"}'
BILLING = '{app="billing"}'


def lines(streams: list[Json]) -> list[tuple[int, str, str]]:
    return sorted(
        (int(at), each["stream"]["pod"], text) for each in streams for at, text in each["values"]
    )


def following(told: Told, query: str = BILLING, **more: object) -> connect:
    asked = urlencode({"query": query, **more})
    return connect(
        f"{told.cluster.backend_url(Part.LOKI)}{TAIL}?{asked}".replace("https", "wss", 1),
        ssl=ssl.create_default_context(cadata=told.running.authority.pem.decode()),
        additional_headers={"Authorization": told.http.headers.get("authorization", "")},
        proxy=None,
        close_timeout=1,
    )


async def heard(socket: ClientConnection) -> list[Json]:
    async with asyncio.timeout(20):
        return json.loads(await socket.recv())["streams"]


async def test_lines_of_a_time_come_newest_first_up_to_the_limit() -> None:
    async with telling(Part.LOKI) as told:
        data = (await told.get(RANGE, query=BILLING, limit=5000, **LAST))["data"]
        assert data["resultType"] == "streams"
        whole = lines(data["result"])
        assert len(whole) > 10
        assert all(NOON_NS - MINUTE <= at < NOON_NS for at, _, _ in whole)
        for each in data["result"]:
            assert set(each["stream"]) >= {"namespace", "pod", "container"}
            assert [int(at) for at, _ in each["values"]] == sorted(
                (int(at) for at, _ in each["values"]), reverse=True
            )
        newest = (await told.get(RANGE, query=BILLING, limit=5, **LAST))["data"]["result"]
        assert lines(newest) == whole[-5:]
        oldest = await told.get(RANGE, query=BILLING, limit=5, direction="forward", **LAST)
        assert lines(oldest["data"]["result"]) == whole[:5]


async def test_two_halves_of_a_time_are_the_whole() -> None:
    middle = NOON_NS - MINUTE // 2
    async with telling(Part.LOKI) as told:
        whole, first, second = [
            lines((await told.get(RANGE, query=ALL, limit=5000, **span))["data"]["result"])
            for span in (LAST, LAST | {"end": middle}, LAST | {"start": middle})
        ]
    assert first + second == whole


async def test_filters_choose_lines() -> None:
    hour = {"start": NOON_NS - 60 * MINUTE, "end": NOON_NS, "limit": 5000}
    async with telling(Part.LOKI) as told:
        for how, wanted in (
            ('|= "level=error"', True),
            ('|~ "level=(error)"', True),
            ('!= "level=error"', False),
            ('!~ "level=e.*"', False),
        ):
            found = await told.get(RANGE, query=f"{ALL} {how}", **hour)
            texts = [text for _, _, text in lines(found["data"]["result"])]
            assert texts, how
            assert {"level=error" in text for text in texts} == {wanted}


async def test_lines_are_counted_over_time() -> None:
    window = {"start": NOON_NS - MINUTE, "end": NOON_NS, "step": "30s"}
    async with telling(Part.LOKI) as told:
        query = f"sum(count_over_time({BILLING}[1m]))"
        (series,) = (await told.get(RANGE, query=query, **window))["data"]["result"]
        seen = lines((await told.get(RANGE, query=BILLING, limit=5000, **LAST))["data"]["result"])
        assert series["metric"] == {}
        assert series["values"][-1] == [NOON_NS / 1e9, str(len(seen))]
        assert len(series["values"]) == 3
        by = (await told.get(QUERY, query=f"sum by (pod) (rate({BILLING}[1m]))"))["data"]
        assert by["resultType"] == "vector"
        assert {each["metric"]["pod"] for each in by["result"]} == {pod for _, pod, _ in seen}
        assert sum(float(each["value"][1]) for each in by["result"]) == pytest.approx(
            len(seen) / 60, rel=1e-3
        )


async def test_labels_and_their_values_are_known() -> None:
    async with telling(Part.LOKI) as told:
        labels = (await told.get("/loki/api/v1/labels"))["data"]
        assert labels == ["app", "container", "namespace", "pod", "stream"]
        apps = (await told.get("/loki/api/v1/label/app/values"))["data"]
        assert {"billing", "orders"} <= set(apps)
        only = await told.get("/loki/api/v1/label/app/values", query=BILLING)
        assert only["data"] == ["billing"]
        series = (await told.get("/loki/api/v1/series", **{"match[]": BILLING}))["data"]
        assert {each["app"] for each in series} == {"billing"}


@pytest.mark.parametrize(
    ("path", "params", "text"),
    [
        (RANGE, {"query": "{"}, "parse error"),
        (RANGE, {"query": "billing"}, "unexpected IDENTIFIER"),
        (RANGE, {"query": '{namespace=~".*"}'}, "at least one"),
        (RANGE, {"query": f"{BILLING} | json"}, "unexpected |"),
        (RANGE, {"query": BILLING, "limit": 5001}, "max entries limit"),
        (RANGE, {"query": BILLING, "start": 2, "end": 1}, "before"),
        (RANGE, {"query": BILLING, "start": NOON_NS - 1000 * 60 * MINUTE}, "exceeds the limit"),
        (RANGE, {"query": BILLING, "direction": "up"}, "direction"),
        (QUERY, {"query": BILLING}, "instant query"),
        (TAIL, {"query": BILLING}, "not using the websocket protocol"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_plain_text(
    path: str, params: dict[str, object], text: str
) -> None:
    async with telling(Part.LOKI) as told:
        assert text in await told.refused(path, **params)


async def test_a_tail_begins_with_the_past_and_goes_on_without_a_gap() -> None:
    clock = Set()
    async with telling(Part.LOKI, clock=clock) as told:
        found: list[Json] = []
        async with following(told, start=NOON_NS - MINUTE, limit=5000) as socket:
            found += await heard(socket)
            past = len(lines(found))
            for _ in range(3):
                clock.later(30)
                found += await heard(socket)
        span = {"start": NOON_NS - MINUTE, "end": NOON_NS + 90_000_000_000}
        data = (await told.get(RANGE, query=BILLING, limit=5000, **span))["data"]
        assert lines(found) == lines(data["result"])
        assert 0 < past < len(lines(found))


async def test_a_tail_is_refused_before_it_begins() -> None:
    async with telling(Part.LOKI) as told:
        for query, status in (("{", 400), (f"rate({BILLING}[1m])", 400)):
            with pytest.raises(websockets.InvalidStatus) as caught:
                async with following(told, query):
                    pass
            assert caught.value.response.status_code == status
        told.cluster.fail(Fault(FaultKind.STATUS, status=503), Part.LOKI)
        with pytest.raises(websockets.InvalidStatus):
            async with following(told):
                pass


async def test_a_tail_is_cut_or_says_rubbish_as_it_is_told() -> None:
    async with telling(Part.LOKI) as told:
        told.cluster.fail(FaultKind.RESET, Part.LOKI)
        async with following(told) as socket:
            await heard(socket)
            with pytest.raises(websockets.ConnectionClosedError):
                await socket.recv()
        told.cluster.fail(FaultKind.GARBAGE, Part.LOKI)
        async with following(told) as socket:
            with pytest.raises(json.JSONDecodeError):
                await heard(socket)
