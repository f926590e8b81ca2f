"""Observability backends of a simulated cluster: who is let in, and whether they are ready."""

from dataclasses import dataclass

from deploy.simulator import alertmanager, loki, prometheus_api, tempo
from deploy.simulator.alertmanager import Silences
from deploy.simulator.cluster import Backend, Cluster, Part
from deploy.simulator.exchange import Answer, Request, text_answer
from deploy.simulator.faults import Fault, FaultKind

_READY = {
    (Part.PROMETHEUS, "-/ready"): "Prometheus Server is Ready.\n",
    (Part.PROMETHEUS, "-/healthy"): "Prometheus Server is Healthy.\n",
    (Part.ALERTMANAGER, "-/ready"): "OK",
    (Part.ALERTMANAGER, "-/healthy"): "OK",
    (Part.LOKI, "ready"): "ready\n",
    (Part.TEMPO, "ready"): "ready\n",
}


@dataclass(frozen=True, slots=True)
class Backed:
    """A cluster, and what its backends remember."""

    cluster: Cluster
    silences: Silences


def answer(backed: Backed, backend: Backend, request: Request, fault: Fault) -> Answer:
    """What a backend says."""
    if (refused := _refused(backend, request, fault)) is not None:
        return refused
    path = "/".join(request.segments)
    if (backend.part, path) in _READY:
        return text_answer(_READY[backend.part, path])
    return _tell(backed, backend.part, path, request) or text_answer("404 page not found\n", 404)


def upgraded(
    backed: Backed, backend: Backend, request: Request, fault: Fault
) -> Answer | loki.Tail:
    """What it says to who asks for a WebSocket: what there is to follow, or why there is none."""
    if "/".join(request.segments) != loki.TAIL or backend.part is not Part.LOKI:
        return answer(backed, backend, request, fault)
    refused = _refused(backend, request, fault)
    return loki.upgraded(backed.cluster, request) if refused is None else refused


def _refused(backend: Backend, request: Request, fault: Fault) -> Answer | None:
    expired = fault.kind is FaultKind.EXPIRED_TOKEN and request.token is not None
    if expired or (backend.token is not None and request.token != backend.token):
        return text_answer("Unauthorized\n", 401)
    return None


def _tell(backed: Backed, part: Part, path: str, request: Request) -> Answer | None:
    cluster = backed.cluster
    match part:
        case Part.PROMETHEUS:
            return prometheus_api.answer(cluster, path, request)
        case Part.LOKI:
            return loki.answer(cluster, path, request)
        case Part.TEMPO:
            return tempo.answer(cluster, path, request)
        case _:
            return alertmanager.answer(cluster, backed.silences, path, request)


def on_demand(code: int, retry_after: int) -> Answer:
    """Any error status; 429 and 503 say when to come back."""
    headers = {"retry-after": str(retry_after)} if code in {429, 503} else {}
    return Answer(code, f"simulated failure {code}\n".encode(), "text/plain", headers)
