"""A small gateway over real HTTP: it keeps clusters, writes down requests, answers as it is told.

As a program (``python -m tests.deploy.cli.fake_gateway STATE``) it keeps its clusters in a file, so
that it finds them again, and writes each request into ``STATE.requests``.
"""

import json
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from contracts.clusters import merge_patch
from services.runtime.settings import environment

Json = dict[str, Any]
TOKEN = "the-token"
PREFIX = "/api/v1/clusters"
CHECKS = [
    {"name": "API_SERVER", "healthy": True, "latency_ms": 12.4, "error": None, "advice": None},
    {
        "name": "PROMETHEUS",
        "healthy": False,
        "latency_ms": 3.0,
        "error": "Prometheus answered 403 [forbidden]",
        "advice": "give a token that may read metrics",
    },
]
_STATUS = {"state": "DEGRADED", "health_score": 75, "last_error": "Prometheus answered 403"}


@dataclass(frozen=True)
class Request:
    """What somebody asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    token: str
    body: Any


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    body: Any = None


def refusal(status: int, code: str, message: str, **details: Any) -> Answer:
    """The error envelope."""
    return Answer(status, {"error": {"code": code, "message": message, "details": details}})


@dataclass
class FakeGateway:
    """The clusters, the requests, and the answers that a test wants instead."""

    clusters: dict[str, Json] = field(default_factory=dict[str, Json])
    requests: list[Request] = field(default_factory=list[Request])
    told: dict[tuple[str, str], list[Answer]] = field(
        default_factory=dict[tuple[str, str], list[Answer]]
    )
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, method: str, ending: str, *answers: Answer) -> None:
        """Give these answers, one after another, to requests for a path that ends so."""
        self.told.setdefault((method, ending), []).extend(answers)

    def asked(self, method: str, ending: str = "") -> list[Any]:
        """The bodies of such requests."""
        return [
            each.body
            for each in self.requests
            if each.method == method and each.path.endswith(ending)
        ]

    def have(self, name: str, **fields: Any) -> Json:
        """A cluster that is registered already."""
        cluster_id = str(UUID(int=len(self.clusters) + 1))
        cluster: Json = {
            "id": cluster_id,
            "name": name,
            "display_name": None,
            "api_server_url": f"https://{name}:6443",
            "cluster_type": "SPOKE",
            "platform": "OPENSHIFT",
            "platform_version": None,
            "environment": "DEVELOPMENT",
            "region": None,
            "labels": {},
            "endpoints": {},
            "status": _STATUS,
            "last_seen_at": "2026-01-31T12:00:00Z",
            "capabilities": None,
            **fields,
        }
        self.clusters[cluster_id] = cluster
        return cluster

    def answer(self, request: Request) -> Answer:
        """What becomes of a request."""
        with self.lock:
            self.requests.append(request)
            if request.token != TOKEN:
                return refusal(401, "AUTH_FAILED", "this token is not valid")
            for (method, ending), answers in self.told.items():
                if answers and method == request.method and request.path.endswith(ending):
                    return answers.pop(0)
            return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        rest = request.path.removeprefix(PREFIX).strip("/").split("/")
        match (request.method, *rest):
            case ("GET", ""):
                return self._page(request.query)
            case ("POST", ""):
                return self._register(request.body)
            case ("GET", "by-name", name):
                found = [each for each in self.clusters.values() if each["name"] == name]
                return Answer(200, found[0]) if found else _missing()
            case (method, cluster_id, *what) if cluster_id in self.clusters:
                return self._of_one(cluster_id, " ".join([method, *what]), request.body)
            case _:
                return _missing()

    def _of_one(self, cluster_id: str, what: str, body: Any) -> Answer:
        cluster = self.clusters[cluster_id]
        answer = Answer(200, cluster)
        match what:
            case "GET status":
                answer = Answer(200, {"status": _STATUS, "checks": CHECKS, "runs": []})
            case "PATCH":
                changed: Any = merge_patch(cluster, body)
                self.clusters[cluster_id] = changed
                answer = Answer(200, changed)
            case "DELETE":
                del self.clusters[cluster_id]
                answer = Answer(204)
            case "POST credentials":
                cluster["credentials"] = {"auth_type": body["auth_type"]}
                answer = Answer(201, cluster["credentials"])
            case _:
                pass
        return answer

    def _register(self, body: Json) -> Answer:
        if any(each["name"] == body["name"] for each in self.clusters.values()):
            return refusal(409, "CLUSTER_ALREADY_EXISTS", f"{body['name']} is registered")
        return Answer(201, self.have(**body))

    def _page(self, query: dict[str, list[str]]) -> Answer:
        page, size = int(query["page"][0]), int(query["page_size"][0])
        every = list(self.clusters.values())
        items = every[(page - 1) * size : page * size]
        pages = -(-len(every) // size)
        return Answer(200, {"items": items, "total": len(every), "total_pages": pages})


def _missing() -> Answer:
    return refusal(404, "CLUSTER_NOT_FOUND", "there is no such cluster")


def _server(gateway: FakeGateway, port: int = 0) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            text = self.rfile.read(length)
            token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            body = json.loads(text) if text else None
            request = Request(self.command, parts.path, parse_qs(parts.query), token, body)
            answer = gateway.answer(request)
            told = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


@contextmanager
def serving() -> Generator[FakeGateway]:
    """A gateway in this process, for the time of a block."""
    gateway = FakeGateway()
    server = _server(gateway)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Kept(FakeGateway):
    """A gateway that finds its clusters again when it is started the next time."""

    def __init__(self, state: Path) -> None:
        super().__init__()
        self._state = state
        if state.exists():
            self.clusters = json.loads(state.read_text())

    def answer(self, request: Request) -> Answer:
        if not request.path.startswith(PREFIX):
            return Answer(200, {})
        answer = super().answer(request)
        with self.lock, self._state.with_suffix(".requests").open("a") as file:
            file.write(json.dumps([request.method, request.path, request.body]) + "\n")
            self._state.write_text(json.dumps(self.clusters))
        return answer


def main() -> None:
    """Serve on the port that the launcher has chosen."""
    gateway = _Kept(Path(sys.argv[1]))
    _server(gateway, int(environment()["AIOPS_GATEWAY__PORT"])).serve_forever()


if __name__ == "__main__":
    main()
