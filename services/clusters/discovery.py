"""What a cluster can do, found in the lists of its API server: pure.

Lists come in pages as raw bytes. Only what is needed is decoded, nothing of a page is kept but its
few findings, and nothing that may hold a secret (a pod's environment) is ever looked at. The answer
does not depend on the order of the pages, and a page that comes twice counts once.
"""

import re
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Generic, NamedTuple, TypeVar

import msgspec

from contracts.clusters import CnfType, Finding
from services.runtime import cnf_names
from services.runtime.kube.failures import UnreadablePage

_MOST_EVIDENCE = 5
_GPU = "nvidia.com/gpu"
_GPU_SHARED = "nvidia.com/gpu.shared"
_GPU_SLICE = "nvidia.com/mig-"
_GPU_COUNT = "nvidia.com/gpu.count"
_GPU_PRODUCT = "nvidia.com/gpu.product"
_SHARED_PRODUCT = re.compile(r"-SHARED$|-MIG-.*$")
"""What the device plugin adds to a product's name where GPUs are shared or cut."""
_GPU_OPERATOR = re.compile(
    r"gpu-operator-(?!node-feature|nfd)|gpu-feature-discovery-|nvidia-(driver|device-plugin"
    r"|container-toolkit|operator-validator|cuda-validator|mig-manager|gpu-operator)"
)
_GPU_NAMESPACES = frozenset({"nvidia-gpu-operator", "gpu-operator", "gpu-operator-resources"})
_DCGM_EXPORTER = re.compile(r"(^|-)dcgm-exporter(-|$)")
_OVER = frozenset({"Succeeded", "Failed"})
_MESH_GROUP = re.compile(r"\.(istio|maistra)\.io$")
_CNF_DEFINITIONS = {
    "sriovnetworknodepolicies.sriovnetwork.openshift.io": "SR-IOV policies are defined",
    "ptpconfigs.ptp.openshift.io": "PTP configurations are defined",
}


_BACKENDS = {
    # A pod of a StatefulSet ends in its number; five digits would be the random end of another pod.
    Finding.PROMETHEUS: re.compile(
        r"prometheus|prometheus-(k8s|operated|server|user-workload)"
        r"|prometheus-server-.+|prometheus-.+-\d{1,3}"
    ),
    Finding.THANOS: re.compile(r"(.+-)?thanos-quer(y|ier)(-.+)?"),
    Finding.TEMPO: re.compile(r"(.+-)?tempo(-(?!operator|controller).+)?"),
    Finding.LOKI: re.compile(r"(.+-)?(loki|lokistack)(-(?!operator|controller|promtail).+)?"),
    Finding.ALERTMANAGER: re.compile(
        r"(.+-)?alertmanager(-main|-operated|-headless|-user-workload)?(-\d{1,3})?"
        r"|alertmanager-.+-\d{1,3}"
    ),
}
_BACKEND_LABELS = {
    "prometheus": Finding.PROMETHEUS,
    "kube-prometheus-stack-prometheus": Finding.PROMETHEUS,
    "thanos-query": Finding.THANOS,
    "thanos-querier": Finding.THANOS,
    "tempo": Finding.TEMPO,
    "loki": Finding.LOKI,
    "lokistack": Finding.LOKI,
    "alertmanager": Finding.ALERTMANAGER,
    "kube-prometheus-stack-alertmanager": Finding.ALERTMANAGER,
}


class Evidence(NamedTuple):
    """What led to a finding; the lowest rank is the strongest."""

    rank: int
    kind: str
    namespace: str
    """Empty where the kind has none."""
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a cluster can do."""

    has_gpu_nodes: bool = False
    gpu_count: int = 0
    """0 also where GPUs are known of only by the pods that serve them."""
    gpu_types: tuple[str, ...] = ()
    has_prometheus: bool = False
    has_thanos: bool = False
    has_tempo: bool = False
    has_loki: bool = False
    has_alertmanager: bool = False
    has_service_mesh: bool = False
    has_cnf_workloads: bool = False
    cnf_types: tuple[CnfType, ...] = ()
    node_count: int = 0
    evidence: Mapping[Finding, tuple[Evidence, ...]] = field(
        default_factory=dict[Finding, tuple[Evidence, ...]]
    )
    """For each finding up to five pieces, the strongest first."""


_COMPARED = tuple(each.name for each in fields(Capabilities) if each.name != "evidence")


def changed(old: Capabilities | None, new: Capabilities) -> bool:
    """True if the cluster can do something else now; other evidence for the same is no change."""
    return old is None or any(getattr(old, name) != getattr(new, name) for name in _COMPARED)


class _Meta(msgspec.Struct, gc=False, frozen=True):
    """Who an object is."""

    name: str
    namespace: str = ""
    labels: dict[str, str] | None = None


class _NodeStatus(msgspec.Struct, gc=False, frozen=True):
    """What a node has."""

    capacity: dict[str, str] | None = None


class _Node(msgspec.Struct, gc=False, frozen=True):
    """A node, as far as discovery needs it."""

    metadata: _Meta
    status: _NodeStatus | None = None


class _PodStatus(msgspec.Struct, gc=False, frozen=True):
    """How far a pod has come."""

    phase: str = ""


class _Pod(msgspec.Struct, gc=False, frozen=True):
    """A pod, as far as discovery needs it."""

    metadata: _Meta
    status: _PodStatus | None = None


class _Named(msgspec.Struct, gc=False, frozen=True):
    """Any object of which only the metadata counts."""

    metadata: _Meta


class _ListMeta(msgspec.Struct, gc=False, frozen=True, rename={"next": "continue"}):
    """Where a list goes on."""

    next: str = ""


_Item = TypeVar("_Item", _Node, _Pod, _Named)


class _Page(msgspec.Struct, Generic[_Item], gc=False, frozen=True):
    """One page of a list. Without ``items`` it is something else, such as a Status."""

    items: list[_Item] | None
    metadata: _ListMeta | None = None


_NODES = msgspec.json.Decoder(_Page[_Node])
_PODS = msgspec.json.Decoder(_Page[_Pod])
_OBJECTS = msgspec.json.Decoder(_Page[_Named])


class Findings:
    """Gathers what the pages of one discovery say.

    Each method takes one page and returns the token of the next one, None after the last. All pages
    but those of nodes may be of the kind ``PartialObjectMetadataList``. UnreadablePage if a page is
    no such list; a list that expired half way (410) may be begun anew in the same findings.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, int] = {}
        self._gpu_types: set[str] = set()
        self._cnf_types: set[CnfType] = set()
        self._evidence: dict[Finding, list[Evidence]] = {}

    def nodes(self, page: bytes) -> str | None:
        """Take a page of ``/api/v1/nodes``."""
        items, token = _decoded(_NODES, page)
        for node in items:
            self._node(node)
        return token

    def pods(self, page: bytes) -> str | None:
        """Take a page of ``/api/v1/pods``; pods that are over do not count."""
        items, token = _decoded(_PODS, page)
        for pod in items:
            if pod.status is None or pod.status.phase not in _OVER:
                self._gpu_pod(pod.metadata)
                self._backend("Pod", pod.metadata)
                self._cnf("Pod", pod.metadata)
        return token

    def services(self, page: bytes) -> str | None:
        """Take a page of ``/api/v1/services``."""
        items, token = _decoded(_OBJECTS, page)
        for service in items:
            self._backend("Service", service.metadata)
        return token

    def definitions(self, page: bytes) -> str | None:
        """Take a page of ``/apis/apiextensions.k8s.io/v1/customresourcedefinitions``.

        Whole definitions are large, and only their names are used: ask for their metadata alone.
        """
        items, token = _decoded(_OBJECTS, page)
        for definition in items:
            name, kind = definition.metadata.name, "CustomResourceDefinition"
            if _MESH_GROUP.search(name):
                self._found(Finding.SERVICE_MESH, Evidence(0, kind, "", name, "a mesh's own type"))
            if name in _CNF_DEFINITIONS:
                self._found(Finding.CNF, Evidence(1, kind, "", name, _CNF_DEFINITIONS[name]))
        return token

    def namespaces(self, page: bytes) -> str | None:
        """Take a page of ``/api/v1/namespaces``."""
        items, token = _decoded(_OBJECTS, page)
        for namespace in items:
            self._cnf("Namespace", namespace.metadata)
        return token

    def capabilities(self) -> Capabilities:
        """What all pages so far say together."""
        found = self._evidence
        kinds = tuple(kind for kind in CnfType if kind in self._cnf_types)
        return Capabilities(
            has_gpu_nodes=Finding.GPU in found,
            gpu_count=sum(self._nodes.values()),
            gpu_types=tuple(sorted(self._gpu_types)),
            has_prometheus=Finding.PROMETHEUS in found,
            has_thanos=Finding.THANOS in found,
            has_tempo=Finding.TEMPO in found,
            has_loki=Finding.LOKI in found,
            has_alertmanager=Finding.ALERTMANAGER in found,
            has_service_mesh=Finding.SERVICE_MESH in found,
            has_cnf_workloads=Finding.CNF in found,
            cnf_types=kinds or ((CnfType.OTHER,) if Finding.CNF in found else ()),
            node_count=len(self._nodes),
            evidence={each: tuple(found[each]) for each in Finding if each in found},
        )

    def _node(self, node: _Node) -> None:
        name, labels = node.metadata.name, node.metadata.labels or {}
        capacity = (node.status and node.status.capacity) or {}
        resource = next((key for key in capacity if _is_gpu(key, capacity[key])), None)
        if resource is None:
            self._nodes[name] = 0
            return
        # Shared GPUs are offered many times over, cut ones not at all: the label counts cards.
        offered = _number(capacity.get(_GPU)) or _number(capacity.get(_GPU_SHARED))
        self._nodes[name] = _number(labels.get(_GPU_COUNT)) or offered or 1
        product = _SHARED_PRODUCT.sub("", labels.get(_GPU_PRODUCT, ""))
        if product:
            self._gpu_types.add(product)
        reason = f"its capacity holds {resource}"
        self._found(Finding.GPU, Evidence(0, "Node", "", name, reason))

    def _gpu_pod(self, pod: _Meta) -> None:
        exporter = _DCGM_EXPORTER.search(pod.name)
        if exporter:
            evidence = Evidence(2, "Pod", pod.namespace, pod.name, "exports DCGM metrics")
            self._found(Finding.GPU, evidence)
        elif pod.namespace in _GPU_NAMESPACES and _GPU_OPERATOR.match(pod.name):
            evidence = Evidence(1, "Pod", pod.namespace, pod.name, "belongs to the GPU operator")
            self._found(Finding.GPU, evidence)

    def _backend(self, kind: str, meta: _Meta) -> None:
        labels = meta.labels or {}
        label = labels.get("app.kubernetes.io/name") or labels.get("app", "")
        by_label = _BACKEND_LABELS.get(label)
        if by_label is not None:
            reason = f"its label says {label}"
            self._found(by_label, Evidence(0, kind, meta.namespace, meta.name, reason))
            return
        for finding, pattern in _BACKENDS.items():
            if pattern.fullmatch(meta.name):
                self._found(finding, Evidence(1, kind, meta.namespace, meta.name, "by its name"))

    def _cnf(self, kind: str, meta: _Meta) -> None:
        cnf = cnf_names.named(meta.name)
        if cnf is None:
            return
        self._cnf_types.add(cnf)
        reason = f"named like a {cnf}"
        self._found(Finding.CNF, Evidence(0, kind, meta.namespace, meta.name, reason))

    def _found(self, finding: Finding, evidence: Evidence) -> None:
        known = self._evidence.setdefault(finding, [])
        if evidence not in known:
            insort(known, evidence)
            del known[_MOST_EVIDENCE:]


def _decoded(
    decoder: "msgspec.json.Decoder[_Page[_Item]]", page: bytes
) -> tuple[list[_Item], str | None]:
    try:
        decoded = decoder.decode(page)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The text of a DecodeError names a place and types, never a value.
        text = str(error) if isinstance(error, msgspec.DecodeError) else "it is not UTF-8"
        raise UnreadablePage(text) from None
    return decoded.items or [], (decoded.metadata and decoded.metadata.next) or None


def _is_gpu(resource: str, quantity: str) -> bool:
    named = resource in (_GPU, _GPU_SHARED) or resource.startswith(_GPU_SLICE)
    return named and _number(quantity) > 0


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else 0
