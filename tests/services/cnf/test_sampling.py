"""What is found out about network functions, by which source, and what it says where one fails."""

from pathlib import Path

import pytest

from contracts.clusters import CnfType
from contracts.cnf import ClockState, CnfSource, CnfUpdate, SriovStatus
from services.cnf import exec_source, kube_source, prometheus_source, sampling
from services.cnf.dpdk import COMMAND
from services.cnf.ptp_pmc import QUESTIONS
from tests.kit.gpu_builders import cnf_update
from tests.kit.prometheus import INSTALLED
from tests.runtime.outbound.origins import answer, says
from tests.services.cnf import objects, test_dpdk, test_sriov, test_workloads
from tests.services.cnf.fake_api import TOKEN
from tests.services.cnf.looking import Hub
from tests.services.cnf.recordings import exposed, samples, text
from tests.services.gpu.exporters import Exporter, scraping

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PODS = "/api/v1/pods"
IN_DU = "/api/v1/namespaces/du-site-1/pods"
IN_PTP = "/api/v1/namespaces/openshift-ptp/pods"
STATES = "/apis/sriovnetwork.openshift.io/v1/sriovnetworknodestates"
FRONTHAUL = SriovStatus(
    node_name="worker-1",
    resource_name="openshift.io/du_fronthaul",
    policy="du-fronthaul",
    interfaces=("ens2f0",),
    total_vfs=8,
    allocatable_vfs=8,
    used_vfs=2,
)


def pods(update: CnfUpdate) -> list[str]:
    return [each.pod for each in update.workloads or ()]


def programs(pod: str, words: tuple[str, ...]) -> tuple[int, str]:
    """One clock on the daemon's node, and DPDK in the unit."""
    match words[0]:
        case "pmc" if "/var/run/ptp4l.0.config" in words:
            return 0, text("pmc-distributed-unit.txt")
        case "sh" if pod == "du-0":
            return 0, text("dpdk-piped.txt")
        case _:
            return 255, ""


async def test_objects_programs_and_metrics_each_tell_what_they_know_best(hub: Hub) -> None:
    hub.functions()
    hub.api.runs = programs
    found = await hub.sample(await hub.cluster())
    assert found.missing == {}
    assert found.sources == {
        "workloads": CnfSource.KUBERNETES,
        "ptp": CnfSource.EXEC,
        "sriov": CnfSource.KUBERNETES,
        "dpdk": CnfSource.EXEC,
    }
    assert pods(found) == ["du-0"]
    assert found.sriov == (FRONTHAUL,)
    assert [(each.node_name, each.clock_state) for each in found.ptp or ()] == [
        ("worker-1", ClockState.LOCKED)
    ]
    ((port,),) = [each.ports for each in found.dpdk or ()]
    assert port.rx_packets == 10_006_228


async def test_what_is_run_is_what_the_manuals_say(hub: Hub) -> None:
    hub.functions()
    hub.api.runs = programs
    await hub.sample(await hub.cluster())
    asked = [
        ("pmc", "-u", "-b", "0", "-f", f"/var/run/ptp4l.{n}.config", *QUESTIONS) for n in (0, 1)
    ]
    daemon = "linuxptp-daemon-x7k2p"
    assert sorted(hub.api.commands) == sorted(
        [("du-0", COMMAND), *((daemon, each) for each in asked)]
    )


async def test_nothing_is_run_where_metrics_tell(hub: Hub) -> None:
    hub.functions()
    own = {"namespace": "du-site-1", "pod": "du-0"}
    hub.prometheus.series = [
        *samples(exposed("ptp-slave.prom")),
        *samples(test_dpdk.TELEGRAF, **own),
    ]
    found = await hub.sample(await hub.cluster())
    assert hub.api.commands == []
    assert found.sources["ptp"] is found.sources["dpdk"] is CnfSource.METRICS
    assert [each.interface for each in found.ptp or ()] == ["CLOCK_REALTIME", "ens2fx"]
    placed = [(each.pod, each.node_name) for each in found.dpdk or ()]
    assert placed == [("du-0", "worker-1")], "the exporter tells no node"


@pytest.mark.parametrize("kind", ["SPOKE", "FAR_EDGE"])
async def test_without_the_api_server_metrics_tell_all(hub: Hub, kind: str) -> None:
    hub.functions()
    hub.prometheus.series = samples(
        test_workloads.KUBE_STATE_METRICS + test_sriov.KUBE_STATE_METRICS
    )
    found = await hub.sample(await hub.cluster(kind=kind, login=kind == "FAR_EDGE"))
    assert hub.api.asked == []
    assert set(found.sources.values()) == {CnfSource.METRICS}
    assert sorted(pods(found)) == ["du-0", "du-old", "upf-7d9f-x2x1z"]
    assert [(each.total_vfs, each.used_vfs) for each in found.sriov or ()] == [(10, 3)]
    assert found.ptp == found.dpdk == ()
    assert found.missing == {}


async def test_each_area_fails_by_itself(hub: Hub) -> None:
    hub.functions()
    hub.api.refused = {STATES: 403, IN_PTP: 403}
    found = await hub.sample(await hub.cluster())
    assert pods(found) == ["du-0"]
    assert found.sriov is found.ptp is None
    assert (
        "does not allow: list sriovnetworknodestates.sriovnetwork.openshift.io (403)"
        in found.missing["sriov"]
    )
    assert found.missing["sriov"].endswith("no metrics of kube-state-metrics")
    assert found.missing["ptp"] == "the API server does not allow: list pods in openshift-ptp (403)"
    assert "none of 1 pods with huge pages" in found.missing["dpdk"]
    assert TOKEN not in found.model_dump_json()


async def test_where_nothing_answers_nothing_is_known(hub: Hub) -> None:
    hub.api.refused = {STATES: 503, IN_PTP: 503}
    hub.prometheus.ill = says(answer(b"<html>", "502 Bad Gateway"))
    found = await hub.sample(await hub.cluster(), seconds=6.0)
    assert (found.workloads, found.ptp, found.sriov, found.dpdk) == (None, None, None, None)
    assert found.sources == {}
    assert set(found.missing) == {"workloads", "ptp", "sriov", "dpdk"}
    assert "Prometheus" in found.missing["ptp"]


async def test_programs_do_not_take_the_place_of_a_prometheus_that_fails(hub: Hub) -> None:
    hub.functions()
    hub.api.runs = programs
    hub.prometheus.ill = says(answer(b"<html>", "502 Bad Gateway"))
    found = await hub.sample(await hub.cluster())
    assert found.ptp is found.dpdk is None
    assert hub.api.commands == []
    found = await hub.sample(await hub.cluster(endpoints={}))
    assert found.sources["ptp"] is found.sources["dpdk"] is CnfSource.EXEC
    assert found.missing == {}


async def test_of_pods_that_are_not_known_no_counters_are(hub: Hub) -> None:
    hub.api.refused = {STATES: 401}
    found = await hub.sample(await hub.cluster(endpoints={}))
    assert found.dpdk is None
    assert found.missing["dpdk"] == "the API server does not take the credentials (401)"


async def test_a_prometheus_that_hangs_holds_up_no_objects(hub: Hub) -> None:
    hub.functions()
    hub.prometheus.ill = says(b"")
    found = await hub.sample(await hub.cluster(), seconds=6.0)
    assert pods(found) == ["du-0"]
    assert found.sriov == (FRONTHAUL,)


async def test_a_daemon_that_does_not_answer_spoils_no_other_node(hub: Hub) -> None:
    def runs(pod: str, words: tuple[str, ...]) -> tuple[int, str]:
        return (127, "") if pod.endswith("-bad") else programs(pod, words)

    hub.functions()
    hub.api.runs = runs
    hub.api.pods.append(objects.pod("linuxptp-daemon-bad", "openshift-ptp", node="worker-2"))
    found = await hub.sample(await hub.cluster())
    assert [each.node_name for each in found.ptp or ()] == ["worker-1"]
    assert "there is no pmc in container linuxptp-daemon-container" in found.missing["ptp"]


async def test_a_clock_that_does_not_answer_is_not_known(hub: Hub) -> None:
    def runs(pod: str, words: tuple[str, ...]) -> tuple[int, str]:
        first = "/var/run/ptp4l.0.config" in words
        return (0, "sending: GET PORT_DATA_SET\n") if first else programs(pod, words)

    hub.functions()
    hub.api.runs = runs
    found = await hub.sample(await hub.cluster())
    assert found.ptp is None
    assert "ptp4l does not answer pmc in" in found.missing["ptp"]


async def test_daemons_beyond_what_is_asked_are_named(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exec_source, "_MOST_PODS", 1)
    hub.functions()
    hub.api.runs = programs
    hub.api.pods.append(objects.pod("linuxptp-daemon-z", "openshift-ptp", node="worker-2"))
    found = await hub.sample(await hub.cluster())
    assert [each.node_name for each in found.ptp or ()] == ["worker-1"]
    assert found.missing["ptp"] == "only 1 of 2 pods are asked"


async def test_what_is_used_is_not_known_where_not_all_pods_are(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_source, "_MOST_PODS", 2)
    hub.functions()
    found = await hub.sample(await hub.cluster(endpoints={}))
    assert [each.used_vfs for each in found.sriov or ()] == [None]
    assert found.missing["sriov"] == found.missing["workloads"]


async def test_a_cluster_without_the_operators_has_none_of_theirs(hub: Hub) -> None:
    hub.api.pods = [objects.pod("upf-0", "core")]
    found = await hub.sample(await hub.cluster())
    assert [(each.pod, each.cnf_type) for each in found.workloads or ()] == [("upf-0", CnfType.UPF)]
    assert found.sriov == found.ptp == found.dpdk == ()
    assert found.missing == {}
    assert hub.api.listed("/api/v1/nodes") == 0


async def test_whole_pods_are_read_only_where_network_functions_are(hub: Hub) -> None:
    hub.functions()
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    await hub.look(cluster_id)
    assert hub.api.listed("/api/v1/namespaces/shop/pods") == 0
    assert hub.api.listed(IN_DU) == 2
    # All pods once, for their names; and those of the node with virtual functions at each look.
    assert hub.api.listed(PODS) == 3


async def test_a_sample_that_is_too_large_for_the_bus_says_what_it_leaves_out() -> None:
    pod = cnf_update().model_dump()["workloads"][0]
    many = tuple(pod | {"pod": f"du-{n}", "evidence": "x" * 2_000} for n in range(2_000))
    found = sampling.fitting(cnf_update(workloads=many))
    assert found.workloads is None
    assert found.ptp is not None
    assert found.missing["workloads"] == "what there is of it is too much to be told"
    assert len(found.model_dump_json()) < sampling.LARGEST


@pytest.mark.skipif(not INSTALLED, reason="there is no Prometheus")
async def test_a_real_prometheus_understands_what_it_is_asked(hub: Hub, tmp_path: Path) -> None:
    exporters = [
        Exporter("ptp"),
        Exporter("pods"),
        Exporter("dpdk", {"namespace": "a", "pod": "b"}),
    ]
    texts = {
        "ptp": exposed("ptp-slave.prom"),
        "pods": test_workloads.KUBE_STATE_METRICS + test_sriov.KUBE_STATE_METRICS,
        "dpdk": test_dpdk.TELEGRAF,
    }
    hub.prometheus.series = [
        *samples(texts["ptp"]),
        *samples(texts["pods"]),
        *samples(texts["dpdk"], namespace="a", pod="b"),
    ]
    fake = await hub.cluster(login=False)
    async with scraping(tmp_path / "prometheus", exporters, **texts) as url:
        real = await hub.cluster(login=False, endpoints={"prometheus_url": url})
        told = [hub.collector.asked(each) for each in (real, fake)]
        first, second = [await prometheus_source.measured(each) for each in told]
        assert first == second
        assert first.ptp.found
        assert first.dpdk.found
        of_real, of_fake = [await prometheus_source.counted(each) for each in told]
        assert of_real == of_fake
        assert of_real.workloads.found
        assert of_real.sriov.found
