"""What tools ask of the API, and in which order they tell what has no room as a whole."""

from typing import Any, cast

import pytest

from contracts.tools import CHARACTERS_OF_TOKEN, GetEventHistory, QueryMetrics
from gateway.rest.event_filters import TYPES
from gateway.tools.cutting import fitted, size
from gateway.tools.inner import Inner
from gateway.tools.reads import READS
from services.runtime.clock import SystemClock

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


class _Api:
    """Answers all the same, and remembers what it was asked."""

    clock = SystemClock()

    def __init__(self, told: Json) -> None:
        self.told = told
        self.asked = list[Json]()

    async def get(self, _: str, query: Json) -> Json:
        self.asked.append(query)
        return self.told

    async def post(self, _: str, body: Json) -> Json:
        self.asked.append(body)
        return self.told


def _cluster(name: str, *values: str) -> Json:
    data = [{"metric": {"n": each}, "values": [[1, "0"], [2, each]]} for each in values]
    return {"cluster_id": name, "cluster_name": name, "data": data}


async def _series(query: str, *clusters: Json) -> list[str]:
    api = _Api({"results": list(clusters)})
    found = await READS["query_metrics"](cast("Inner", api), QueryMetrics(query=query))
    return [each["metric"]["n"] for each in found.data["series"]]


async def test_of_several_clusters_the_highest_series_come_first() -> None:
    two = (_cluster("a", "1", "NaN", "3"), _cluster("b", "2", "+Inf", "-1"))
    assert await _series("up", *two) == ["+Inf", "3", "2", "1", "-1", "NaN"]


async def test_an_order_that_a_query_has_itself_is_kept() -> None:
    one, two = _cluster("a", "1", "3"), _cluster("b", "2")
    assert await _series("up", one) == ["1", "3"]
    assert await _series("sort(up)", one, two) == ["1", "3", "2"]
    assert await _series("bottomk(2, up)", one, two) == ["1", "3", "2"]


async def test_what_has_happened_is_told_without_what_was_said_in_chats() -> None:
    api = _Api({"items": [], "next_cursor": None})
    await READS["get_event_history"](cast("Inner", api), GetEventHistory())
    await READS["get_event_history"](cast("Inner", api), GetEventHistory(entity_type="chat"))
    first, second = (each["event_type"] for each in api.asked)
    assert set(TYPES) - set(first) >= {"CHAT_MESSAGE", "MODEL_CALLED", "TOOL_ANSWERED"}
    assert "INCIDENT_OPENED" in first
    assert second is None


def test_of_a_list_that_is_to_be_whole_nothing_is_left_out_where_an_entry_has_room() -> None:
    gpus = [{"uuid": "u" * 40, "at": number} for number in range(8)]
    nodes = [{"node": at, "gpus": gpus, "more": [*range(90)]} for at in range(30)]
    data, cut = fitted({"items": nodes}, "items", 1_000, whole="gpus")
    assert 1 < len(data["items"]) < 30
    assert all(len(each["gpus"]) == 8 for each in data["items"])
    assert "items[].gpus" not in {each.path for each in cut}
    assert size(data) <= 1_000 * CHARACTERS_OF_TOKEN
    assert fitted({"items": nodes}, "items", 100, whole="gpus")[0]["items"], "one at least"
