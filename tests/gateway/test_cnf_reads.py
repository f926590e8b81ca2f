"""Workloads, clocks and virtual functions over REST: what is shown, found, and in which order."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.rest.documented_cnf import CnfWorkloadList, PtpStatusList, SriovStatusList
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.settings import Settings
from tests.gateway.network_functions import Teller, clock, resource, workload
from tests.kit.gateway import API, Json, Platform, platform_on, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LISTS = ("workloads", "ptp/status", "sriov/status", "dpdk/stats")


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One on which nobody looks: these tests say themselves what was found."""
    async with platform_on(platform_settings) as running:
        await running.workers.stop()
        yield running


@pytest.fixture
async def teller(platform: Platform) -> Teller:
    return await Teller(platform).register()


def _ago(**time: float) -> datetime:
    return SystemClock().now() - timedelta(**time)


def _found(page: Json, *fields: str) -> list[Any]:
    rows = [tuple(item[name] for name in fields) for item in page["items"]]
    return [row[0] for row in rows] if len(fields) == 1 else rows


async def test_an_empty_hub_has_empty_lists(platform: Platform) -> None:
    for path in LISTS:
        page = await platform.list(f"/cnf/{path}", cluster_id=str(new_id()))
        assert (page["items"], page["missing"], page["total"]) == ([], [], 0), path
        assert (await platform.list(f"/cnf/{path}", as_of_sequence=0))["total"] == 0


async def test_a_workload_is_shown_whole(teller: Teller) -> None:
    at = _ago(seconds=20)
    one = workload("du-0", "PENDING", ready=False, restarts=3, reason="CrashLoopBackOff")
    await teller.sample(at, workloads=[one], sources={"workloads": "KUBERNETES"})
    page = CnfWorkloadList.model_validate(await teller.read("workloads"))
    (found,) = page.items
    assert found.model_dump(mode="json", include=set(one)) == one
    assert (found.cluster_id, found.cluster_name) == (teller.id, teller.name)
    assert (found.last_updated, found.stale, found.source) == (at, False, "KUBERNETES")
    assert (found.standing, found.state_since) == (None, None)
    assert (page.by_type.VDU, page.by_type.UPF, page.by_state.PENDING) == (1, 0, 1)


async def test_workloads_are_found_by_what_they_are(teller: Teller) -> None:
    at = _ago(seconds=20)
    told = [
        workload("du-0"),
        workload("du-1", "FAILED", node_name="worker-2", reason="OOMKilled"),
        workload("upf-0", "RUNNING", cnf_type="UPF", namespace="core"),
        workload("upf_1", "PENDING", cnf_type="UPF", namespace="core", node_name=None),
    ]
    await teller.sample(at, workloads=told)
    asked: list[tuple[Json, set[str]]] = [
        ({"cnf_type": "UPF"}, {"upf-0", "upf_1"}),
        ({"cnf_type": ["upf", "VDU"], "namespace": "core"}, {"upf-0", "upf_1"}),
        ({"namespace": "nowhere"}, set()),
        ({"state": ["FAILED", "pending"]}, {"du-1", "upf_1"}),
        ({"node_name": "worker-2"}, {"du-1"}),
        ({"q": "OOM"}, {"du-1"}),
        ({"q": "F_1"}, {"upf_1"}),
        ({"q": "%"}, set()),
        ({"stale": "false"}, {"du-0", "du-1", "upf-0", "upf_1"}),
        ({"stale": "true"}, set()),
    ]
    for query, pods in asked:
        page = await teller.read("workloads", **query)
        assert set(_found(page, "pod")) == pods, query
        assert page["total"] == len(pods)
        assert sum(page["by_state"].values()) == sum(page["by_type"].values()) == len(pods)


async def test_the_worst_workloads_come_first_page_by_page(teller: Teller) -> None:
    states = {"a": "SUCCEEDED", "b": "RUNNING", "d": "PENDING", "e": "UNKNOWN", "f": "FAILED"}
    told = [workload(pod, state) for pod, state in states.items()]
    told += [workload("c", ready=False), workload("b-restarts", restarts=7)]
    await teller.sample(_ago(seconds=20), workloads=told)
    order = ["f", "e", "d", "c", "b-restarts", "b", "a"]
    assert _found(await teller.read("workloads"), "pod") == order
    second = await teller.read("workloads", page=2, page_size=3)
    assert _found(second, "pod") == order[3:6]
    assert (second["total"], second["total_pages"]) == (7, 3)


async def test_clocks_are_worst_first_and_found(teller: Teller) -> None:
    told = [
        clock("ens1f0", 3),
        clock("ens1f1", -90),
        clock("ens2f0", None, clock_state="HOLDOVER", role="FAULTY"),
        clock("ens2f1", 5, clock_state="FREERUN", node_name="worker-2"),
        clock("CLOCK_REALTIME", None, clock_state=None, role=None, process="phc2sys"),
    ]
    await teller.sample(_ago(seconds=20), ptp=told, sources={"ptp": "METRICS"})
    page = PtpStatusList.model_validate(await teller.read("ptp/status"))
    shown = ["ens2f1", "ens2f0", "CLOCK_REALTIME", "ens1f1", "ens1f0"]
    assert [item.interface for item in page.items] == shown
    assert page.by_state.model_dump() == {"LOCKED": 2, "HOLDOVER": 1, "FREERUN": 1, "UNKNOWN": 1}
    assert page.items[3].offset_ns == -90
    for query, interfaces in (
        ({"clock_state": ["FREERUN", "unknown"]}, {"ens2f1", "CLOCK_REALTIME"}),
        ({"node_name": "worker-2"}, {"ens2f1"}),
        ({"interface": ["ens1f0", "ens2f0"]}, {"ens1f0", "ens2f0"}),
        ({"q": "phc2"}, {"CLOCK_REALTIME"}),
    ):
        assert set(_found(await teller.read("ptp/status", **query), "interface")) == interfaces


async def test_ports_are_told_with_their_clock_and_are_no_clocks(teller: Teller) -> None:
    ports = [{"interface": "ens1f0", "role": "SLAVE"}, {"interface": "ens1f1", "role": "MASTER"}]
    told = [clock("ens1fx", ports=ports), clock("CLOCK_REALTIME", role=None, process="phc2sys")]
    await teller.sample(_ago(seconds=20), ptp=told)
    page = await teller.read("ptp/status")
    assert (page["total"], page["by_state"]["UNKNOWN"]) == (2, 0)
    assert dict(_found(page, "interface", "ports")) == {"ens1fx": ports, "CLOCK_REALTIME": []}
    for query in ({"interface": "ens1f1"}, {"interface": "ens1fx"}, {"q": "1F1"}):
        assert _found(await teller.read("ptp/status", **query), "interface") == ["ens1fx"], query
    assert (await teller.read("ptp/status", q="MASTER"))["items"] == []


async def test_virtual_functions_are_fewest_free_first_and_found(teller: Teller) -> None:
    told = [
        resource("openshift.io/a"),
        resource("openshift.io/b", used_vfs=8, interfaces=["ens3f0", "ens3f1"]),
        resource("openshift.io/c", allocatable_vfs=None, used_vfs=None, policy=None),
        resource("openshift.io/d", used_vfs=5, node_name="worker-2"),
        resource("openshift.io/e", allocatable_vfs=0, used_vfs=0, total_vfs=0),
    ]
    await teller.sample(_ago(seconds=20), sriov=told)
    page = SriovStatusList.model_validate(await teller.read("sriov/status"))
    shown = [(item.resource_name[-1], item.free_vfs, item.exhausted) for item in page.items]
    assert shown == [
        ("b", 0, True),
        ("e", 0, None),
        ("d", 3, False),
        ("a", 6, False),
        ("c", None, None),
    ]
    assert page.items[0].interfaces == ("ens3f0", "ens3f1")
    totals = {"total_vfs": 32, "allocatable_vfs": 24, "used_vfs": 15, "exhausted": 1}
    assert page.totals.model_dump() == totals
    for query, names in (
        ({"exhausted": "true"}, ["b"]),
        ({"exhausted": "false"}, ["d", "a"]),
        ({"resource_name": "openshift.io/d"}, ["d"]),
        ({"node_name": "worker-2"}, ["d"]),
        ({"q": "ens3f1"}, ["b"]),
    ):
        found = _found(await teller.read("sriov/status", **query), "resource_name")
        assert [name[-1] for name in found] == names, query


async def test_a_state_tells_since_when_it_is_so(teller: Teller) -> None:
    await teller.change(name="worker-1/ens1f0", new_state="HOLDOVER")
    held = clock("ens1f0", clock_state="HOLDOVER")
    await teller.sample(_ago(seconds=20), ptp=[held], workloads=[workload("du-0", "FAILED")])
    (state, since), *_ = _found(await teller.read("ptp/status"), "standing", "state_since")
    assert state == "HOLDOVER"
    assert datetime.fromisoformat(since) <= SystemClock().now()
    await teller.change(
        area="WORKLOAD", name="du-site/du-0", old_state="RUNNING", new_state="FAILED"
    )
    assert _found(await teller.read("workloads"), "standing") == ["FAILED"]
    await teller.change(area="WORKLOAD", name="du-site/du-0", old_state="FAILED", new_state="GONE")
    gone = _found(await teller.read("workloads"), "standing", "state_since")
    assert gone == [(None, None)], "another pod of the same name"


async def test_a_pod_that_keeps_crashing_does_not_look_well(teller: Teller) -> None:
    name = {"area": "WORKLOAD", "name": "du-site/du-1"}
    await teller.change(**name, old_state="RUNNING", new_state="CRASHING")
    told = [workload("du-0", "PENDING"), workload("du-1"), workload("du-2")]
    await teller.sample(_ago(seconds=20), workloads=told)
    page = CnfWorkloadList.model_validate(await teller.read("workloads"))
    assert [item.pod for item in page.items] == ["du-1", "du-0", "du-2"]
    assert (page.items[0].state, page.items[0].standing) == ("RUNNING", "CRASHING")
    assert (page.by_state.CRASHING, page.by_state.RUNNING) == (1, 1)
    for state, pods in (("CRASHING", ["du-1"]), ("RUNNING", ["du-2"])):
        assert _found(await teller.read("workloads", state=state), "pod") == pods


async def test_a_part_may_be_known_in_part(teller: Teller) -> None:
    reasons = {"workloads": "more than 5,000 pods"}
    await teller.sample(_ago(seconds=20), workloads=[workload("du-0")], missing=reasons)
    page = await teller.read("workloads")
    assert (page["total"], [gap["reason"] for gap in page["missing"]]) == (1, [*reasons.values()])


async def test_what_is_not_known_is_named_with_what_was_known_last(teller: Teller) -> None:
    before, at = _ago(seconds=80), _ago(seconds=20)
    await teller.sample(before, workloads=[workload("du-0")], ptp=[clock()])
    reasons = {"workloads": "the API server answered 503", "dpdk": "metrics only"}
    await teller.sample(at, ptp=[], missing=reasons)
    page = CnfWorkloadList.model_validate(await teller.read("workloads"))
    (gap,) = page.missing
    assert (gap.cluster_id, gap.cluster_name, gap.what) == (teller.id, teller.name, "workloads")
    assert (gap.reason, gap.last_updated) == (reasons["workloads"], before)
    assert [item.last_updated for item in page.items] == [before]
    ptp = await teller.read("ptp/status")
    assert (ptp["items"], ptp["missing"]) == ([], []), "it is known that there are none"
    (dpdk,) = (await teller.read("dpdk/stats"))["missing"]
    assert (dpdk["reason"], dpdk["last_updated"]) == ("metrics only", None)
    (sriov,) = (await teller.read("sriov/status"))["missing"]
    assert sriov["reason"] == "the sample does not tell of it"


async def test_a_cluster_nobody_has_sampled_yet_or_any_more_is_named(platform: Platform) -> None:
    new, old = await Teller(platform).register(), await Teller(platform).register()
    await old.sample(_ago(seconds=200), workloads=[workload("du-0")])
    (gap,) = (await new.read("workloads"))["missing"]
    assert gap["reason"] == "there was no sample yet"
    before = await platform.last_sequence()
    (gap,) = (await new.read("workloads", as_of_sequence=before))["missing"]
    assert gap["reason"] == "no sample of that time is kept"
    page = await old.read("workloads")
    assert _found(page, "stale") == [True]
    assert [gap["reason"] for gap in page["missing"]] == ["there was no sample for three intervals"]
    assert (await old.read("workloads", stale="false"))["total"] == 0


async def test_a_deleted_cluster_is_shown_as_of_before_only(teller: Teller) -> None:
    await teller.sample(_ago(seconds=20), workloads=[workload("du-0")])
    before = await teller.platform.last_sequence()
    await teller.delete()
    page = await teller.read("workloads")
    assert (page["items"], page["missing"]) == ([], [])
    then = await teller.read("workloads", as_of_sequence=before)
    assert then["total"] in {0, 1}, "its log time may be before the sample"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("workloads", {"cnf_type": "XYZ"}, "cnf_type"),
        ("workloads", {"state": "HAPPY"}, "state"),
        ("workloads", {"cluster_id": "me"}, "cluster_id"),
        ("ptp/status", {"clock_state": "LATE"}, "clock_state"),
        ("sriov/status", {"as_of": "2026-01-01T00:00:00"}, "as_of"),
    ],
)
async def test_an_odd_parameter_is_named(
    platform: Platform, path: str, query: dict[str, str], field: str
) -> None:
    answer = await platform.http.get(f"{API}/cnf/{path}", params=query)
    (told,) = refused(answer, "VALIDATION_FAILED")["details"]["fields"]
    assert told["field"] == field
