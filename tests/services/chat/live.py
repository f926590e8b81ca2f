"""The world of a real hub, as REST tells it: before a turn, and after it with what it asked.

What moves from second to second (values of metrics, lines, traces) is asked for again with the very
arguments that the turn's call had; where those name no end, with the end that its answer shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote

import httpx

from contracts.conversing import WantedCall
from tests.services.chat.rows import Row
from tests.services.chat.world import World

LASTING = timedelta(seconds=30)
"""Of a turn, at most."""
_MOST_LINES = 100
"""That a tool asks for."""
_SEALED = frozenset({"CHAT_MESSAGE", "MODEL_CALLED", "TOOL_CALLED", "TOOL_ANSWERED",
                     "TURN_CANCELLED", "CHAT_SESSION_CREATED", "CHAT_SESSION_DELETED"})  # fmt: skip


@dataclass(frozen=True)
class Rest:
    """Reads of the API."""

    http: httpx.Client

    def get(self, path: str, **parameters: Any) -> Any:
        """The answer to a read."""
        return self._told(self.http.get(f"/api/v1{path}", params=parameters))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The same of a question that has a body."""
        return self._told(self.http.post(f"/api/v1{path}", json=dict(body)))

    def every(self, path: str) -> list[Row]:
        """A list, page by page."""
        found, page = list[Row](), 1
        while True:
            told = self.get(path, page=page, page_size=100)
            found += told["items"]
            if page >= told["total_pages"]:
                return found
            page += 1

    def _told(self, answer: httpx.Response) -> Any:
        assert answer.status_code < 400, f"{answer.request.url}: {answer.text}"
        return answer.json()


def read(rest: Rest, like: World | None = None) -> World:
    """Whatever can be read without a question; what questions call things stays as it was."""
    world = World(
        clusters=rest.every("/clusters"),
        alerts=rest.every("/alerts"),
        incidents=rest.every("/incidents"),
        gpu_nodes=rest.every("/gpu/nodes"),
        processes=rest.every("/gpu/processes"),
        workloads=rest.every("/cnf/workloads"),
        clocks=rest.every("/cnf/ptp/status"),
        ports=rest.every("/cnf/dpdk/stats"),
        functions=rest.every("/cnf/sriov/status"),
        summary=rest.get("/fleet/summary"),
        lasting=LASTING,
    )
    if like is not None:
        return replace(world, named=like.named, words=like.words, trace=like.trace)
    failed = rest.post("/traces/search", {"traceql": "{ status = error }"})["traces"][0]
    words = {
        "service": failed["root_service"],
        "app": "shop",
        "cnf": next(each["cnf_type"] for each in world.workloads if each["standing"] == "CRASHING"),
        "slow_ms": "80",
        "counter": "node_network_receive_bytes_total",
    }
    world = replace(world, words=words, trace=failed["trace_id"])
    return replace(world, named=world.names())


@dataclass(frozen=True)
class Called:
    """A call of a turn, with what was stored of its answer."""

    tool: str
    arguments: Mapping[str, Any]
    data: Mapping[str, Any]

    @property
    def wanted(self) -> WantedCall:
        return WantedCall(id="1", name=self.tool, arguments=dict(self.arguments))


def calls_of(answer: Mapping[str, Any]) -> list[Called]:
    """Of an answer as REST tells it."""
    made = [call for step in answer["steps"] for call in step["calls"]]
    return [Called(each["tool"], each["arguments"], _data(each)) for each in made]


def _data(call: Mapping[str, Any]) -> Mapping[str, Any]:
    told: object = call["result"]
    return cast("Mapping[str, Any]", told)["data"] if isinstance(told, dict) else {}


def observed(rest: Rest, world: World, calls: Iterable[Called]) -> World:
    """With what REST tells of what these calls asked."""
    for each in calls:
        if each.tool in _SEEN:
            world = replace(world, **_SEEN[each.tool](rest, world, each))
    return world


Seen = dict[str, Any]


def _values(rest: Rest, _: World, call: Called) -> Seen:
    given = dict(call.arguments)
    if "start_time" in given:
        told = rest.post("/metrics/query_range", given)
    else:
        shown = [one["values"][-1][0] for one in call.data["series"] if one.get("values")]
        at = {"end_time": datetime.fromtimestamp(max(shown)).astimezone().isoformat()}
        told = rest.post("/metrics/query", {**given, **at})
    found = [
        (cluster["cluster_name"], float(one["values"][-1][1]))
        for cluster in told["results"]
        for one in cluster.get("data") or ()
        if one["values"]
    ]
    return {"values": sorted(found, key=lambda each: -each[1])}


def _metrics(rest: Rest, _: World, call: Called) -> Seen:
    assert call.arguments["label_name"] == "__name__"
    return {"metrics": rest.get("/metrics/label/__name__/values")["data"]}


def _anomalies(rest: Rest, _: World, call: Called) -> Seen:
    return {"anomalies": rest.post("/analysis/anomaly", call.arguments)["series"]}


def _lines(rest: Rest, _: World, call: Called) -> Seen:
    """As many as were asked for, of those that are not newer than what was told."""
    shown = call.data["entries"]
    newest = datetime.fromisoformat(shown[0]["timestamp"][:19] + "Z") + timedelta(seconds=1)
    asked = {**call.arguments, "end_time": newest.isoformat(), "limit": 1_000}
    told = [each["message"] for each in rest.post("/logs/query_range", asked)["entries"]]
    return {"lines": told[told.index(shown[0]["message"]) :][:_MOST_LINES]}


def _traces(rest: Rest, _: World, call: Called) -> Seen:
    """Those that were told, as they are by themselves: which the newest are changes."""
    shown = call.data.get("traces", [])
    again = {
        each["trace_id"]: each for each in rest.post("/traces/search", call.arguments)["traces"]
    }
    assert bool(again) == bool(shown)
    return {"traces": [again.get(each["trace_id"], each) for each in shown]}


def _spans(rest: Rest, _: World, call: Called) -> Seen:
    return {"spans": rest.every(f"/traces/{quote(call.arguments['trace_id'])}/spans")}


def _analysis(rest: Rest, world: World, call: Called) -> Seen:
    found = rest.get(f"/analysis/rca/{call.data['id']}")
    return {"analyses": {**world.analyses, found["incident_id"]: found}}


def _events(rest: Rest, world: World, call: Called) -> Seen:
    """The newest, of people's chats none: as many as were told, and can be shown."""
    if call.arguments.keys() & {"offset", "cursor"}:
        return {}  # What comes behind them is counted, and not shown.
    names = {"start_time": "from", "end_time": "to"}
    asked = {names.get(name, name): value for name, value in call.arguments.items()}
    told = rest.get("/events", **asked, order="desc", limit=1000)["items"]
    newest = max((each["sequence"] for each in call.data["items"]), default=0)
    others = [
        each
        for each in told
        # An event that was logged within the time may be seen a moment later.
        if each["event_type"] not in _SEALED and each["sequence"] <= newest
    ]
    shown = min(len(call.data["items"]), 10)
    assert bool(shown) == bool(others)
    return {"events": [*world.events, *others[:shown]]}


def _past(rest: Rest, _: World, call: Called) -> Seen:
    at = call.arguments["time"]
    told = f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S}"
    clusters = rest.get("/fleet/summary", as_of=at)["total"]
    alerts = rest.get("/alerts", as_of=at)["total"]
    return {"past": {"time": told, "clusters": clusters, "alerts": alerts}}


_SEEN = {
    "query_metrics": _values,
    "get_metric_labels": _metrics,
    "detect_anomalies": _anomalies,
    "query_logs": _lines,
    "search_traces": _traces,
    "get_trace": _spans,
    "analyze_root_cause": _analysis,
    "get_event_history": _events,
    "get_state_as_of": _past,
}
