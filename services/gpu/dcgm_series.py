"""The series of dcgm-exporter, put together by GPU: pure.

A GPU may have several series of each metric: one a pod that shares it, one an exporter or replica
that tells of it, one an instance of it (MIG). Labels are those of versions 2.1 to 4.6, as they
look after Prometheus has added its own: with ``honor_labels`` a pod is that which uses the GPU,
without it is the exporter's, and the other one is ``exported_pod``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
from msgspec import field

from services.gpu import dcgm_fields as fields
from services.gpu.dcgm_fields import METRICS, Value, Values

KEY = ("UUID", "uuid", "gpu", "device", "GPU_I_ID", "instance", "xid")
"""Labels that tell series of one metric apart."""
POD = "pod"
"""The ``kind`` of a series that tells on which node an exporter's pod is."""

_LONGEST_NAME = 253
_LONGEST_ID = 128
_EXPORTER = "dcgm"
"""Part of the name of the exporter's pod or container, wherever it is installed from."""


class Labels(msgspec.Struct, frozen=True, gc=False):
    """Those that mean something here; each is empty where there is none."""

    metric: str = field(name="__name__", default="")
    kind: str = ""
    uuid: str = field(name="UUID", default="")
    old_uuid: str = field(name="uuid", default="")
    gpu: str = ""
    device: str = ""
    instance_id: str = field(name="GPU_I_ID", default="")
    target: str = field(name="instance", default="")
    xid: str = ""
    profile: str = field(name="GPU_I_PROFILE", default="")
    model: str = field(name="modelName", default="")
    driver: str = field(name="DCGM_FI_DRIVER_VERSION", default="")
    new_driver: str = field(name="DCGM_FI_SYSTEM_DRIVER_VERSION", default="")
    cuda: str = field(name="DCGM_FI_CUDA_DRIVER_VERSION", default="")
    node: str = ""
    kubernetes_node: str = ""
    node_name: str = ""
    nodename: str = ""
    node_name_too: str = field(name="nodeName", default="")
    host: str = field(name="Hostname", default="")
    new_host: str = field(name="hostname", default="")
    namespace: str = ""
    pod: str = ""
    container: str = ""
    exported_namespace: str = ""
    exported_pod: str = ""
    exported_container: str = ""
    old_namespace: str = field(name="pod_namespace", default="")
    old_pod: str = field(name="pod_name", default="")
    old_container: str = field(name="container_name", default="")


DESCRIBING = tuple(
    each.encode_name
    for each in msgspec.structs.fields(Labels)
    if each.encode_name not in {"__name__", "kind", "xid"}
)
"""Labels of which a GPU is made; how often a target was scraped or by whom is none of them."""


class Series(msgspec.Struct, frozen=True, gc=False):
    """One of an instant vector."""

    metric: Labels
    value: tuple[float, str]


_Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Seen:
    """What one target tells of a GPU or an instance of it, for one of the pods that use it."""

    labels: Labels
    at: float
    """When it was scraped, in Unix seconds."""
    values: Values
    exporters: frozenset[tuple[str, str]]
    """Namespaces and pods of exporters."""
    homes: Mapping[str, str]
    """Nodes by pod of an exporter."""

    @cached_property
    def node(self) -> tuple[int, str]:
        """Its name, after how sure that is: less is better. A host's name may be a pod's."""
        told = self.labels
        host = told.host or told.new_host
        named = told.node or told.kubernetes_node or told.node_name_too
        if name := named or told.nodename or told.node_name or self.homes.get(host, ""):
            return 0, text_of(name)
        if host:
            return (2 if _EXPORTER in host or host == told.pod else 1), text_of(host)
        return 3, text_of(told.target.rpartition(":")[0] or told.target)

    @property
    def uuid(self) -> str:
        """Of the GPU; one without is known by its node and its number there."""
        told = self.labels
        if uuid := text_of(told.uuid or told.old_uuid):
            return uuid[:_LONGEST_ID]
        number = text_of(told.device or told.gpu)
        return f"{self.node[1]}/{number}"[-_LONGEST_ID:] if number else ""

    @property
    def instance(self) -> int | None:
        """Of which instance it tells, if not of the whole GPU."""
        return small(self.labels.instance_id)

    @property
    def user(self) -> tuple[str, str, str] | None:
        """Namespace, pod and container that use it, if that is known."""
        told = self.labels
        if told.exported_pod:
            return told.exported_namespace, told.exported_pod, told.exported_container
        if told.old_pod:
            return told.old_namespace, told.old_pod, told.old_container
        own = told.pod == (told.host or told.new_host) or (
            (told.namespace, told.pod) in self.exporters
        )
        if not told.pod or own or _EXPORTER in told.pod or _EXPORTER in told.container:
            return None
        return told.namespace, told.pod, told.container


def by_gpu(series: Iterable[Series]) -> Mapping[str, list[Seen]]:
    """What is told of each GPU, what is newest last."""
    values: defaultdict[_Key, dict[Value, float]] = defaultdict(dict)
    described: list[tuple[Labels, float]] = []
    homes: dict[str, str] = {}
    for each in series:
        told = each.metric
        if told.metric:
            _take(values[_key(told)], told, each.value[1])
        elif told.kind == POD:
            homes[told.pod] = told.node
        else:
            described.append((told, fields.number(each.value[1]) or 0.0))
    exporters = frozenset((told.namespace, told.pod) for told, _ in described if told.exported_pod)
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    for told, at in sorted(described, key=lambda each: each[1]):
        seen = Seen(told, at, values.get(_key(told), {}), exporters, homes)
        if seen.uuid and (seen.instance is not None or not told.instance_id):
            found[seen.uuid].append(seen)
    return found


def _key(told: Labels) -> _Key:
    return told.uuid or told.old_uuid, told.gpu, told.device, told.instance_id, told.target


def _take(known: dict[Value, float], told: Labels, text: str) -> None:
    what, value = METRICS.get(told.metric), fields.number(text)
    if what is None or value is None:
        return
    if what is not Value.XIDS:
        known.setdefault(what, value)
    elif value > 0 and (xid := small(told.xid)):
        # Which of several was the last one is not told; the highest is the same at each time.
        known[what] = max(xid, known.get(what, 0))
    else:
        known.setdefault(what, 0)


def small(text: str) -> int | None:
    """A number of a label, of not too many digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def text_of(text: str) -> str:
    """A label's value as it may be shown and stored."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " for each in text)
    return text.strip()[:_LONGEST_NAME]
