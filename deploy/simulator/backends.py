"""Observability backends of a simulated cluster: whether they are ready, and a little more."""

from urllib.parse import parse_qsl

from deploy.simulator.cluster import Backend, Cluster, Part
from deploy.simulator.exchange import Answer, Request, json_answer, text_answer
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.objects import CREATED, Json

_VERSION = {
    "version": "3.1.0+simulated",
    "revision": "simulated",
    "branch": "HEAD",
    "buildUser": "simulator",
    "buildDate": CREATED,
    "goVersion": "go1.24.0",
}
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
    expired = fault.kind is FaultKind.EXPIRED_TOKEN and request.token is not None
    if expired or (backend.token is not None and request.token != backend.token):
        return text_answer("Unauthorized\n", 401)
    path = "/".join(request.segments)
    if (backend.part, path) in _READY:
        return text_answer(_READY[backend.part, path])
    return _tell(cluster, backend.part, path, request) or text_answer("404 page not found\n", 404)


def _tell(cluster: Cluster, part: Part, path: str, request: Request) -> Answer | None:
    match part, path:
        case Part.PROMETHEUS, "api/v1/status/buildinfo":
            return _success(_VERSION)
        case Part.PROMETHEUS, "api/v1/query":
            return _query(cluster, request)
        case Part.ALERTMANAGER, "api/v2/status":
            return json_answer(_alertmanager(cluster))
        case _:
            return None


def on_demand(code: int, retry_after: int) -> Answer:
    """Any error status; 429 and 503 say when to come back."""
    headers = {"retry-after": str(retry_after)} if code in {429, 503} else {}
    return Answer(code, f"simulated failure {code}\n".encode(), "text/plain", headers)


def _query(cluster: Cluster, request: Request) -> Answer:
    asked = dict(request.query)
    if request.method == "POST":
        asked |= dict(parse_qsl(request.body.decode(errors="replace"), max_num_fields=100))
    name, at = asked.get("query", "").strip(), asked.get("time", "")
    if not name:
        return _failure(
            400, "bad_data", 'invalid parameter "query": unknown position: no expression'
        )
    if not name.replace("_", "").replace(":", "").isalnum():
        return _failure(422, "execution", "simulated: only the bare name of a metric is answered")
    if at and not at.replace(".", "", 1).isdecimal():
        return _failure(400, "bad_data", f'invalid parameter "time": cannot parse "{at}"')
    when = float(at) if at else request.now.timestamp()
    found = [{"metric": labels, "value": [when, text]} for labels, text in _series(cluster, name)]
    return _success({"resultType": "vector", "result": found})


def _series(cluster: Cluster, name: str) -> list[tuple[Json, str]]:
    """Every series of a metric, with its value; none of a metric that nobody knows."""
    match name:
        case "up":
            return [
                ({"__name__": "up", "job": "node-exporter", "instance": f"{node.name}:9100"}, "1")
                for node in cluster.nodes()
            ]
        case "DCGM_FI_DEV_GPU_UTIL":
            return [
                (
                    {"__name__": name, "Hostname": node.name, "gpu": str(gpu)}
                    | {"modelName": node.gpu_type},
                    str((cluster.number * 7 + gpu * 13) % 100),
                )
                for node in cluster.nodes()
                for gpu in range(node.gpus)
            ]
        case _:
            return []


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
        "versionInfo": _VERSION | {"version": "0.28.0+simulated"},
    }


def _success(data: Json) -> Answer:
    return json_answer({"status": "success", "data": data})


def _failure(code: int, kind: str, message: str) -> Answer:
    return json_answer({"status": "error", "errorType": kind, "error": message}, code)
