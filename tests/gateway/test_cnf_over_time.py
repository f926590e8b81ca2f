"""Network functions over time over REST: rates, a clock's past, and every list as it was."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.rest.documented_cnf import DpdkPortList
from projections.cnf.view import PtpHistory
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from tests.gateway.network_functions import Teller, clock, counted, resource, workload
from tests.kit.builders import OTHER_CLUSTER_ID
from tests.kit.gateway import API, Json, Platform, platform_on, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LISTS = ("workloads", "ptp/status", "sriov/status", "dpdk/stats")
CLOCK = {"node_name": "worker-1", "interface": "ens1f0"}


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One on which nobody looks: these tests say themselves what was found."""
    async with platform_on(platform_settings) as running:
        await running.workers.stop()
        yield running


@pytest.fixture
async def teller(platform: Platform) -> Teller:
    return await Teller(platform).register()


def _now() -> datetime:
    return SystemClock().now()


def _port(port: str = "0", **counters: int | None) -> Json:
    return {"port": port} | counters


async def test_rates_are_those_of_the_last_two_samples(teller: Teller) -> None:
    now = _now()
    for seconds, packets, dropped in ((180, 0, 0), (90, 1_000, 0), (30, 7_000, 3)):
        port = _port(rx_packets=packets, tx_packets=2 * packets, rx_dropped=dropped, tx_errors=0)
        await teller.sample(now - timedelta(seconds=seconds), dpdk=[counted(port)])
    page = DpdkPortList.model_validate(await teller.read("dpdk/stats"))
    (found,) = page.items
    assert (found.namespace, found.pod, found.port) == ("core", "upf-0", "0")
    assert (found.rx_packets, found.rx_dropped, found.rx_errors) == (7_000, 3, None)
    assert (found.rate_seconds, found.rx_packets_per_second) == (60, 100)
    assert (found.tx_packets_per_second, found.tx_errors_per_second) == (200, 0)
    assert (found.rx_dropped_per_second, found.tx_dropped_per_second) == (0.05, None)
    assert found.rx_errors_per_second is None
    assert found.dropping is True
    assert (page.totals.dropping, page.totals.rx_packets_per_second) == (1, 100)


async def test_a_counter_that_begins_anew_leaves_no_rate_of_its_port(teller: Teller) -> None:
    now = _now()
    before = [counted(_port("0", rx_packets=500, rx_dropped=9), _port("1", rx_packets=500))]
    await teller.sample(now - timedelta(seconds=90), dpdk=before)
    after = [
        counted(_port("0", rx_packets=900, rx_dropped=0), _port("1", rx_packets=560)),
        counted(_port("0", rx_packets=1), pod="upf-1"),
    ]
    await teller.sample(now - timedelta(seconds=30), dpdk=after)
    page = await teller.read("dpdk/stats")
    rates = {
        (item["pod"], item["port"]): (item["rx_packets_per_second"], item["dropping"])
        for item in page["items"]
    }
    assert rates == {
        ("upf-0", "0"): (None, None),
        ("upf-0", "1"): (1, None),
        ("upf-1", "0"): (None, None),
    }


async def test_ports_that_drop_come_first_and_are_found(teller: Teller) -> None:
    now = _now()
    for seconds, factor in ((90, 0), (30, 60)):
        told = [
            counted(_port("a", rx_dropped=0, tx_dropped=0)),
            counted(_port("b", rx_dropped=factor, tx_dropped=factor), pod="upf-1"),
            counted(_port("c", rx_dropped=factor), pod="du", namespace="ran", node_name="worker-2"),
        ]
        await teller.sample(now - timedelta(seconds=seconds), dpdk=told)
    for query, ports in (
        ({}, ["b", "c", "a"]),
        ({"dropping": "true"}, ["b", "c"]),
        ({"dropping": "false"}, ["a"]),
        ({"namespace": "ran"}, ["c"]),
        ({"pod": ["upf-0", "upf-1"]}, ["b", "a"]),
        ({"node_name": "worker-2"}, ["c"]),
        ({"q": "UPF-1"}, ["b"]),
        ({"page": 2, "page_size": 2}, ["a"]),
    ):
        page = await teller.read("dpdk/stats", **query)
        assert [item["port"] for item in page["items"]] == ports, query
    assert page["total"] == 3


async def _history(teller: Teller, **query: Any) -> PtpHistory:
    path = f"{API}/cnf/ptp/history"
    asked = CLOCK | {"cluster_id": str(teller.id)} | query
    answer = await teller.platform.http.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return PtpHistory.model_validate(answer.json())


async def test_a_clocks_past_is_the_farthest_offset_of_each_step(teller: Teller) -> None:
    start = (_now() - timedelta(minutes=30)).replace(second=0, microsecond=0)
    start -= timedelta(minutes=start.minute % 5)
    for minute, offset in ((0, 3), (1, -40), (2, 5), (5, 7), (6, -7), (11, None), (17, 1)):
        told = [clock("ens1f0", offset), clock("ens1f0", 1000.5, process="ts2phc"), clock("x", 9)]
        await teller.sample(start + timedelta(minutes=minute), ptp=told)
    window = {"from": start.isoformat(), "to": (start + timedelta(minutes=20)).isoformat()}
    found = await _history(teller, step="5m", **window)
    assert (found.cluster_name, found.step_seconds) == (teller.name, 300)
    assert (found.since, found.until) == (start, start + timedelta(minutes=20))
    assert [series.process for series in found.series] == ["ptp4l", "ts2phc"]
    first = round(start.timestamp())
    steps = [first + 300 * number for number in range(4)]
    assert found.series[0].points == list(zip(steps, [-40, 7, None, 1], strict=True))
    assert [value for _, value in found.series[1].points] == [1000.5] * 4
    assert (found.state, found.changes) == ("LOCKED", [])
    later = {"from": (start - timedelta(minutes=20)).isoformat(), "to": window["to"]}
    whole = await _history(teller, step="5m", **later)
    assert whole.state is None, "nobody knows how it was before its first sample"
    (begins,) = whole.changes
    assert (begins.at, begins.old_state, begins.new_state) == (start, None, "LOCKED")
    window["from"] = (start + timedelta(minutes=2)).isoformat()
    cut = await _history(teller, step="5m", **window)
    assert cut.series[0].points[0] == (first, 5), "what was before is left out"
    assert (await _history(teller, interface="y")).series == []
    nobody = await _history(teller, node_name="worker-9")
    assert (nobody.series, nobody.state) == ([], None)


async def test_a_clocks_past_tells_how_its_state_has_changed(teller: Teller) -> None:
    name = "worker-1/ens1f0"
    await teller.sample(_now() - timedelta(minutes=3), ptp=[clock()])
    await teller.change(name=name, new_state="HOLDOVER", value=148.0)
    held = await teller.platform.last_sequence()
    await teller.change(name="worker-1/other", new_state="FREERUN")
    await teller.change(name=name, old_state="HOLDOVER", new_state="LOCKED", value=None)
    found = await _history(teller, range="2m")
    assert found.state == "LOCKED"
    earlier = found.changes[0].at - timedelta(microseconds=1)
    assert (await _history(teller, range="1m", to=earlier.isoformat())).state == "LOCKED"
    assert [each.old_state for each in (await _history(teller)).changes][:2] == [None, "LOCKED"]
    changes = [(each.old_state, each.new_state, each.offset_ns) for each in found.changes]
    assert changes == [("LOCKED", "HOLDOVER", 148.0), ("HOLDOVER", "LOCKED", None)]
    assert found.changes[0].reason == "the clock has lost its master"
    assert found.changes[0].at <= found.changes[1].at
    then = await _history(teller, as_of_sequence=held, range="1m")
    assert (then.state, then.changes) == ("LOCKED", found.changes[:1])
    before = found.changes[1].at - timedelta(microseconds=1)
    until = await _history(teller, to=before.isoformat(), range="1m")
    assert until.changes == found.changes[:1]
    after = found.changes[0].at + timedelta(microseconds=1)
    rest = await _history(teller, **{"from": after.isoformat()})
    assert (rest.state, len(rest.changes)) == ("HOLDOVER", 1)


async def test_a_range_and_its_steps_are_chosen_where_they_are_not_given(teller: Teller) -> None:
    for query, seconds, step in (
        ({}, 3600, 60),
        ({"range": "8h"}, 28_800, 60),
        ({"range": "7d"}, 604_800, 1260),
        ({"range": "30m", "step": "15s"}, 1800, 15),
    ):
        found = await _history(teller, **query)
        assert (found.until - found.since).total_seconds() == seconds
        assert found.step_seconds == step


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"range": "1y"}, "range"),
        ({"range": "9999999w"}, "range"),
        ({"range": "7d", "step": "1s"}, "step"),
        ({"step": "0s"}, "step"),
        ({"range": "1h", "from": "2026-01-01T00:00:00Z"}, "range"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"from": "9999-01-01T00:00:00Z"}, "from"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
    ],
)
async def test_an_odd_window_is_named(teller: Teller, query: dict[str, str], field: str) -> None:
    asked = CLOCK | {"cluster_id": str(teller.id)} | query
    answer = await teller.platform.http.get(f"{API}/cnf/ptp/history", params=asked)
    (told,) = refused(answer, "VALIDATION_FAILED")["details"]["fields"]
    assert told["field"] == field


async def test_a_cluster_that_is_not_there_has_no_past(platform: Platform) -> None:
    asked = CLOCK | {"cluster_id": str(OTHER_CLUSTER_ID)}
    refused(await platform.http.get(f"{API}/cnf/ptp/history", params=asked), "CLUSTER_NOT_FOUND")


async def test_every_list_is_as_it_was(teller: Teller) -> None:
    told = {
        "workloads": [workload("du-0")],
        "ptp": [clock()],
        "sriov": [resource()],
        "dpdk": [counted(_port(rx_packets=1))],
    }
    await teller.sample(_now(), **told)
    between, then = _now().isoformat(), {path: await teller.read(path) for path in LISTS}
    await teller.sample(_now(), workloads=[], ptp=[clock(offset=9)], missing={"sriov": "away"})
    for path in LISTS:
        assert await teller.read(path) != then[path]
        answer = await teller.platform.http.get(
            f"{API}/cnf/{path}", params={"cluster_id": str(teller.id), "as_of": between}
        )
        assert int(answer.headers["x-as-of-sequence"]) > 0
        assert answer.json() == then[path], path
