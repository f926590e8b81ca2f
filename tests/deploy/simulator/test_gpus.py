"""GPUs of simulated nodes: one model, told alike by nvidia-smi, by DCGM and by the API."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.simulator import gpus, nvidia_smi, objects
from deploy.simulator.cluster import Cluster, Node
from deploy.simulator.fleet import Fleet
from deploy.simulator.gpus import MODELS
from deploy.simulator.incidents import Incident
from tests.deploy.simulator.asking import (
    NOON_S,
    allocatable,
    fleet,
    pods,
    query,
    said,
    value,
)

FIELDS = {
    "uuid": "",
    "memory.used": "DCGM_FI_DEV_FB_USED",
    "memory.free": "DCGM_FI_DEV_FB_FREE",
    "memory.reserved": "DCGM_FI_DEV_FB_RESERVED",
    "utilization.gpu": "DCGM_FI_DEV_GPU_UTIL",
    "utilization.memory": "DCGM_FI_DEV_MEM_COPY_UTIL",
    "temperature.gpu": "DCGM_FI_DEV_GPU_TEMP",
    "temperature.memory": "DCGM_FI_DEV_MEMORY_TEMP",
    "power.draw": "DCGM_FI_DEV_POWER_USAGE",
    "power.limit": "DCGM_FI_DEV_POWER_MGMT_LIMIT",
    "clocks.sm": "DCGM_FI_DEV_SM_CLOCK",
    "clocks.mem": "DCGM_FI_DEV_MEM_CLOCK",
    "ecc.errors.uncorrected.volatile.total": "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
}
GPU_INCIDENTS = (Incident.GPU_HOT, Incident.GPU_LOST, Incident.GPU_MEMORY)


def cluster_with(name: str) -> Cluster:
    """spoke-1: H100 with DCGM; spoke-2: L40S and A10 without; spoke-4: A100 with MIG, OpenShift."""
    return fleet().cluster(name)


def smi(cluster: Cluster, node: Node, *options: str, at: float = NOON_S) -> tuple[str, int]:
    return nvidia_smi.run(cluster, node, options, datetime.fromtimestamp(at, UTC))


def table(
    cluster: Cluster, node: Node, fields: str, at: float = NOON_S, what: str = "gpu"
) -> list[dict[str, str]]:
    options = (f"--query-{what}={fields}", "--format=csv,noheader,nounits")
    text, code = smi(cluster, node, *options, at=at)
    assert code == 0, text
    lines = csv.reader(text.splitlines(), skipinitialspace=True)
    return [dict(zip(fields.split(","), line, strict=True)) for line in lines]


def by_uuid(cluster: Cluster, at: float = NOON_S) -> dict[str, dict[str, str]]:
    rows = (
        row
        for node in gpus.gpu_nodes(cluster)
        for row in table(cluster, node, ",".join(FIELDS), at)
    )
    return {row["uuid"]: row for row in rows}


def exported(cluster: Cluster, name: str, at: float = NOON_S) -> dict[str, float]:
    return {labels["UUID"]: found for labels, found in query(cluster, name, at)}


def whole(cluster: Cluster) -> Iterator[str]:
    """The GPUs that are not cut."""
    for cards in gpus.cards(cluster).values():
        yield from (card.uuid for card in cards if not card.instances)


def test_the_fleet_has_gpus_of_several_kinds_some_cut_some_without_metrics() -> None:
    clusters = [each for each in fleet().clusters if each.traits.gpu_nodes]
    assert len(clusters) >= 3
    assert {kind for each in clusters for kind in each.gpu_types} == set(MODELS)
    assert [each.name for each in clusters if not each.traits.dcgm] == ["spoke-2"]
    assert {node.mig > 0 for each in clusters for node in each.nodes()} == {True, False}
    counts = {node.gpus for each in clusters for node in each.nodes() if node.gpus}
    assert counts == {1, 4, 8}


@pytest.mark.parametrize("step", range(0, 7200, 480))
@pytest.mark.parametrize("name", ["spoke-1", "spoke-4"])
def test_dcgm_tells_the_values_that_nvidia_smi_tells(name: str, step: int) -> None:
    cluster, at = cluster_with(name), NOON_S + step
    for incident in GPU_INCIDENTS[::2]:
        cluster.stage.order(incident, NOON_S + 600, 3600)
    rows = by_uuid(cluster, at)
    uuids = set(whole(cluster))
    for field, metric in FIELDS.items():
        if metric:
            told = exported(cluster, metric, at)
            assert {uuid: told[uuid] for uuid in uuids} == {
                uuid: float(rows[uuid][field]) for uuid in uuids
            }, field


def test_a_cluster_without_dcgm_exports_nothing_and_has_no_exporter() -> None:
    cluster = cluster_with("spoke-2")
    assert query(cluster, '{__name__=~"DCGM.*"}') == []
    assert pods(cluster, "nvidia-dcgm-exporter") == []
    assert len(by_uuid(cluster)) == cluster.gpu_count == 5


def test_an_old_driver_does_not_know_new_fields() -> None:
    cluster = cluster_with("spoke-2")
    node = next(gpus.gpu_nodes(cluster))
    new, old = "clocks_event_reasons.active", "clocks_throttle_reasons.active"
    text, code = smi(cluster, node, f"--query-gpu=index,{new}", "--format=csv")
    assert (code, text) == (2, f'Field "{new}" is not a valid field to query.\n\n')
    assert all(re.fullmatch("0x[0-9A-F]{16}", row[old]) for row in table(cluster, node, old))
    newer = cluster_with("spoke-1")
    node = next(gpus.gpu_nodes(newer))
    assert [row[new] for row in table(newer, node, new)] == [
        row[old] for row in table(newer, node, old)
    ]


def test_versions_are_told_by_new_drivers_and_by_the_tables_of_all() -> None:
    for name, cuda, code in (("spoke-1", "12.8", 0), ("spoke-2", "12.0", 2)):
        cluster = cluster_with(name)
        node = next(gpus.gpu_nodes(cluster))
        text, ended = smi(cluster, node, "--version")
        assert (ended, f"CUDA Version        : {cuda}" in text) == (code, not code)
        assert f"CUDA Version: {cuda}" in smi(cluster, node)[0]


@pytest.mark.parametrize("name", ["spoke-1", "spoke-2", "spoke-4"])
def test_the_tables_are_as_wide_as_they_should_be(name: str) -> None:
    cluster = cluster_with(name)
    cluster.stage.order(Incident.GPU_LOST, NOON_S, 6000)
    for node in gpus.gpu_nodes(cluster):
        lines = smi(cluster, node)[0].splitlines()[1:]
        assert {len(line) for line in lines if line} == {91}
        assert sum(" C   " in line for line in lines) == len(
            table(cluster, node, "pid", what="compute-apps")
        )


def test_a_gpu_that_is_cut_tells_of_its_instances() -> None:
    cluster = cluster_with("spoke-4")
    node = next(gpus.gpu_nodes(cluster))
    cut = [card for card in gpus.cards(cluster)[node.name] if card.instances]
    assert len(cut) == node.mig == 2
    listed = smi(cluster, node, "-L")[0]
    for card in cut:
        assert f"GPU {card.index}: {card.model.name} (UUID: {card.uuid})" in listed
        assert all(each.uuid in listed for each in card.instances)
        told = query(cluster, f'DCGM_FI_DEV_FB_USED{{UUID="{card.uuid}"}}')
        assert {(labels["GPU_I_ID"], labels["GPU_I_PROFILE"]) for labels, _ in told} == {
            (str(each.number), each.profile) for each in card.instances
        }
        assert query(cluster, f'DCGM_FI_DEV_GPU_UTIL{{UUID="{card.uuid}"}}') == []
        engine = query(cluster, f'DCGM_FI_PROF_GR_ENGINE_ACTIVE{{UUID="{card.uuid}"}}')
        assert len(engine) == len(card.instances)
        assert all(0 <= share <= 1 for _, share in engine)
    rows = table(cluster, node, "mig.mode.current,utilization.gpu")
    assert [row["mig.mode.current"] for row in rows] == ["Disabled"] * 6 + ["Enabled"] * 2
    assert [row["utilization.gpu"] for row in rows[6:]] == ["[N/A]"] * 2


def test_processes_run_in_pods_of_their_node_that_have_asked_for_gpus() -> None:
    for cluster in fleet().clusters:
        for node in gpus.gpu_nodes(cluster):
            driver = next(
                each for each in pods(cluster, "nvidia-driver-daemonset") if each.node == node.name
            )
            there = {
                objects.pod_uid(cluster, each): objects.pod(cluster, each)
                for each in cluster.pods()
                if each.node == node.name
            }
            pids = [row["pid"] for row in table(cluster, node, "pid", what="compute-apps")]
            assert len(pids) == len(set(pids)) >= 1
            kinds = {_place(cluster, driver, pid, there) for pid in pids}
            assert kinds == ({"pod"} if node.gpus == 1 else {"pod", "host"})


def _place(cluster: Cluster, driver: Any, pid: str, there: dict[str, Any]) -> str:
    text = said(cluster, driver, "cat", f"/proc/{pid}/cgroup").stdout
    groups = {line.split(":", 2)[2] for line in text.splitlines()}
    (group,) = groups
    if group.startswith("/user.slice/"):
        return "host"
    found = re.fullmatch(r"/kubepods\.slice/.+-pod([0-9a-f_]+)\.slice/crio-(\w{64})\.scope", group)
    assert found, group
    pod = there[found[1].replace("_", "-")]
    assert pod["status"]["containerStatuses"][0]["containerID"] == f"cri-o://{found[2]}"
    requests = pod["spec"]["containers"][0]["resources"]["requests"]
    assert any(name.startswith("nvidia.com/") for name in requests)
    return "pod"


def test_dcgm_names_the_pods_that_hold_gpus() -> None:
    for name, head in (("spoke-1", ""), ("spoke-4", "exported_")):
        cluster = cluster_with(name)
        asked = {
            (each.namespace, each.name)
            for each in cluster.pods()
            if any(key.startswith("nvidia.com/") for key in objects.requests(cluster, each))
        }
        told = query(cluster, f'DCGM_FI_DEV_GPU_TEMP{{{head}pod!=""}}')
        found = {(labels[f"{head}namespace"], labels[f"{head}pod"]) for labels, _ in told}
        assert found == asked
        assert len(asked) >= 8


def test_some_gpus_are_held_and_not_used_and_some_are_not_held() -> None:
    cluster = cluster_with("spoke-1")
    told = query(cluster, "DCGM_FI_DEV_GPU_UTIL")
    assert any(0 < found < 5 for labels, found in told if "pod" in labels)
    assert any(found > 30 for labels, found in told if "pod" in labels)
    assert any(found == 0 for labels, found in told if "pod" not in labels)


@pytest.mark.parametrize("name", ["spoke-1", "spoke-2", "spoke-4"])
def test_heat_slows_a_gpu_down(name: str) -> None:
    cluster = cluster_with(name)
    node = next(gpus.gpu_nodes(cluster))
    fields = "index,temperature.gpu,clocks.sm,clocks_throttle_reasons.active"
    cluster.stage.order(Incident.GPU_HOT, NOON_S, 600)
    before, hot, after = (
        {row["index"]: row for row in table(cluster, node, fields, NOON_S + at)}
        for at in (-1, 300, 601)
    )
    (struck,) = (index for index, row in hot.items() if int(row["temperature.gpu"]) > 85)
    assert int(before[struck]["temperature.gpu"]) < 80 > int(after[struck]["temperature.gpu"])
    assert int(hot[struck]["clocks.sm"]) < int(before[struck]["clocks.sm"])
    reasons = int(hot[struck]["clocks_throttle_reasons.active"], 16)
    assert reasons & gpus.HW_THERMAL
    assert reasons & gpus.SW_THERMAL
    calm = {index: row for index, row in before.items() if index != struck}
    assert all(int(hot[index]["temperature.gpu"]) < 80 for index in calm)


def test_a_gpu_that_falls_off_its_bus_tells_an_xid_and_vanishes_everywhere() -> None:
    cluster = cluster_with("spoke-1")
    node = next(gpus.gpu_nodes(cluster))
    cluster.stage.order(Incident.GPU_LOST, NOON_S, 1000)
    xids = 'DCGM_FI_DEV_XID_ERRORS{Hostname="' + node.name + '"} > 0'
    [(struck, xid)] = query(cluster, xids, NOON_S + 100)
    assert xid == 79
    row = next(
        row
        for row in table(cluster, node, "uuid,temperature.gpu,memory.used", NOON_S + 100)
        if row["uuid"] == struck["UUID"]
    )
    assert set(row.values()) - {struck["UUID"]} == {"[GPU is lost]"}
    assert allocatable(cluster, node.name, NOON_S - 1)["nvidia.com/gpu"] == "8"
    for at in (200, 800):
        assert len(table(cluster, node, "index", NOON_S + at)) == 7
        assert struck["UUID"] not in exported(cluster, "DCGM_FI_DEV_GPU_TEMP", NOON_S + at)
        assert struck["UUID"] not in exported(cluster, "DCGM_FI_DEV_XID_ERRORS", NOON_S + at)
        assert allocatable(cluster, node.name, NOON_S + at)["nvidia.com/gpu"] == "7"
        metric = f'kube_node_status_allocatable{{node="{node.name}",resource="nvidia_com_gpu"}}'
        assert value(cluster, metric, NOON_S + at) == 7
    assert len(table(cluster, node, "index", NOON_S + 900)) == 8
    assert query(cluster, xids, NOON_S + 900) == []


def test_the_last_gpu_of_a_node_leaves_none_behind() -> None:
    cluster = cluster_with("spoke-2")
    *_, node = gpus.gpu_nodes(cluster)
    card = gpus.cards(cluster)[node.name][0]
    assert node.gpus == 1
    assert card.struck == frozenset()
    assert smi(cluster, Node("worker", "worker"), "-L") == ("No devices were found\n", 6)


def test_memory_that_fails_tells_one_xid_and_then_another() -> None:
    cluster = cluster_with("spoke-1")
    cluster.stage.order(Incident.GPU_MEMORY, NOON_S, 1000)
    xids = [query(cluster, "DCGM_FI_DEV_XID_ERRORS > 0", NOON_S + at) for at in (100, 600, 1001)]
    assert [[xid for _, xid in told] for told in xids] == [[63], [48], []]
    uuid = xids[1][0][0]["UUID"]
    assert exported(cluster, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", NOON_S + 600)[uuid] == 1


def test_an_order_shows_at_once_at_a_time_that_was_asked_for_before() -> None:
    cluster = cluster_with("spoke-1")
    assert query(cluster, "DCGM_FI_DEV_GPU_TEMP > 85", NOON_S) == []
    cluster.stage.order(Incident.GPU_HOT, NOON_S - 50, 100)
    assert len(query(cluster, "DCGM_FI_DEV_GPU_TEMP > 85", NOON_S)) == 1


def test_a_fleet_may_be_full_of_gpus() -> None:
    for cluster in Fleet.make(8, seed=7, nodes=7, gpu_nodes=6).clusters:
        assert cluster.gpu_count == 48
        assert len(query(cluster, "DCGM_FI_DEV_GPU_UTIL")) == 48
        assert set(cluster.gpu_types) == {"NVIDIA-H100-80GB-HBM3"}
