"""What metrics are asked for: the names are those of kube-state-metrics, kubelet and node-exporter.

https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
"""

from dataclasses import dataclass
from string import Formatter, Template

from contracts.alerts import Severity
from services.rca.live.focus import Focus

_INFO, _WARNING, _CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
_FORMAT = Formatter()
_POD = ("pod/{namespace}/{pod}", "workload/{namespace}/{stem}", "node/{node}")
_NOT_OURS = "kube-root-ca.crt|openshift-service-ca.crt|.*(leader|lock|lease|election).*"
"""Configurations that change by themselves."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question about everything of a kind in the namespaces, or in the cluster."""

    name: str
    severity: Severity
    promql: str
    """``$here`` selects the namespaces, ``$steps`` is the time of three looks."""
    where: tuple[str, ...]
    """Words of place, of labels; ``stem`` is what a pod's name says of its workload."""
    says: str
    is_moment: bool = False
    """True: its value is the unix time at which it happened. Else it is there while it lasts, and
    what has been there from the first look on is nothing new."""

    def fits(self, focus: Focus) -> bool:
        """Whether there is anything to ask it about."""
        return bool(focus.namespaces) or "$here" not in self.promql

    def query(self, focus: Focus) -> str:
        """As PromQL."""
        here = f'namespace=~"{"|".join(focus.namespaces)}"'
        asked = Template(self.promql).substitute(here=here, steps=f"{3 * focus.step}s")
        if self.is_moment:
            return asked
        # Whichever exporter tells it: one that begins anew must not make all of it new.
        return f"max by ({', '.join(sorted(self._labels()))}) ({asked})"

    def _labels(self) -> set[str]:
        used = {
            name
            for each in (*self.where, self.says)
            for _, name, _, _ in _FORMAT.parse(each)
            if name
        }
        return {"pod" if name == "stem" else name for name in used}


PROBES: tuple[Probe, ...] = (
    Probe(
        "ROLLOUT_BEGAN", _WARNING,
        "max by (namespace, owner_name) (kube_replicaset_created{$here} * on (namespace,"
        " replicaset) group_left (owner_name)"
        ' kube_replicaset_owner{$here,owner_kind="Deployment"})',
        ("workload/{namespace}/{owner_name}",),
        "a new version of its pods was rolled out",
        is_moment=True,
    ),
    Probe(
        "CONFIG_CHANGED", _WARNING,
        "changes(kube_configmap_metadata_resource_version{$here,"
        f'configmap!~"{_NOT_OURS}"}}[$steps]) > 0',
        ("config/{namespace}/{configmap}",),
        "the ConfigMap {configmap} was changed",
    ),
    Probe(
        "CONFIG_CHANGED", _WARNING,
        "changes(kube_secret_metadata_resource_version{$here}[$steps]) > 0",
        ("config/{namespace}/{secret}",),
        "the Secret {secret} was changed",
    ),
    Probe(
        "OOM_KILLED", _CRITICAL,
        "increase(kube_pod_container_status_restarts_total{$here}[$steps]) > 0 and on (namespace,"
        " pod, container) kube_pod_container_status_last_terminated_reason"
        '{$here,reason="OOMKilled"} == 1',
        _POD,
        "container {container} was killed for want of memory",
    ),
    Probe(
        "IMAGE_NOT_PULLED", _CRITICAL,
        "kube_pod_container_status_waiting_reason"
        '{$here,reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName"} == 1',
        _POD,
        "container {container} waits: {reason}",
    ),
    Probe(
        "CONFIG_ERROR", _CRITICAL,
        "kube_pod_container_status_waiting_reason"
        '{$here,reason=~"CreateContainerConfigError|CreateContainerError"} == 1',
        _POD,
        "container {container} waits: {reason}",
    ),
    Probe(
        "CRASH_LOOPS", _WARNING,
        'kube_pod_container_status_waiting_reason{$here,reason="CrashLoopBackOff"} == 1',
        _POD,
        "container {container} ends again and again",
    ),
    Probe(
        "VOLUME_FULL", _CRITICAL,
        "kubelet_volume_stats_available_bytes{$here} / kubelet_volume_stats_capacity_bytes{$here}"
        " < 0.03",
        ("pvc/{namespace}/{persistentvolumeclaim}",),
        "less than 3% of the volume is free",
    ),
    Probe(
        "QUOTA_FULL", _WARNING,
        'kube_resourcequota{$here,type="used"} / ignoring (type)'
        ' (kube_resourcequota{$here,type="hard"} > 0) >= 1',
        ("namespace/{namespace}",),
        "the quota {resourcequota} allows no more {resource}",
    ),
    Probe(
        "NODE_NOT_READY", _CRITICAL,
        'kube_node_status_condition{condition="Ready",status="true"} == 0',
        ("node/{node}",),
        "the node is not ready",
    ),
    Probe(
        "NODE_PRESSURE", _WARNING,
        'kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure",'
        'status="true"} == 1',
        ("node/{node}",),
        "the node has {condition}",
    ),
    Probe(
        "NODE_CORDONED", _INFO,
        "kube_node_spec_unschedulable == 1",
        ("node/{node}",),
        "no new pods are put on the node",
    ),
    Probe(
        "POD_FILLS_NODE", _WARNING,
        "sum by (namespace, pod, node) (rate(container_cpu_usage_seconds_total"
        '{pod!="",container!=""}[$steps])) / on (node) group_left ()'
        ' sum by (node) (kube_node_status_capacity{resource="cpu"}) > 0.5',
        _POD,
        "the pod uses over half of its node's processors",
    ),
    Probe(
        "POD_FILLS_NODE", _WARNING,
        'sum by (namespace, pod, node) (container_memory_working_set_bytes{pod!="",container!=""})'
        ' / on (node) group_left () sum by (node) (kube_node_status_capacity{resource="memory"})'
        " > 0.5",
        _POD,
        "the pod uses over half of its node's memory",
    ),
)  # fmt: skip


def placed_query(focus: Focus) -> str:
    """On which nodes the pods of the namespaces are, or the pods of the nodes, as PromQL."""
    if focus.namespaces:
        return f'kube_pod_info{{namespace=~"{"|".join(focus.namespaces)}",node!=""}}'
    nodes = "|".join(each.replace(".", "[.]") for each in focus.nodes)
    return f'kube_pod_info{{node=~"{nodes}"}}'
