"""What backends answer, for tests of what is read of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.rca.live.focus import Focus
from tests.kit.samples import CLUSTER_ID, at

SECONDS = 1_500
"""How long `focus` looks at, from `START` on."""
PODS = ("cart-5d8f9c7b4d-x2k4p", "cart-5d8f9c7b4d-q7w9z")
_NANO = 10**9

Row = dict[str, Any]


def focus(*namespaces: str, pods: Iterable[str] = (), workloads: Iterable[str] = ()) -> Focus:
    """On a namespace, ``shop`` unless others are told, for 25 minutes from the start on."""
    return Focus(
        cluster_id=CLUSTER_ID,
        namespaces=namespaces or ("shop",),
        nodes=(),
        pods=frozenset(pods),
        workloads=frozenset(workloads),
        since=at(),
        until=at(SECONDS),
    )


def body(answer: object) -> bytes:
    """As it comes over the wire."""
    return json.dumps(answer).encode()


def vector(value: float | str, **labels: str) -> Row:
    """One series of an answer for a moment."""
    return {"metric": labels, "value": [at(SECONDS).timestamp(), str(value)]}


def matrix(*seconds: float, value: str = "1", **labels: str) -> Row:
    """One series of an answer for a time: it is there at these seconds after the start."""
    return {"metric": labels, "values": [[at(each).timestamp(), value] for each in seconds]}


def stream(labels: Mapping[str, str], lines: Sequence[tuple[float, str]]) -> Row:
    """Lines by their seconds after the start."""
    return {"stream": dict(labels), "values": [[nano(at(when)), text] for when, text in lines]}


def pod(name: str = PODS[0], namespace: str = "shop") -> dict[str, str]:
    """The labels of a pod's lines, as Promtail and Alloy set them."""
    return {"namespace": namespace, "pod": name}


def lines(
    text: str, count: int, first: float = 600.0, every: float = 1.0
) -> list[tuple[float, str]]:
    """The same line again and again."""
    return [(first + each * every, text) for each in range(count)]


def nano(moment: datetime) -> str:
    """Nanoseconds since 1970, exactly."""
    return str(
        (moment - datetime.fromtimestamp(0, moment.tzinfo)) // timedelta(microseconds=1) * 1000
    )


def span(
    number: int,
    parent: int | None = None,
    *,
    name: str = "GET /",
    ms: float = 10.0,
    start: float = 0.0,
    status: int | str | None = None,
    kind: int | str | None = None,
    peer: Mapping[str, str] | None = None,
) -> Row:
    """One span as OTLP tells it; ``start`` in seconds after `START`; ``peer``: attributes."""
    began = int(nano(at(start)))
    told: Row = {
        "spanId": f"s{number}",
        "name": name,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + int(ms * 1e6)),
    }
    if parent is not None:
        told["parentSpanId"] = f"s{parent}"
    if status is not None:
        told["status"] = {"code": status}
    if kind is not None:
        told["kind"] = kind
    if peer:
        told["attributes"] = [
            {"key": key, "value": {"stringValue": value}} for key, value in peer.items()
        ]
    return told


def batch(attributes: Mapping[str, str], *spans: Row, scopes: str = "scopeSpans") -> Row:
    """The spans of one resource."""
    told = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    return {"resource": {"attributes": told}, scopes: [{"spans": list(spans)}]}


def of(workload: str, namespace: str = "shop") -> dict[str, str]:
    """The attributes of a workload, as the operator for OpenTelemetry sets them."""
    return {
        "service.name": workload,
        "k8s.namespace.name": namespace,
        "k8s.deployment.name": workload,
    }


def document(*batches: Row, name: str = "batches") -> bytes:
    """A trace."""
    return body({name: list(batches)})
