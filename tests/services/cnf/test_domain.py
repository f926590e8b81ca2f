"""What is told of network functions when samples of them differ."""

from typing import Any

import pytest

from contracts.clusters import CnfType
from contracts.cnf import CnfArea, CnfStatusChanged, CnfUpdate
from services.cnf import domain
from tests.kit.gpu_builders import cnf_status_changed, cnf_update
from tests.kit.samples import at

_POD: dict[str, Any] = {
    "cnf_type": "VDU",
    "namespace": "du-site-1",
    "pod": "du-0",
    "node_name": "worker-1",
    "state": "RUNNING",
    "ready": True,
    "restarts": 0,
    "evidence": "pod named like a VDU",
}


def pods(*changes: dict[str, Any], **more: Any) -> CnfUpdate:
    """A sample of workloads alone."""
    told = tuple(_POD | each for each in changes)
    return cnf_update(workloads=told, ptp=None, sriov=None, dpdk=None, **more)


def clocks(**changes: Any) -> CnfUpdate:
    told = {"node_name": "worker-1", "interface": "ens1fx", "offset_ns": -4.0} | changes
    return cnf_update(workloads=None, ptp=(told,), sriov=None, dpdk=None)


def functions(used: int | None, allocatable: int | None = 10) -> CnfUpdate:
    told = {"node_name": "worker-1", "resource_name": "openshift.io/x"}
    resource = told | {"allocatable_vfs": allocatable, "used_vfs": used}
    return cnf_update(workloads=None, ptp=None, sriov=(resource,), dpdk=None)


def ports(seconds: int = 0, **counters: int | None) -> CnfUpdate:
    port = {"port": "0", "rx_packets": 100, "rx_dropped": 0} | counters
    stats = {"namespace": "du-site-1", "pod": "du-0", "node_name": "worker-1", "ports": (port,)}
    return cnf_update(workloads=None, ptp=None, sriov=None, dpdk=(stats,), sampled_at=at(seconds))


def run(*samples: CnfUpdate) -> list[CnfStatusChanged]:
    """All that is told of samples that come one after the other."""
    told: list[CnfStatusChanged] = []
    before = None
    for update in samples:
        standings = {(each.area, each.name): each for each in told}
        told += domain.decide(before, update, standings)
        before = update
    return told


def states(*samples: CnfUpdate) -> list[tuple[str | None, str]]:
    return [(each.old_state, each.new_state) for each in run(*samples)]


def test_what_is_well_when_it_is_first_seen_is_not_told() -> None:
    assert run(cnf_update(), cnf_update()) == []


def test_what_is_not_well_when_it_is_first_seen_is_told_once() -> None:
    crashed = pods({"state": "FAILED", "reason": "Evicted"})
    (told,) = run(crashed, crashed, crashed)
    assert told == CnfStatusChanged(
        cluster_id=crashed.cluster_id,
        area=CnfArea.WORKLOAD,
        name="du-site-1/du-0",
        node_name="worker-1",
        pod_namespace="du-site-1",
        cnf_type=CnfType.VDU,
        old_state=None,
        new_state="FAILED",
        reason="Evicted",
    )


def test_a_workload_that_crashes_again_and_again_is_told_once() -> None:
    waits = pods({"reason": "CrashLoopBackOff", "ready": False, "restarts": 3})
    runs = pods({"ready": False, "restarts": 3})
    again = pods({"ready": True, "restarts": 4})
    well = pods({"ready": True, "restarts": 4})
    assert states(pods({}), waits, runs, waits, again, waits, again, well) == [
        ("RUNNING", "CRASHING"),
        ("CRASHING", "RUNNING"),
    ]


def test_a_container_whose_image_does_not_come_has_not_crashed() -> None:
    assert states(pods({}), pods({"reason": "ImagePullBackOff", "ready": False})) == []


def test_a_workload_that_is_gone_is_told_and_so_is_its_return() -> None:
    assert states(pods({}), pods(), pods(), pods({})) == [("RUNNING", "GONE"), ("GONE", "RUNNING")]


def test_a_job_that_is_done_and_cleared_away_is_nothing_to_tell() -> None:
    assert states(pods({"state": "SUCCEEDED"}), pods()) == []


@pytest.mark.parametrize("missing", [None, ()])
def test_from_workloads_that_are_not_known_nothing_follows(missing: Any) -> None:
    unknown = cnf_update(
        workloads=missing, ptp=None, sriov=None, dpdk=None, missing={"workloads": "no answer"}
    )
    assert states(pods({"state": "FAILED"}), unknown, pods({"state": "FAILED"})) == [
        (None, "FAILED")
    ]


def test_one_that_went_while_nothing_was_known_is_gone_all_the_same() -> None:
    unknown = cnf_update(workloads=None, ptp=None, sriov=None, dpdk=None)
    pending = pods({"state": "PENDING"})
    assert states(pending, unknown, pods()) == [(None, "PENDING")]
    assert states(pending, unknown, pods(), pods()) == [(None, "PENDING"), ("PENDING", "GONE")]


def test_another_source_may_not_know_of_all_that_this_one_does() -> None:
    crashed, metrics = pods({"state": "FAILED"}), {"workloads": "METRICS"}
    fallen_back = pods(sources=metrics)
    assert states(crashed, fallen_back, crashed) == [(None, "FAILED")]
    assert states(crashed, fallen_back, fallen_back)[1:] == [("FAILED", "GONE")]


def test_a_clock_that_drifts_goes_through_its_states() -> None:
    told = run(
        clocks(clock_state="LOCKED"),
        clocks(clock_state="HOLDOVER", offset_ns=148.0, role="FAULTY"),
        clocks(clock_state="FREERUN", offset_ns=4_000.0),
        clocks(clock_state=None),
        clocks(clock_state="LOCKED"),
    )
    assert [(each.old_state, each.new_state, each.value) for each in told] == [
        ("LOCKED", "HOLDOVER", 148.0),
        ("HOLDOVER", "FREERUN", 4_000.0),
        ("FREERUN", "LOCKED", -4.0),
    ]
    assert told[0].reason == "its clock is HOLDOVER, 148 ns from its master; its port is FAULTY"
    assert (told[0].name, told[0].node_name) == ("worker-1/ens1fx", "worker-1")


def test_functions_are_available_again_only_with_some_to_spare() -> None:
    used = [9, 20, 19, 20, 19, 18, 19]
    told = run(*(functions(each, 20) for each in used))
    assert [(each.new_state, each.value) for each in told] == [
        ("EXHAUSTED", 20.0),
        ("AVAILABLE", 18.0),
    ]
    assert told[0].reason == "20 of 20 virtual functions are in use"


@pytest.mark.parametrize(("used", "allocatable"), [(None, 8), (8, None), (0, 0), (3, 0)])
def test_functions_of_which_too_little_is_known_are_not_told(
    used: int | None, allocatable: int | None
) -> None:
    assert run(functions(used, allocatable)) == []


def test_ports_drop_packets_and_stop() -> None:
    told = run(
        ports(0),
        ports(60, rx_dropped=600),
        ports(120, rx_dropped=630),
        ports(180, rx_dropped=630),
    )
    assert [(each.new_state, each.value) for each in told] == [("DROPPING", 10.0), ("OK", 0.0)]
    assert told[0].name == "du-site-1/du-0/0"


def test_counters_that_begin_anew_are_no_drops() -> None:
    assert run(ports(0, rx_dropped=500), ports(60, rx_packets=3, rx_dropped=700)) == []
    assert run(ports(0, rx_dropped=500), ports(60, rx_dropped=0)) == []


def test_a_rate_needs_time_and_two_samples() -> None:
    assert run(ports(0), ports(0, rx_dropped=900)) == []
    assert run(ports(0, rx_dropped=None), ports(60, rx_dropped=900)) == []


def test_what_another_worker_told_is_not_told_again() -> None:
    standing = cnf_status_changed(name="worker-1/ens1fx", new_state="HOLDOVER")
    known = {(standing.area, standing.name): standing}
    assert domain.decide(None, clocks(clock_state="HOLDOVER"), known) == []
    (told,) = domain.decide(None, clocks(clock_state="LOCKED"), known)
    assert (told.old_state, told.new_state) == ("HOLDOVER", "LOCKED")
