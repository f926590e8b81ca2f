"""Which pods are network functions, and how they are: pure.

The rules of discovery, and one more: in a cluster with network functions a pod of no telling name
that uses virtual functions or huge pages belongs to them as well.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from contracts.clusters import CnfType
from contracts.cnf import CnfWorkload, WorkloadState
from services.cnf.kube_objects import Pod
from services.cnf.vectors import Sample, count, own
from services.runtime import cnf_names
from services.runtime.cnf_names import NAMED

HUGE_PAGES = "hugepages-"
MOST_NAMES: Final = 200
"""Pods of no telling name that are asked for by their names."""

_POD = re.compile(r"[a-z0-9.-]+")
_SERIES = (
    "kube_pod_(info|status_phase|status_ready|container_status_restarts_total"
    "|container_status_waiting_reason|status_reason)"
)


def of_pod(pod: Pod, devices: Collection[str]) -> CnfWorkload | None:
    """A pod as a network function, None if it is none; ``devices`` are virtual functions."""
    meta = pod.metadata
    found = _by_name(meta.namespace, meta.name, meta.labels or {}) or _by_use(pod, devices)
    if found is None:
        return None
    return CnfWorkload(
        cnf_type=found[0],
        namespace=meta.namespace,
        pod=meta.name,
        node_name=pod.spec.nodeName or None,
        state=_state(pod.status.phase),
        ready=pod.ready,
        restarts=count(pod.restarts),
        reason=pod.reason,
        evidence=found[1],
    )


def _by_name(namespace: str, pod: str, labels: Mapping[str, str]) -> tuple[CnfType, str] | None:
    told = cnf_names.labelled(labels)
    if told is not None:
        return told[0], f"its label {told[1]} says so"
    for what, name in (("pod", pod), ("namespace", namespace)):
        kind = cnf_names.named(name)
        if kind is not None:
            return kind, f"{what} named like a {kind}"
    return None


def _by_use(pod: Pod, devices: Collection[str]) -> tuple[CnfType, str] | None:
    asked = sorted(pod.resources)
    for name in asked:
        if name in devices:
            return CnfType.OTHER, f"it asks for {name}"
    huge = next((name for name in asked if name.startswith(HUGE_PAGES)), None)
    return None if huge is None else (CnfType.OTHER, f"it asks for {huge}")


def _state(phase: str) -> WorkloadState:
    try:
        return WorkloadState(phase.upper())
    except ValueError:
        return WorkloadState.UNKNOWN


def query(others: Iterable[tuple[str, str]]) -> str:
    """What tells in Prometheus of pods with telling names, and of others by namespace and name.

    Source: kube-state-metrics, ``docs/metrics/workload/pod-metrics.md``.
    """
    asked = sorted({pod for _, pod in others if _POD.fullmatch(pod)})[:MOST_NAMES]
    pods = "|".join((NAMED, *(pod.replace(".", "[.]") for pod in asked)))
    name = f'__name__=~"{_SERIES}"'
    return f'{{{name},namespace=~"{NAMED}"}} or {{{name},pod=~"{pods}"}}'


class _Told:
    """What the series of one pod say."""

    def __init__(self) -> None:
        self.node: str | None = None
        self.there = False
        self.phase = ""
        self.ready: bool | None = None
        self.restarts: int | None = None
        self.waiting: str | None = None
        self.reason: str | None = None


def of_samples(
    samples: Iterable[Sample], others: Mapping[tuple[str, str], str]
) -> tuple[CnfWorkload, ...]:
    """The same out of series; ``others``: what pods of no telling name ask for, by their names."""
    pods: dict[tuple[str, str], _Told] = defaultdict(_Told)
    for sample in samples:
        namespace, pod = own(sample.labels, "namespace"), own(sample.labels, "pod")
        if namespace and pod:
            _take(pods[namespace, pod], sample)
    found: list[CnfWorkload] = []
    for (namespace, pod), told in sorted(pods.items()):
        kind = _by_name(namespace, pod, {})
        if kind is None and (namespace, pod) in others:
            kind = CnfType.OTHER, f"it asks for {others[namespace, pod]}"
        if kind is not None and told.there:
            found.append(_workload(namespace, pod, told, kind))
    return tuple(found)


def _take(told: _Told, sample: Sample) -> None:
    labels = sample.labels
    match sample.metric:
        case "kube_pod_info":
            told.there, told.node = True, own(labels, "node")
        case "kube_pod_status_phase" if sample.value == 1:
            told.there, told.phase = True, labels.get("phase", "")
        case "kube_pod_status_ready" if sample.value == 1:
            told.ready = labels.get("condition") == "true"
        case "kube_pod_container_status_restarts_total":
            told.restarts = (told.restarts or 0) + (sample.count or 0)
        case "kube_pod_container_status_waiting_reason" if sample.value == 1:
            told.waiting = labels.get("reason")
        case "kube_pod_status_reason" if sample.value == 1:
            told.reason = labels.get("reason")
        case _:
            return


def _workload(namespace: str, pod: str, told: _Told, kind: tuple[CnfType, str]) -> CnfWorkload:
    return CnfWorkload(
        cnf_type=kind[0],
        namespace=namespace,
        pod=pod,
        node_name=told.node,
        state=_state(told.phase),
        ready=told.ready,
        restarts=count(told.restarts),
        reason=told.reason or told.waiting,
        evidence=kind[1],
    )
