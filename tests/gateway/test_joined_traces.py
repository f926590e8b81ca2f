"""One trace from a request through the bus, workers, the log, projections and other systems.

Spans are kept in memory; `test_traces.py` sends them to a receiver of OpenTelemetry's protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from services.runtime import process
from services.runtime.settings import Settings
from tests.kit.gateway import API, Platform, platform_on
from tests.runtime.outbound.origins import answer, says, serving

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TRACE, PARENT = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
HEADERS = {"traceparent": f"00-{TRACE:032x}-{PARENT:016x}-01"}
VECTOR = b'{"status":"success","data":{"resultType":"vector","result":[]}}'


@dataclass
class Kept(SpanExporter):
    """Spans of all parts, which one process runs here."""

    spans: list[ReadableSpan] = field(default_factory=list[ReadableSpan])

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS

    def below(self, parent: int) -> list[ReadableSpan]:
        """Spans of the trace that are right below one, in order."""
        return [
            each
            for each in sorted(self.spans, key=lambda each: each.start_time or 0)
            if _context(each).trace_id == TRACE and each.parent and each.parent.span_id == parent
        ]

    def child(self, parent: int, name: str) -> ReadableSpan:
        """The first of this name."""
        return next(each for each in self.below(parent) if each.name == name)


def _context(span: ReadableSpan) -> SpanContext:
    assert span.context is not None
    return span.context


def _id(span: ReadableSpan) -> int:
    return _context(span).span_id


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    found = Kept()

    def exporter(endpoint: str) -> Kept:
        assert not endpoint
        return found

    monkeypatch.setattr(process, "otlp", exporter)
    return found


async def _registered(platform: Platform, **endpoints: str) -> str:
    body = {"name": "edge-1", "api_server_url": "https://api.example.com", "endpoints": endpoints}
    told = await platform.http.post(f"{API}/clusters", json=body, headers=HEADERS)
    assert told.status_code == 201, told.text
    return told.json()["id"]


async def test_a_write_is_one_trace_down_to_the_rows(settings: Settings, kept: Kept) -> None:
    async with platform_on(settings) as platform:
        await _registered(platform)
        await platform.settle()
    request = kept.child(PARENT, "POST request")
    handled = kept.child(_id(request), "handle clusters.register_cluster")
    appended = kept.child(_id(handled), "append EVT")
    assert appended.kind is SpanKind.PRODUCER
    for projection in ("fleet", "activity"):
        folded = kept.child(_id(handled), f"fold {projection}")
        assert folded.kind is SpanKind.CONSUMER
        written = kept.child(_id(folded), "postgresql")
        assert (written.attributes or {})["db.namespace"] == projection
    services = {str(each.resource.attributes["service.name"]) for each in kept.spans}
    assert services >= {"aiops-gateway", "aiops-workers", "aiops-projector"}


async def test_a_question_is_one_trace_out_to_the_cluster(settings: Settings, kept: Kept) -> None:
    reply = answer(VECTOR, "200 OK", "Content-Type: application/json")
    async with serving(says(reply)) as origin, platform_on(settings) as platform:
        url = f"http://127.0.0.1:{origin.port}/hidden-path"
        cluster = await _registered(platform, prometheus_url=url)
        told = await platform.http.post(
            f"{API}/metrics/query",
            json={"query": 'up{job="hidden-job"}', "cluster_ids": [cluster]},
            headers=HEADERS,
        )
        assert told.status_code == 200, told.text
        sent = [head for head in origin.heads if "traceparent" in head.lower()]
    request = next(
        each
        for each in kept.below(PARENT)
        if any(below.name == "answer query_metrics" for below in kept.below(_id(each)))
    )
    answered = kept.child(_id(request), "answer query_metrics")
    outbound = kept.child(_id(answered), "POST")
    assert outbound.kind is SpanKind.CLIENT
    assert dict(outbound.attributes or {}) == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": origin.port,
        "http.response.status_code": 200,
    }
    # The cluster's own system can go on with the trace.
    assert any(f"{TRACE:032x}-{_id(outbound):016x}" in head for head in sent)
    assert not [each for each in kept.spans if "hidden" in each.to_json()]


async def test_a_request_that_fails_says_what_kind_of_failure(
    settings: Settings, kept: Kept
) -> None:
    async with serving(says(b"no HTTP\r\n\r\n")) as origin, platform_on(settings) as platform:
        url = f"http://127.0.0.1:{origin.port}/hidden-path"
        cluster = await _registered(platform, prometheus_url=url)
        body = {"query": "up", "cluster_ids": [cluster]}
        told = await platform.http.post(f"{API}/metrics/query", json=body, headers=HEADERS)
        assert told.status_code == 502, told.text
    failed = [each for each in kept.spans if each.name == "POST" and each.kind is SpanKind.CLIENT]
    assert failed
    for span in failed:
        assert span.status.status_code is StatusCode.ERROR
        assert (span.attributes or {})["error.type"] == "NotHttp"
        assert not span.events
        assert "hidden" not in span.to_json()
