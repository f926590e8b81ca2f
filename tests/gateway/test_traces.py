"""One trace goes from the request through the bus and PostgreSQL, to a real OTLP receiver."""

import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.runtime.settings import Settings, TelemetrySettings
from tests.kit.gateway import API, platform_on

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@dataclass
class Receiver:
    """An OpenTelemetry collector's door for traces."""

    url: str
    spans: dict[str, list[Span]] = field(default_factory=dict[str, list[Span]])
    """By the service that has sent them."""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for told in request.resource_spans:
            (name,) = [
                each.value.string_value
                for each in told.resource.attributes
                if each.key == "service.name"
            ]
            for scope in told.scope_spans:
                self.spans.setdefault(name, []).extend(scope.spans)

    def of_trace(self, service: str) -> dict[str, Span]:
        """Spans of our trace, by name."""
        found = [span for span in self.spans.get(service, []) if span.trace_id.hex() == TRACE]
        return {span.name: span for span in found}


@pytest.fixture
def receiver() -> Generator[Receiver]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    found = Receiver(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


async def test_a_request_is_one_trace_through_bus_and_database(
    settings: Settings, receiver: Receiver
) -> None:
    traced = settings.model_copy(
        update={"telemetry": TelemetrySettings(otlp_endpoint=receiver.url)}
    )
    async with platform_on(traced) as platform:
        answer = await platform.http.post(
            f"{API}/clusters",
            json={"name": "edge-1", "api_server_url": "https://api.edge-1.example.com"},
            headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
        )
        assert answer.status_code == 201
        assert answer.headers["x-trace-id"] == TRACE
    gateway, workers = receiver.of_trace("aiops-gateway"), receiver.of_trace("aiops-workers")
    request, handled = gateway["POST request"], workers["handle clusters.register_cluster"]
    assert request.parent_span_id.hex() == PARENT
    assert handled.parent_span_id == request.span_id
    assert gateway["postgresql"].parent_span_id == request.span_id
    attributes = {each.key: each.value.string_value for each in gateway["postgresql"].attributes}
    assert attributes["db.system.name"] == "postgresql"
    assert "fleet.cluster" in attributes["db.query.text"]
    assert "edge-1" not in str(gateway["postgresql"]), "what is asked for stays out of traces"
