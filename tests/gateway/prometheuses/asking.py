"""One question to the fleet and to each Prometheus by itself; the answers in one shape."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from hypothesis import settings, strategies as st

from services.runtime.settings import environment
from tests.gateway.prometheuses.conftest import RandomFleet
from tests.kit.gateway import API, Json
from tests.kit.promql_data import SECONDS, T0

_EXAMPLES = "AIOPS_TEST_EXAMPLES"
"""So many times more examples than every day."""
_START = (T0 - 200) * 1000

Series = dict[str, Any]
"""``metric``, and ``values``: times and texts."""


def examples(count: int) -> settings:
    """So many examples, times what the environment says."""
    return settings(max_examples=count * int(environment().get(_EXAMPLES, "1")), deadline=None)


@dataclass(frozen=True)
class When:
    """At one time, or at each step of a range; in milliseconds."""

    start: int
    steps: int | None = None
    step: int = 1_000

    @property
    def path(self) -> str:
        """Of Prometheus' API."""
        return "query" if self.steps is None else "query_range"

    @property
    def end(self) -> int:
        """The last of its times."""
        return self.start + (self.steps or 0) * self.step

    def form(self, query: str) -> dict[str, str]:
        """As Prometheus is asked."""
        if self.steps is None:
            return {"query": query, "time": _seconds(self.start)}
        window = {"start": _seconds(self.start), "end": _seconds(self.end)}
        return {"query": query, **window, "step": _seconds(self.step)}

    def body(self, query: str, **more: Any) -> Json:
        """As the fleet is asked over REST."""
        told = {"query": query, "end_time": rfc3339(self.end), **more}
        if self.steps is None:
            return told
        return {**told, "start_time": rfc3339(self.start), "step": f"{self.step // 1000}s"}


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def rfc3339(milliseconds: int) -> str:
    """A time as REST takes it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


_INSIDE = st.integers(SECONDS // 4, SECONDS).map(lambda at: (T0 + at) * 1000)
_ANY = st.integers(0, (SECONDS + 600) * 1000).map(lambda at: _START + at)
_MOMENTS = _INSIDE | _INSIDE | _ANY
_STEPS = st.sampled_from([1, 15, 60, 61, 300]).map((1000).__mul__)
times = st.builds(When, _MOMENTS) | st.builds(When, _MOMENTS, st.integers(0, 12), _STEPS)


@dataclass(frozen=True)
class Direct:
    """What one Prometheus says."""

    status: int
    kind: str
    """Of its result, or of its error."""
    series: list[Series]

    @property
    def good(self) -> bool:
        """Whether it is an answer."""
        return self.status == 200


async def direct(fleet: RandomFleet, url: str, when: When, query: str) -> Direct:
    """Ask one Prometheus."""
    answer = await fleet.direct.post(f"{url}/api/v1/{when.path}", data=when.form(query))
    return read(answer)


async def each_direct(fleet: RandomFleet, when: When, query: str) -> Mapping[str, Direct]:
    """Ask every cluster's Prometheus by itself."""
    asked = (direct(fleet, url, when, query) for url in fleet.urls.values())
    return dict(zip(fleet.urls, await asyncio.gather(*asked), strict=True))


def read(answer: httpx.Response) -> Direct:
    """An answer of Prometheus' API."""
    told = answer.json()
    if answer.status_code != 200:
        return Direct(answer.status_code, told["errorType"], [])
    kind, result = told["data"]["resultType"], told["data"]["result"]
    if kind in {"scalar", "string"}:
        return Direct(200, kind, [{"metric": {}, "values": [result]}])
    series = [
        {"metric": each["metric"], "values": each.get("values") or [each["value"]]}
        for each in result
    ]
    return Direct(200, kind, series)


async def over_rest(fleet: RandomFleet, when: When, query: str, **more: Any) -> httpx.Response:
    """Ask the fleet."""
    ids = list(fleet.ids.values())
    url = f"{API}/metrics/{when.path}"
    return await fleet.platform.http.post(url, json=when.body(query, cluster_ids=ids, **more))


def in_order(series: list[Series]) -> list[Series]:
    """By labels: in which order a Prometheus tells them means nothing."""
    return sorted(series, key=lambda each: json.dumps(each, sort_keys=True))
