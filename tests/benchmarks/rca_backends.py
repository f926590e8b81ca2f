"""What the backends of clusters hold in which a node fails, and much else beside it."""

from collections.abc import Iterable, Iterator, Sequence

from tests.benchmarks.rca_ready import PODS
from tests.kit.live_backends import Answer, Lines, Traced, loki, tempo
from tests.kit.prometheus import Line, Samples, line

_LOOKED_AT = 12
"""Namespaces of which an analysis asks."""
_EVERY = 60
_PAST, _FUTURE = 2_400, 900
"""Seconds before and after now for which there are samples."""
_NODES = 20
_BEFORE, _NOW = 3_000, 2_000
"""Lines of the hour before, and since it began to go wrong."""
_USUAL, _FAILED, _WELL, _FAILED_BEFORE = 40, 25, 25, 5
"""Traces, the usual ones of the hour before."""
_WORKLOADS, _SPANS = 6, 5
_CHRONIC = (
    "error: cannot read offset {0} of partition {1}, it will be read again",
    "request {0} failed: context deadline exceeded after {1} ms",
    "failed to refresh token for tenant {1}: 503 Service Unavailable",
    "timeout while waiting for lock {0}, held by worker {1}",
    "denied: user {1} may not list orders of shop {0}",
    "exception in handler of order {0}: retry {1}",
)
_NEW = (
    "dial tcp 10.0.3.{1}:8443: connect: connection refused, attempt {0}",
    "panic: nil pointer in checkout of cart {0}",
    "write /var/lib/data/{0}.wal: no space left on device",
)


def state(numbers: Iterable[int], now: int) -> list[Line]:
    """What kube-state-metrics, kubelets and cAdvisor say of these clusters, all in one place."""
    ticks = range(now - _PAST, now + _FUTURE, _EVERY)
    found = [each for node in range(_NODES) for each in _node(f"other-{node}", ticks)]
    for number in numbers:
        found += _node(f"worker-{number}", ticks)
        for pod in range(PODS):
            found += _namespace(number, pod, ticks, now)
    return found


def _node(name: str, ticks: Sequence[int]) -> Iterator[Line]:
    for condition in ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure"):
        for status in ("true", "false", "unknown"):
            holds = status == ("true" if condition == "Ready" else "false")
            of = {"node": name, "condition": condition, "status": status}
            yield line("kube_node_status_condition", dict.fromkeys(ticks, int(holds)), **of)
    yield line("kube_node_spec_unschedulable", dict.fromkeys(ticks, 0), node=name)
    for resource, most in (("cpu", 64), ("memory", 256 * 2**30)):
        capacity = dict.fromkeys(ticks, most)
        yield line("kube_node_status_capacity", capacity, node=name, resource=resource)


def _namespace(number: int, pod: int, ticks: Sequence[int], now: int) -> Iterator[Line]:
    """A workload of two pods; a few of them are rolled out, changed, or end again and again."""
    here = {"namespace": f"team-{number}-{pod}"}
    replicaset = f"app{number}-7d9c6f5b8"
    created = now - 360 if pod % 6 == 0 else now - 10**6
    owned = {"replicaset": replicaset, "owner_kind": "Deployment", "owner_name": f"app{number}"}
    yield line(
        "kube_replicaset_created", dict.fromkeys(ticks, created), **here, replicaset=replicaset
    )
    yield line("kube_replicaset_owner", dict.fromkeys(ticks, 1), **here, **owned)
    for name in ("settings", "features"):
        changed = now - 300 if (pod % 8, name) == (1, "settings") else now + 10**6
        versions = {at: 700 if at < changed else 900 for at in ticks}
        yield line("kube_configmap_metadata_resource_version", versions, **here, configmap=name)
    yield line(
        "kube_secret_metadata_resource_version", dict.fromkeys(ticks, 7), **here, secret="login"
    )
    claim = {"persistentvolumeclaim": "data"}
    for name, size in (("available", 4e9), ("capacity", 1e10)):
        metric = f"kubelet_volume_stats_{name}_bytes"
        yield line(metric, dict.fromkeys(ticks, size), **here, **claim)
    for kind, most in (("used", 12), ("hard", 40)):
        quota = {"resourcequota": "team", "resource": "pods", "type": kind}
        yield line("kube_resourcequota", dict.fromkeys(ticks, most), **here, **quota)
    for name, node in ((f"{replicaset}-{pod:05}", f"worker-{number}"), (f"{replicaset}-b", "")):
        place = {"pod": name, "node": node or f"other-{(number + pod) % _NODES}"}
        yield from _pod(here | place, ticks, now - 180 if node and pod % 4 == 0 else None)


def _pod(of: dict[str, str], ticks: Sequence[int], crashes: int | None) -> Iterator[Line]:
    container = of | {"container": "app"}
    used: Samples = {at: round((at - ticks[0]) * 0.2, 1) for at in ticks}
    yield line("kube_pod_info", dict.fromkeys(ticks, 1), **of)
    yield line("container_cpu_usage_seconds_total", used, **container)
    yield line("container_memory_working_set_bytes", dict.fromkeys(ticks, 2**29), **container)
    since = [at for at in ticks if crashes is not None and at >= crashes]
    restarts: Samples = {at: 1 + int(at in since) for at in ticks}
    yield line("kube_pod_container_status_restarts_total", restarts, **container)
    if since:
        waiting = container | {"reason": "CrashLoopBackOff"}
        reason = dict.fromkeys(since, 1)
        yield line("kube_pod_container_status_waiting_reason", reason, **waiting)


def lines(number: int, now: float) -> Answer:
    """A Loki with 5,000 lines that speak of trouble, some of which is new."""
    names = sorted(f"team-{number}-{pod}" for pod in range(PODS))[:_LOOKED_AT]
    found: dict[str, list[tuple[float, str]]] = {each: [] for each in names}
    for each in range(_BEFORE + _NOW):
        is_now = each >= _BEFORE
        at = now - 900 * (1 - (each - _BEFORE) / _NOW) if is_now else now - 900 - each * 1.15
        texts = (*_CHRONIC, *_NEW) if is_now and at > now - 300 else _CHRONIC
        text = texts[each % len(texts)].format(each * 7919, each % 251)
        found[names[each * 31 % _LOOKED_AT]].append((at, text))
    labels = {
        name: {"namespace": name, "pod": f"app{number}-7d9c6f5b8-{name.rpartition('-')[2]:0>5}"}
        for name in names
    }
    return loki(*(Lines(labels[each], found[each]) for each in names))


def requests(number: int, now: float) -> Answer:
    """A Tempo with 95 traces of 30 spans; since a while they fail in the third of six workloads."""
    way = [(f"team-{number}-{each}", f"app{number}") for each in range(_WORKLOADS)]
    count = iter(range(1, 1_000))

    def some(many: int, first: float, last: float, fails_at: int | None = None) -> Iterator[Traced]:
        for each in range(many):
            at = first + (last - first) * each / many
            trace_id = f"{number:016x}{next(count):016x}"
            yield Traced(trace_id, at, way, fails_at, width=_SPANS)

    return tempo(
        *some(_USUAL, now - 3_000, now - 1_200),
        *some(_FAILED_BEFORE, now - 3_000, now - 1_200, fails_at=5),
        *some(_FAILED, now - 300, now - 150, fails_at=2),
        *some(_WELL, now - 140, now - 5),
    )
