import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from services.clusters import discovery
from services.clusters.discovery import Capabilities, CnfType, Evidence, Finding, Findings
from services.runtime.kube.failures import UnreadablePage

A100 = "NVIDIA-A100-SXM4-80GB"
H100 = "NVIDIA-H100-PCIe"
MONITORING = "openshift-monitoring"


def page(*items: dict[str, Any], token: str | None = None) -> bytes:
    metadata = {"resourceVersion": "1"} | ({"continue": token} if token else {})
    return json.dumps({"kind": "List", "metadata": metadata, "items": items}).encode()


def named(name: str, namespace: str = "default", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "uid": "1", "labels": labels}}


def app(name: str, label: str) -> dict[str, Any]:
    return named(name, "obs") | {
        "metadata": {"name": name, "namespace": "obs", "labels": {"app.kubernetes.io/name": label}}
    }


def pod(name: str, namespace: str = "default", phase: str = "Running") -> dict[str, Any]:
    env = [{"name": "PASSWORD", "value": "hunter2"}]
    return named(name, namespace) | {
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "env": env}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready"}]},
    }


def node(
    name: str, gpus: str | None = None, product: str | None = None, **capacity: str
) -> dict[str, Any]:
    labels = {} if product is None else {"nvidia.com/gpu.product": product}
    offered = {"cpu": "64"} | capacity | ({} if gpus is None else {"nvidia.com/gpu": gpus})
    return {"metadata": {"name": name, "labels": labels}, "status": {"capacity": offered}}


def of_pods(*pods: dict[str, Any]) -> Capabilities:
    findings = Findings()
    findings.pods(page(*pods))
    return findings.capabilities()


def of_nodes(*nodes: dict[str, Any]) -> Capabilities:
    findings = Findings()
    findings.nodes(page(*nodes))
    return findings.capabilities()


def of_services(*services: dict[str, Any]) -> Capabilities:
    findings = Findings()
    findings.services(page(*services))
    return findings.capabilities()


def of_definitions(*names: str) -> Capabilities:
    findings = Findings()
    findings.definitions(page(*({"metadata": {"name": name}} for name in names)))
    return findings.capabilities()


def backends(capabilities: Capabilities) -> set[Finding]:
    return set(capabilities.evidence)


def test_an_empty_cluster_can_do_nothing() -> None:
    assert Findings().capabilities() == Capabilities()
    findings = Findings()
    for take in readers(findings):
        assert take(b'{"kind": "List", "metadata": {}, "items": null}') is None
    assert findings.capabilities() == Capabilities()


def readers(findings: Findings) -> list[Callable[[bytes], str | None]]:
    return [
        findings.nodes,
        findings.pods,
        findings.services,
        findings.definitions,
        findings.namespaces,
    ]


def test_each_page_tells_where_the_list_goes_on() -> None:
    for take in readers(Findings()):
        assert take(page(token="abc")) == "abc"
        assert take(page(token="")) is None
        assert take(b'{"items": []}') is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hunter2",
        b"[]",
        b'{"kind": "Status", "status": "Failure", "code": 403, "message": "hunter2"}',
        b'{"items": [{"metadata": {"name": 5}}]}',
        b'{"items": [{"metadata": {"namespace": "hunter2"}}]}',
        b'{"items": [{"metadata": {"name": "\xff"}}]}',
        b'{"items": [' + b"[" * 100_000,
    ],
)
def test_what_is_no_list_is_an_error_that_repeats_nothing(body: bytes) -> None:
    for take in readers(Findings()):
        with pytest.raises(UnreadablePage) as caught:
            take(body)
        assert "hunter2" not in str(caught.value)


def test_gpus_are_counted_by_node_capacity() -> None:
    found = of_nodes(node("a", "8", A100), node("b", "2", H100), node("c"), node("d", "0", H100))
    assert (found.has_gpu_nodes, found.gpu_count, found.node_count) == (True, 10, 4)
    assert found.gpu_types == (A100, H100)
    assert found.evidence[Finding.GPU] == (
        Evidence(0, "Node", "", "a", "its capacity holds nvidia.com/gpu"),
        Evidence(0, "Node", "", "b", "its capacity holds nvidia.com/gpu"),
    )


def test_nodes_without_gpus_say_so() -> None:
    found = of_nodes(node("a"), node("b", "0", H100), node("c", "lots", H100))
    assert found == Capabilities(node_count=3)


def test_shared_and_cut_gpus_count_as_the_cards_that_they_are() -> None:
    shared, cut = (
        node("a", "16", f"{A100}-SHARED"),
        node("b", "0", f"{A100}-MIG-1g.10gb", **{"nvidia.com/mig-1g.10gb": "14"}),
    )
    for each, cards in ((shared, "4"), (cut, "2")):
        each["metadata"]["labels"]["nvidia.com/gpu.count"] = cards
    found = of_nodes(shared, cut)
    assert (found.gpu_count, found.gpu_types) == (6, (A100,))
    unlabelled = node("a", **{"nvidia.com/mig-1g.10gb": "14"})
    assert of_nodes(unlabelled).gpu_count == 1


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("nvidia-driver-daemonset-416.94-x7k2p", "nvidia-gpu-operator"),
        ("nvidia-device-plugin-daemonset-abcde", "gpu-operator"),
        ("gpu-operator-6b8f9c7d5-abcde", "nvidia-gpu-operator"),
        ("nvidia-dcgm-exporter-abcde", "nvidia-gpu-operator"),
        ("dcgm-exporter-abcde", "monitoring"),
    ],
)
def test_pods_that_serve_gpus_are_evidence_without_a_count(name: str, namespace: str) -> None:
    found = of_pods(pod(name, namespace))
    assert (found.has_gpu_nodes, found.gpu_count) == (True, 0)
    assert [each.name for each in found.evidence[Finding.GPU]] == [name]


@pytest.mark.parametrize(
    ("name", "namespace", "phase"),
    [
        ("gpu-operator-node-feature-discovery-worker-abcde", "nvidia-gpu-operator", "Running"),
        ("nvidia-driver-daemonset-abcde", "default", "Running"),
        ("nvidia-cuda-validator-abcde", "nvidia-gpu-operator", "Succeeded"),
        ("my-gpu-job", "nvidia-gpu-operator", "Running"),
    ],
)
def test_other_pods_are_no_evidence_of_gpus(name: str, namespace: str, phase: str) -> None:
    assert not of_pods(pod(name, namespace, phase)).has_gpu_nodes


def test_capacity_is_stronger_evidence_than_the_operator_and_that_than_dcgm() -> None:
    findings = Findings()
    findings.pods(
        page(
            pod("dcgm-exporter-aaaaa", "a"),
            pod("nvidia-driver-daemonset-aaaaa", "nvidia-gpu-operator"),
        )
    )
    findings.nodes(page(node("z", "1")))
    kinds = [(each.rank, each.kind) for each in findings.capabilities().evidence[Finding.GPU]]
    assert kinds == [(0, "Node"), (1, "Pod"), (2, "Pod")]


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("prometheus-k8s", Finding.PROMETHEUS),
        ("prometheus-k8s-0", Finding.PROMETHEUS),
        ("prometheus-operated", Finding.PROMETHEUS),
        ("prometheus-server-5b9c6d7f8-x2x4q", Finding.PROMETHEUS),
        ("prometheus-kube-prometheus-stack-prometheus-0", Finding.PROMETHEUS),
        ("thanos-querier", Finding.THANOS),
        ("thanos-query-frontend-7d9-abcde", Finding.THANOS),
        ("tempo", Finding.TEMPO),
        ("tempo-sample-query-frontend", Finding.TEMPO),
        ("loki-0", Finding.LOKI),
        ("logging-loki-gateway-http", Finding.LOKI),
        ("alertmanager-main-0", Finding.ALERTMANAGER),
        ("alertmanager-operated", Finding.ALERTMANAGER),
        ("prometheus-alertmanager", Finding.ALERTMANAGER),
    ],
)
def test_a_backend_is_known_by_its_name(name: str, finding: Finding) -> None:
    expected = Evidence(1, "Service", MONITORING, name, "by its name")
    assert of_services(named(name, MONITORING)).evidence == {finding: (expected,)}
    assert backends(of_pods(pod(name, MONITORING))) == {finding}


@pytest.mark.parametrize(
    ("label", "finding"),
    [
        ("prometheus", Finding.PROMETHEUS),
        ("thanos-query", Finding.THANOS),
        ("tempo", Finding.TEMPO),
        ("lokistack", Finding.LOKI),
        ("alertmanager", Finding.ALERTMANAGER),
    ],
)
def test_a_backend_is_known_by_its_label(label: str, finding: Finding) -> None:
    assert backends(of_services(app("whatever", label))) == {finding}
    assert backends(of_pods(app("whatever", label))) == {finding}
    assert backends(of_services(named("whatever", app=label))) == (
        {finding} if label != "thanos" else set()
    )


@pytest.mark.parametrize(
    "name",
    [
        "prometheus-operator-7d9-abcde",
        "prometheus-adapter-7d9-abcde",
        "prometheus-node-exporter-24567",
        "tempo-operator-controller-7d9-abcde",
        "temporal-frontend",
        "loki-operator-controller-manager-7d9-abcde",
        "loki-promtail-abcde",
        "alertmanager-webhook-7d9-abcde",
        "thanos-ruler-0",
        "lokinet",
    ],
)
def test_operators_and_companions_are_no_backends(name: str) -> None:
    assert backends(of_pods(pod(name, MONITORING))) == set()
    assert backends(of_services(named(name, MONITORING))) == set()


def test_each_backend_has_its_own_flag() -> None:
    flags = {
        "prometheus-k8s": "has_prometheus",
        "thanos-querier": "has_thanos",
        "tempo": "has_tempo",
        "loki": "has_loki",
        "alertmanager-main": "has_alertmanager",
    }
    for name, flag in flags.items():
        found = of_services(named(name))
        assert [each for each in flags.values() if getattr(found, each)] == [flag]


@pytest.mark.parametrize(
    ("name", "has_mesh"),
    [
        ("virtualservices.networking.istio.io", True),
        ("servicemeshcontrolplanes.maistra.io", True),
        ("servicemeshmemberrolls.maistra.io", True),
        ("gateways.gateway.networking.k8s.io", False),
        ("things.notistio.io", False),
        ("things.istio.io.example.com", False),
    ],
)
def test_a_mesh_is_known_by_its_definitions(name: str, *, has_mesh: bool) -> None:
    assert of_definitions(name).has_service_mesh is has_mesh


@pytest.mark.parametrize(
    ("name", "cnf"),
    [
        ("du-berlin", CnfType.VDU),
        ("vdu1", CnfType.VDU),
        ("ran-du-7", CnfType.VDU),
        ("cu-cp-0", CnfType.VCU),
        ("site-vcu-1", CnfType.VCU),
        ("upf", CnfType.UPF),
        ("open5gs-upf-7d9-abcde", CnfType.UPF),
        ("amf-0", CnfType.AMF),
        ("smf2-0", CnfType.SMF),
    ],
)
def test_network_functions_are_known_by_the_names_of_namespaces_and_pods(
    name: str, cnf: CnfType
) -> None:
    findings = Findings()
    findings.namespaces(page({"metadata": {"name": name}}))
    for found, kind in ((findings.capabilities(), "Namespace"), (of_pods(pod(name)), "Pod")):
        assert (found.has_cnf_workloads, found.cnf_types) == (True, (cnf,))
        assert [each.kind for each in found.evidence[Finding.CNF]] == [kind]


@pytest.mark.parametrize(
    "name", ["default", "dummy", "cuda-test", "product-du-jour", "camfeed", "education", "smfx"]
)
def test_other_names_are_no_network_functions(name: str) -> None:
    assert not of_pods(pod(name)).has_cnf_workloads


@pytest.mark.parametrize(
    "name",
    ["sriovnetworknodepolicies.sriovnetwork.openshift.io", "ptpconfigs.ptp.openshift.io"],
)
def test_definitions_for_network_functions_are_of_no_known_kind(name: str) -> None:
    found = of_definitions(name)
    assert (found.has_cnf_workloads, found.cnf_types) == (True, (CnfType.OTHER,))
    findings = Findings()
    findings.definitions(page({"metadata": {"name": name}}))
    findings.pods(page(pod("upf-0")))
    assert findings.capabilities().cnf_types == (CnfType.UPF,)


def test_there_are_at_most_five_pieces_of_evidence_for_a_finding() -> None:
    found = of_nodes(*(node(f"n{number}", "1") for number in range(9)))
    assert found.gpu_count == 9
    assert [each.name for each in found.evidence[Finding.GPU]] == ["n0", "n1", "n2", "n3", "n4"]


def test_finished_pods_do_not_count() -> None:
    over = [pod("upf-0", phase="Succeeded"), pod("prometheus-k8s-0", phase="Failed")]
    assert of_pods(*over) == Capabilities()
    assert of_pods(pod("upf-0", phase="Pending")).has_cnf_workloads


def test_a_list_of_metadata_alone_is_enough() -> None:
    assert of_pods({"metadata": {"name": "upf-0", "namespace": "core"}}).cnf_types == (CnfType.UPF,)


def test_other_evidence_for_the_same_is_no_change() -> None:
    old, new = (of_pods(pod(f"prometheus-k8s-{number}")) for number in (0, 1))
    assert old != new
    assert not discovery.changed(old, new)
    assert discovery.changed(None, old)
    assert discovery.changed(of_nodes(node("a")), of_nodes(node("a"), node("b")))
    assert discovery.changed(Capabilities(), of_pods(pod("upf-0")))


def test_nothing_but_names_is_kept() -> None:
    assert "hunter2" not in repr(of_pods(pod("upf-0"), pod("prometheus-k8s-0")))


PODS = st.lists(
    st.sampled_from(
        [pod(f"{name}-{number}", space) for name in ("upf", "prometheus-k8s", "loki", "du", "x")
         for number in range(4) for space in ("a", "nvidia-gpu-operator")]
    ),
    max_size=30,
)  # fmt: skip


@for_all(PODS, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_answer_depends_neither_on_order_nor_on_pages_nor_on_repetition(
    pods: list[dict[str, Any]], chance: Any, size: int
) -> None:
    shuffled = [*pods, *pods[:5]]
    chance.shuffle(shuffled)
    nodes = [node(each["metadata"]["name"], "1") for each in shuffled]
    findings, expected = Findings(), Findings()
    expected.pods(page(*pods))
    expected.nodes(page(*(node(each["metadata"]["name"], "1") for each in pods)))
    for start in range(0, len(shuffled), size):
        findings.nodes(page(*nodes[start : start + size]))
        findings.pods(page(*shuffled[start : start + size]))
    assert findings.capabilities() == expected.capabilities()


@for_all(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_junk_is_unreadable(body: bytes) -> None:
    for take in readers(Findings()):
        with pytest.raises(UnreadablePage):
            take(body)
