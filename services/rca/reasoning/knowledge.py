"""What a signal's name says of what is broken, and what follows from what.

Names are those of the rules that fleets run: kubernetes-mixin, node-exporter, OpenShift's
operators, etcd, CoreDNS, Ceph, cert-manager, dcgm-exporter, ptp-operator, and the states that the
hub sees itself. A name that nothing fits is of class ``OTHER``.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache


class Class(StrEnum):
    """What kind of thing is broken."""

    CONTROL = "control plane"
    NODE = "node"
    PRESSURE = "pressure on a node"
    NETWORK = "network"
    STORAGE = "storage"
    DNS = "name resolution"
    INGRESS = "ingress"
    REGISTRY = "image registry"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    GPU = "GPU"
    DEVICE = "network device"
    QUOTA = "quota"
    HOG = "use of a node's means"
    RESOURCE = "memory or processor"
    DATASTORE = "data store"
    WORKLOAD = "workload"
    POD = "pod"
    LOAD = "load"
    CHANGE = "change"
    SERVICE = "service level"
    WATCHING = "monitoring"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says."""

    kind: Class
    origin: float
    """How likely it tells of a cause, and not of a consequence of something else; 0 to 1."""


_S, _W = Class.SERVICE, Class.WORKLOAD
_NAMES: tuple[tuple[str, Class, float], ...] = (
    # What is seen live, first: a log's words say what a workload suffers from, seldom why.
    (r"^ROLLOUT_BEGAN$|^CONFIG_CHANGED$", Class.CHANGE, 0.55),
    (r"^(IMAGE_NOT_PULLED|CONFIG_ERROR|LOG_CONFIG)$", _W, 0.75),
    (r"^(ERRORS_BEGIN_HERE|OWN_TIME_GREW|WORK_CHANGED)$", _W, 0.65),
    (r"^(CRASH_LOOPS|LOG_PANIC|CALLS_TO_IT_FAIL)$", _W, 0.5),
    (r"^CALLS_FAIL$", _S, 0.2),
    (r"^LOG_DATABASE$", Class.DATASTORE, 0.4),
    (r"^LOG_DISK_FULL$|^VOLUME_FULL$", Class.STORAGE, 0.7),
    (r"^LOG_CERTIFICATE$", Class.CERTIFICATE, 0.5),
    (r"^LOG_DNS$", Class.DNS, 0.25),
    (r"^LOG_OOM$", Class.RESOURCE, 0.6),
    (r"^QUOTA_FULL$", Class.QUOTA, 0.6),
    (r"^LOG_QUOTA$", Class.QUOTA, 0.25),
    (r"^LOG_", _S, 0.2),
    (r"^NODE_NOT_READY$", Class.NODE, 0.9),
    (r"^NODE_CORDONED$", Class.NODE, 0.4),
    (r"^NODE_PRESSURE$", Class.PRESSURE, 0.75),
    (r"^POD_FILLS_NODE$", Class.HOG, 0.8),
    # Before anything else, since their words would fit other classes.
    (r"Clock.*Skew|HOLDOVER|FREERUN", Class.CLOCK, 0.9),
    (r"ClockNotSync|PTP|Ptp|Chrony|NTP", Class.CLOCK, 0.6),
    (r"SRIOV|Sriov|DPDK|Dpdk|VFsExhausted", Class.DEVICE, 0.8),
    (r"ImageRegistry|ImagePruning|RegistryDown", Class.REGISTRY, 0.85),
    (r"Cert|TLS|x509", Class.CERTIFICATE, 0.9),
    (r"CoreDNS|DNS", Class.DNS, 0.9),
    (
        r"Istio|Envoy|HAProxy|Ingress|RouterDown|Router|MeshGateway|GatewayDown|GatewayConfig",
        Class.INGRESS,
        0.85,
    ),
    (r"OVN|Ovn|SDN|Sdn|Multus|CNI|NetworkOperator|NetworkPlugin|Partition", Class.NETWORK, 0.9),
    (r"Ceph|ODF|OSD|Rook|StorageCluster|Longhorn|CSI|ObcQuota", Class.STORAGE, 0.9),
    (r"GPU_(MEMORY_USED|UTILIZATION)", Class.GPU, 0.3),
    (r"XID|Xid|GPU|Gpu|DCGM|NVLink|Nvidia", Class.GPU, 0.9),
    # The control plane.
    (r"CLUSTER_OFFLINE|API_SERVER_AWAY|KubeAPIDown|APIServerDown", Class.CONTROL, 0.9),
    (r"etcd.*(NoLeader|Members|Quorum|NoQuota|BackendQuota)", Class.CONTROL, 0.9),
    (r"etcd|Etcd", Class.CONTROL, 0.6),
    (r"KubeAPI\w*(Budget|Error|Latency|Terminated)|AggregatedAPI", Class.CONTROL, 0.4),
    (r"KubeAPI|KubeController|KubeScheduler|APIRemoved", Class.CONTROL, 0.75),
    (r"_AWAY$", Class.WATCHING, 0.75),
    (r"^Prometheus|^Alertmanager|^Thanos", Class.WATCHING, 0.6),
    (r"^TargetDown|CLUSTER_DEGRADED", Class.WATCHING, 0.15),
    # Nodes and their means.
    (r"Quota|LimitRange|AdmissionDenied|Forbidden", Class.QUOTA, 0.85),
    (r"HighLogVolume|HighCpu|HighDiskWrite|HighNetwork", Class.HOG, 0.85),
    (r"MemoryLeak|MemoryNearLimit|MemoryGrowing|ContainerMemory", Class.RESOURCE, 0.75),
    (r"OOM|Oom", Class.RESOURCE, 0.65),
    (r"CPUThrottling|Overcommit", Class.RESOURCE, 0.3),
    (r"PersistentVolumeErrors", Class.STORAGE, 0.45),
    (r"PersistentVolume|PVC|VolumeFull", Class.STORAGE, 0.8),
    (r"NodeNetwork|NodeHighNumberConntrack|NodeBonding|NicDown|LinkDown", Class.NODE, 0.9),
    (
        r"NodeFilesystem|DiskFull|Pressure|NodeDisk|Evict|Pleg|NodeCPU|NodeMemory|NodeSystem"
        r"|NodeLoad|HighLoad|SystemMemory|SwapIn",
        Class.PRESSURE,
        0.75,
    ),
    (r"NodeExporterDown|NodeTextFile|NodeUnschedulable|Cordon", Class.NODE, 0.7),
    (r"Node|Kubelet|Machine|MCD|MCC|Drain|Host", Class.NODE, 0.9),
    # Data stores, and what hangs on them.
    (r"Lag|Behind", _S, 0.3),
    (
        r"Kafka|Postgres|Pg[A-Z]|MySQL|Mongo|Redis|Elasticsearch|Rabbit|Cassandra|Database|Slow(Query|Queries)|ReplicationBroken",
        Class.DATASTORE,
        0.8,
    ),
    (r"ClusterOperator|ClusterVersion|OperatorDegraded", Class.OTHER, 0.5),
    # Applications.
    (r"HpaMaxed|HPA|TrafficSpike|HighTraffic|RequestRate|LoadHigh", Class.LOAD, 0.5),
    (r"Retry|CircuitBreaker|UpstreamTimeout|CallerTimeout|Upstream", _S, 0.25),
    (r"DaemonSetRolloutStuck", Class.POD, 0.25),
    (r"RolloutStuck|ImagePull|ErrImage|ConfigError|GenerationMismatch", _W, 0.8),
    (r"CRASHING|FAILED", _W, 0.65),
    (r"CrashLoop", _W, 0.5),
    (r"CronJob|JobNotCompleted", _W, 0.65),
    (r"WORKLOAD_UNKNOWN|JobFailed", _W, 0.5),
    (r"ReplicasMismatch|StatefulSet|DaemonSet|Deployment|Pdb|Job|ReplicaSet", Class.POD, 0.25),
    (r"PodNotReady|ContainerWaiting|PENDING|Pod|Container|Evicted", Class.POD, 0.25),
    (
        r"Error|Latency|Slow|Probe|SLO|Burn|Availab|Session|Timeout|5xx|Failure|Success|Apdex|Unreachable|Down",
        _S,
        0.2,
    ),
)
_PATTERNS = [(re.compile(pattern), Meaning(kind, origin)) for pattern, kind, origin in _NAMES]
_TO_COME = re.compile(r"Soon|Almost|Overcommit|HighNumber")
"""Nothing is broken yet."""
_UNKNOWN = Meaning(Class.OTHER, 0.3)
_ALL = frozenset(Class) - {Class.CHANGE}
"""What is changed is changed by people."""
_APPS = frozenset(
    {Class.WORKLOAD, Class.POD, Class.LOAD, Class.SERVICE, Class.DATASTORE, Class.OTHER}
)

FOLLOWS: dict[Class, frozenset[Class]] = {
    Class.CONTROL: _ALL,
    Class.NETWORK: _ALL - {Class.GPU, Class.CONTROL, Class.QUOTA},
    Class.STORAGE: _APPS | {Class.STORAGE, Class.RESOURCE, Class.REGISTRY},
    Class.DNS: _APPS | {Class.REGISTRY, Class.WATCHING, Class.CERTIFICATE},
    Class.INGRESS: frozenset({Class.SERVICE, Class.LOAD, Class.OTHER}),
    Class.REGISTRY: frozenset({Class.WORKLOAD, Class.POD, Class.OTHER, Class.SERVICE}),
    Class.NODE: _ALL - {Class.QUOTA, Class.CONTROL, Class.HOG},
    Class.PRESSURE: _ALL - {Class.QUOTA, Class.CONTROL, Class.NETWORK, Class.CLOCK, Class.HOG},
    Class.CLOCK: _APPS | {Class.CERTIFICATE, Class.DEVICE, Class.CLOCK},
    Class.GPU: _APPS | {Class.GPU, Class.RESOURCE},
    Class.DEVICE: _APPS | {Class.DEVICE},
    Class.CERTIFICATE: _APPS | {Class.INGRESS, Class.WATCHING},
    Class.QUOTA: _APPS,
    Class.HOG: _APPS | {Class.RESOURCE, Class.PRESSURE, Class.HOG},
    Class.RESOURCE: _APPS | {Class.RESOURCE},
    Class.DATASTORE: _APPS | {Class.RESOURCE},
    Class.WORKLOAD: _APPS | {Class.WATCHING},
    Class.CHANGE: _APPS | {Class.RESOURCE, Class.WATCHING},
    Class.LOAD: frozenset({Class.SERVICE, Class.RESOURCE, Class.LOAD, Class.POD}),
    Class.POD: frozenset({Class.SERVICE, Class.POD, Class.LOAD}),
    Class.SERVICE: frozenset({Class.SERVICE, Class.LOAD}),
    Class.WATCHING: frozenset({Class.WATCHING}),
    Class.OTHER: frozenset({Class.OTHER}),
}
"""What may follow from each class."""


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """Of the name of a signal."""
    found = next((found for pattern, found in _PATTERNS if pattern.search(name)), _UNKNOWN)
    return Meaning(found.kind, found.origin / 2) if _TO_COME.search(name) else found


_BACKENDS = {
    "PROMETHEUS_AWAY": "namespace/openshift-monitoring",
    "ALERTMANAGER_AWAY": "namespace/openshift-monitoring",
    "LOKI_AWAY": "namespace/openshift-logging",
}


def usual_place(name: str) -> str | None:
    """Where what a name tells of lives, if the signal itself says nothing."""
    return _BACKENDS.get(name)


_WAITS: tuple[tuple[str, float], ...] = (
    (r"^[A-Z][A-Z0-9_]*$", 0),  # States that the hub sees itself.
    (r"^NodeFilesystem", 30),
    (r"^Kube(APIDown|StateMetrics|Container|PersistentVolume)", 5),
    (r"^(Kube|Node|TargetDown)", 15),
    (r"^(etcd|CoreDNS|Prometheus|Cert|ClusterOperator)", 10),
)
"""Minutes that upstream rules wait (``for:``) before they fire."""
_PATIENCE = [(re.compile(pattern), timedelta(minutes=minutes)) for pattern, minutes in _WAITS]
_USUAL = timedelta(minutes=5)


@lru_cache(maxsize=4096)
def patience(name: str) -> timedelta:
    """How long something has usually been wrong already when it is told by this name."""
    return next((waits for pattern, waits in _PATIENCE if pattern.search(name)), _USUAL)
