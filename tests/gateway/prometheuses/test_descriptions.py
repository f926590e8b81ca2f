"""Series, labels, values and metadata of the fleet are those of its Prometheuses, one by one."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from tests.gateway.prometheuses.asking import examples, rfc3339
from tests.gateway.prometheuses.conftest import RandomFleet
from tests.kit.gateway import API, Platform, on_the_wire
from tests.kit.prometheus import INSTALLED, door, metadata_of, register, run, scraping
from tests.kit.promql_data import LABELS, SECONDS, T0
from tests.kit.promql_strategies import selectors

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_PATHS = st.sampled_from(["series", "labels", *(f"label/{name}/values" for name in LABELS)])
_VALUES_OF_ALL = ["label/__name__/values", "label/cluster/values", "label/nothing/values"]
_WINDOWS = st.none() | st.tuples(
    *[st.integers((T0 - 60) * 1000, (T0 + SECONDS + 60) * 1000)] * 2
).map(sorted)
_WHOLE = {"start": str(T0 - 3600), "end": str(T0 + 7200)}
_EXPOSED = (
    "# HELP a_total What happens.\n# TYPE a_total counter\na_total 1\n# TYPE b gauge\nb 2\n",
    "# HELP a_total Other words.\n# TYPE a_total counter\na_total 1\n# TYPE b gauge\nb 2\n",
)

Found = list[Any]


async def _each_direct(
    fleet: RandomFleet, path: str, asked: Mapping[str, Any]
) -> dict[str, httpx.Response]:
    return {
        name: await fleet.direct.get(f"{url}/api/v1/{path}", params=asked)
        for name, url in fleet.urls.items()
    }


def _in_order(found: Iterable[Any]) -> Found:
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))


def _together(path: str, answers: Mapping[str, httpx.Response]) -> Found:
    """What any of them has."""
    told: Mapping[str, Found] = {name: each.json()["data"] for name, each in answers.items()}
    if path != "series":
        return sorted({each for data in told.values() for each in data})
    return _in_order(_known(metric, name) for name, data in told.items() for metric in data)


def _known(metric: Mapping[str, str], cluster: str) -> dict[str, str]:
    """A series as the fleet knows it."""
    own = {("exported_cluster" if key == "cluster" else key): metric[key] for key in metric}
    return {**own, "cluster": cluster}


@examples(60)
@given(
    path=_PATHS,
    match=st.lists(selectors(), min_size=1, max_size=2),
    window=_WINDOWS,
    limit=st.none() | st.integers(1, 5),
)
async def test_rest_tells_what_any_of_them_has(
    random_fleet: RandomFleet,
    path: str,
    match: Sequence[str],
    window: Sequence[int] | None,
    limit: int | None,
) -> None:
    times = [] if window is None else list(zip(("start", "end"), window, strict=True))
    asked = {name: f"{at / 1000:.3f}" for name, at in times}
    expected = await _each_direct(random_fleet, path, {"match[]": list(match), **asked})
    wanted: dict[str, Any] = {"match[]": list(match), "cluster_id": list(random_fleet.ids.values())}
    wanted |= {name: rfc3339(at) for name, at in times}
    wanted |= {} if limit is None else {"limit": limit}
    answer = await random_fleet.platform.http.get(f"{API}/metrics/{path}", params=wanted)
    if any(each.status_code != 200 for each in expected.values()):
        assert answer.status_code == 400, answer.text
        return
    found, whole = answer.json()["data"], _together(path, expected)
    assert answer.status_code == 200
    if limit is None:
        assert (_in_order(found) if path == "series" else found) == whole
    else:
        assert len(found) == min(limit, len(whole))
        assert all(each in whole for each in found)


@examples(60)
@given(
    path=_PATHS | st.sampled_from(_VALUES_OF_ALL),
    match=st.lists(selectors(clusters=True), min_size=1, max_size=2),
)
async def test_the_door_tells_what_a_prometheus_with_all_series_does(
    random_fleet: RandomFleet, path: str, match: Sequence[str]
) -> None:
    asked = {"match[]": list(match), **_WHOLE}
    url = f"{random_fleet.union}/api/v1/{path}"
    expected = (await random_fleet.direct.get(url, params=asked)).json()
    async with door(random_fleet.platform) as client:
        answer = (await client.get(f"/{path}", params=asked)).json()
    assert answer["status"] == expected["status"]
    assert answer.get("errorType") == expected.get("errorType")
    assert _in_order(answer.get("data", [])) == _in_order(expected.get("data", []))
    assert "warnings" not in answer


@pytest.mark.parametrize(
    "query",
    [
        "count by (job) (rate(requests_total[5m]))",
        'max_over_time(load{cluster=~"fleet-[01]"}[10m])',
        "temp offset 5m",
        "odd",
    ],
)
async def test_promtool_is_told_the_same(random_fleet: RandomFleet, query: str) -> None:
    window = (f"--start={T0 + 600}", f"--end={T0 + 900}", "--step=60s")
    async with on_the_wire(random_fleet.platform) as address:
        admin = random_fleet.platform.admin
        url = address.replace("//", f"//anyone:{admin}@") + "/prometheus"
        told = [
            await run("promtool", "query", "range", *window, each, query)
            for each in (url, random_fleet.union)
        ]
    (status, out, err), (_, expected, _) = told
    assert status == 0, err
    assert out
    assert sorted(out.split("\n")) == sorted(expected.split("\n"))


async def test_metadata_are_those_of_all_targets(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    directory: Path = tmp_path_factory.mktemp("scraping")
    async with AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(scraping(directory / str(number), exposed))
            for number, exposed in enumerate(_EXPOSED)
        ]
        ids = [await register(platform, f"scraping-{at}", url) for at, url in enumerate(urls)]
        expected: dict[str, Found] = {}
        for url in urls:
            for name, entries in (await metadata_of(url)).items():
                known = expected.setdefault(name, [])
                known += [each for each in entries if each not in known]
        assert [len(expected[name]) for name in ("a_total", "b")] == [2, 1]
        asked = {"cluster_id": ids}
        answer = await platform.http.get(f"{API}/metrics/metadata", params=asked)
        assert answer.json()["data"] == expected
        one = await platform.http.get(
            f"{API}/metrics/metadata", params={**asked, "metric": "a_total"}
        )
        assert one.json()["data"] == {"a_total": expected["a_total"]}
        async with door(platform) as client:
            answer = await client.get("/metadata")
        assert answer.json()["data"] == expected
