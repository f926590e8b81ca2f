"""Observability backends of a simulated cluster: who is let in, and whether they are ready."""

from deploy.simulator import loki, prometheus_api, tempo
from deploy.simulator.cluster import Backend, Cluster, Part
from deploy.simulator.exchange import Answer, Request, json_answer, text_answer
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.objects import CREATED, Json
from deploy.simulator.prometheus_api import VERSION

_READY = {
    (Part.PROMETHEUS, "-/ready"): "Prometheus Server is Ready.\n",
    (Part.PROMETHEUS, "-/healthy"): "Prometheus Server is Healthy.\n",
    (Part.ALERTMANAGER, "-/ready"): "OK",
    (Part.ALERTMANAGER, "-/healthy"): "OK",
    (Part.LOKI, "ready"): "ready\n",
    (Part.TEMPO, "ready"): "ready\n",
}


def answer(cluster: Cluster, backend: Backend, request: Request, fault: Fault) -> Answer:
    """What a backend says."""
    if (refused := _refused(backend, request, fault)) is not None:
        return refused
    path = "/".join(request.segments)
    if (backend.part, path) in _READY:
        return text_answer(_READY[backend.part, path])
    return _tell(cluster, backend.part, path, request) or text_answer("404 page not found\n", 404)


def upgraded(
    cluster: Cluster, backend: Backend, request: Request, fault: Fault
) -> Answer | loki.Tail:
    """What it says to who asks for a WebSocket: what there is to follow, or why there is none."""
    if "/".join(request.segments) != loki.TAIL or backend.part is not Part.LOKI:
        return answer(cluster, backend, request, fault)
    refused = _refused(backend, request, fault)
    return loki.upgraded(cluster, request) if refused is None else refused


def _refused(backend: Backend, request: Request, fault: Fault) -> Answer | None:
    expired = fault.kind is FaultKind.EXPIRED_TOKEN and request.token is not None
    if expired or (backend.token is not None and request.token != backend.token):
        return text_answer("Unauthorized\n", 401)
    return None


def _tell(cluster: Cluster, part: Part, path: str, request: Request) -> Answer | None:
    match part:
        case Part.PROMETHEUS:
            return prometheus_api.answer(cluster, path, request)
        case Part.LOKI:
            return loki.answer(cluster, path, request)
        case Part.TEMPO:
            return tempo.answer(cluster, path, request)
        case _:
            known = path == "api/v2/status"
            return json_answer(_alertmanager(cluster)) if known else None


def on_demand(code: int, retry_after: int) -> Answer:
    """Any error status; 429 and 503 say when to come back."""
    headers = {"retry-after": str(retry_after)} if code in {429, 503} else {}
    return Answer(code, f"simulated failure {code}\n".encode(), "text/plain", headers)


def _alertmanager(cluster: Cluster) -> Json:
    name = f"{cluster.name}-alertmanager-0"
    return {
        "cluster": {
            "name": name,
            "status": "ready",
            "peers": [{"name": name, "address": "10.0.0.1:9094"}],
        },
        "config": {"original": "route:\n  receiver: aiops\nreceivers:\n- name: aiops\n"},
        "uptime": CREATED,
        "versionInfo": VERSION | {"version": "0.28.0+simulated"},
    }
