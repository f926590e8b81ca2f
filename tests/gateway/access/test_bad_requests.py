"""Requests that no client of good will sends, byte by byte: refused, and nobody else notices."""

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import AsyncGenerator
from urllib.parse import quote, urlsplit

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from services.runtime.ids import new_secret
from services.runtime.tracing import Tracing
from tests.gateway.access.described import serving
from tests.kit.gateway import API, Platform, refused
from tests.kit.leaks import Planted, listening_to_logs
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

HOST = b"Host: localhost\r\n"
NAMES = (
    "token", "access_token", "api_token", "auth_token", "id_token", "refresh_token", "api_key",
    "apikey", "authorization", "bearer", "ToKeN", "%74oken", "tok%65n", "Access-Token",
)  # fmt: skip
DOORS = (
    f"{API}/clusters", f"{API}/events/stream", f"{API}/nothing", "/auth/me", "/metrics", "/health",
    "/", "/docs", "/ui/x.js", "/prometheus/api/v1/query",
)  # fmt: skip
SOCKETS = ("/ws", f"{API}/logs/tail")
SMUGGLED = {
    "both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "both, the other way round": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 40\r\n",
    "the same length twice": b"Content-Length: 5\r\nContent-Length: 5\r\n",
    "a list of lengths": b"Content-Length: 5, 40\r\n",
    "negative": b"Content-Length: -1\r\n",
    "with a sign": b"Content-Length: +5\r\n",
    "hexadecimal": b"Content-Length: 0x5\r\n",
    "longer than any number": b"Content-Length: 99999999999999999999999\r\n",
    "unknown coding": b"Transfer-Encoding: xchunked\r\n",
    "chunked is not the last": b"Transfer-Encoding: chunked, identity\r\n",
    "space before the colon": b"Transfer-Encoding : chunked\r\n",
    "folded": b"Transfer-Encoding:\r\n chunked\r\n",
    "ended by a line feed alone": b"X: y\nTransfer-Encoding: chunked\r\n",
    "no colon": b"Transfer-Encoding\r\n",
}
CONTROLS = {
    "escape": b"a\x1b[31mb", "zero": b"a\0b", "carriage return": b"a\rX-Injected: b",
    "line feed": b"a\n b", "delete": b"a\x7fb", "backspace": b"a\x08b",
}  # fmt: skip
TRAVERSALS = (
    "/assets/../../app.py", "/assets/..%2f..%2fapp.py", "/assets/%2e%2e/%2e%2e/app.py",
    "/assets/%252e%252e%252f%252e%252e%252fapp.py", "/assets/..\\..\\app.py",
    "/assets/..%5c..%5capp.py", "/assets/%c0%ae%c0%ae/%c0%ae%c0%ae/app.py",
    "/assets/....//....//app.py", "/assets//etc/passwd", "/assets/%2fetc%2fpasswd",
    "/assets/..;/..;/app.py", "/assets/./page.css/../../routes.py",
    "/assets/file:///etc/passwd", "/assets/../api/v1/clusters", "/ui/../auth/me",
    "/ui/%2e%2e%2f%2e%2e%2fpyproject.toml", "/ui/%252e%252e/index.html", "/ui/..%255c..%255cx",
)  # fmt: skip


class Wire:
    """A gateway on a port, and bytes sent to it as they are."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._port = urlsplit(url).port
        self.token = f"Authorization: Bearer {token}\r\n".encode()

    async def say(self, *parts: bytes) -> bytes:
        """Send them, and read all that comes until the gateway hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.timeout(10):
                writer.write(b"".join(parts))
                return await reader.read()
        finally:
            writer.close()

    async def get(self, target: bytes | str, *more: bytes, host: bytes = HOST) -> tuple[int, bytes]:
        """Ask for an address on a connection of its own; the status, and all of the answer."""
        wanted = target.encode("latin-1") if isinstance(target, str) else target
        head = (b"GET ", wanted, b" HTTP/1.1\r\n", host, b"Connection: close\r\n", *more, b"\r\n")
        return _one(await self.say(*head))


def _one(answer: bytes) -> tuple[int, bytes]:
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    return int(answer.split(b" ", 2)[1]), answer


@pytest.fixture(scope="module")
async def wire(platform: Platform) -> AsyncGenerator[Wire]:
    async with serving(platform) as url:
        yield Wire(url, platform.admin)


@pytest.mark.parametrize("how", SMUGGLED)
async def test_a_body_of_two_lengths_is_no_request(
    platform: Platform, wire: Wire, how: str
) -> None:
    before = await platform.last_sequence()
    hidden = b"0\r\n\r\nDELETE /auth/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /api/v1/clusters HTTP/1.1\r\n" + HOST + wire.token + SMUGGLED[how] + b"\r\n"
    status, answer = _one(await wire.say(head, hidden))
    assert status == 400, answer
    assert b"connection: close" in answer.lower()
    assert await platform.last_sequence() == before


@pytest.mark.parametrize("what", CONTROLS)
@pytest.mark.parametrize(
    "header", ["User-Agent", "traceparent", "Authorization", "X-Any", "Cookie"]
)
async def test_a_header_with_control_characters_is_no_request(
    wire: Wire, header: str, what: str
) -> None:
    with listening_to_logs() as lines:
        told = header.encode() + b": " + CONTROLS[what] + b"\r\n"
        status, answer = await wire.get("/health", told)
    assert status == 400
    assert b"njected" not in answer
    assert not any(b"njected" in text or b"\\x1b" in text for _, text in lines.said)


@pytest.mark.parametrize(
    "header", ["User-Agent", "traceparent", "Authorization", "Origin", "Accept"]
)
async def test_a_long_header_is_neither_logged_nor_answered(wire: Wire, header: str) -> None:
    with listening_to_logs() as lines:
        for size, good in ((30_000, True), (70_000, False)):
            value = b"planted-" + b"a" * size
            status, answer = await wire.get("/health", header.encode() + b": " + value + b"\r\n")
            assert status == (200 if good else 431)
            assert b"planted" not in answer
    assert not any(b"planted" in text for place, text in lines.said if "uvicorn" not in place)
    assert max(len(text) for place, text in lines.said if "uvicorn" not in place) < 2_000


@pytest.mark.parametrize(
    "traceparent",
    ["00-%0d%0aX: y", "00-" + "g" * 32 + "-" + "1" * 16 + "-01", "a" * 1_000, "ff-" + "1" * 50, ""],
)
async def test_a_trace_that_is_none_is_begun_anew(wire: Wire, traceparent: str) -> None:
    status, answer = await wire.get("/health", f"traceparent: {traceparent}\r\n".encode())
    assert status == 200
    found = re.search(rb"x-trace-id: ([0-9a-f]{32})\r\n", answer)
    assert found is not None
    assert found[1].decode() not in traceparent


@pytest.mark.parametrize(
    "text", ["a%0d%0aSet-Cookie:%20x=y", "%0d%0a%0d%0a<script>", "a%1b%5b31mb"]
)
async def test_what_is_repeated_of_an_address_is_no_header_and_no_line(
    wire: Wire, text: str
) -> None:
    with listening_to_logs() as lines:
        status, answer = await wire.get(f"{API}/clusters/by-name/{text}", wire.token)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status == 404
    assert b"set-cookie" not in head.lower()
    assert b"content-type: application/json" in head
    assert b"\r\n" not in body
    assert b"\x1b" not in body
    said = b"\n".join(line for _, line in lines.said)
    assert b"Set-Cookie" not in said
    assert b"/api/v1/clusters/by-name/{name}" in said, "the log has the template"


@pytest.mark.parametrize("target", TRAVERSALS)
async def test_no_address_leads_out_of_a_folder(wire: Wire, target: str) -> None:
    status, answer = await wire.get(target, wire.token)
    assert status in {400, 404}, answer
    assert b"root:" not in answer
    assert b"import " not in answer


@pytest.mark.parametrize(
    "path", [f"{API}/clusters%2fx", "//auth/me/../../metrics", "/metrics%2f.."]
)
async def test_no_way_of_writing_an_address_goes_around_the_login(wire: Wire, path: str) -> None:
    assert (await wire.get(path))[0] in {400, 401, 404}
    for same in ("/metrics/", "//metrics", "/%6detrics", "/./metrics", "/METRICS", "/metrics;x"):
        assert (await wire.get(same))[0] in {401, 404}, same


async def test_an_address_with_a_host_is_not_fetched_from_there(wire: Wire) -> None:
    status, answer = await wire.get("http://evil.example/health")
    assert (status, b'"status"' in answer) == (200, True), "it is answered here"
    status, answer = await wire.get("http://localhost/health", host=b"Host: evil.example\r\n")
    assert status == 400
    for method in (b"CONNECT evil.example:443", b"PRI *", b"OPTIONS *"):
        status, _ = _one(
            await wire.say(method, b" HTTP/1.1\r\n", HOST, b"Connection: close\r\n\r\n")
        )
        assert status in {400, 404}, method


@pytest.mark.parametrize(
    "twice",
    [
        b"Host: localhost\r\nHost: evil.example\r\n",
        b"Host: evil.example\r\nHost: localhost\r\n",
        b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: https://evil.example\r\n",
        b"Host: localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        b"Host: localhost\r\nOrigin: http://[::1\r\n",
        b"",
    ],
)
async def test_who_asks_from_where_is_said_once(wire: Wire, twice: bytes) -> None:
    status, answer = await wire.get("/health", host=twice)
    assert status == 400
    assert b'"BAD_REQUEST"' in answer


ADDRESSES = [(f"{API}/clusters", name) for name in NAMES] + [(door, "token") for door in DOORS]


async def test_a_token_in_an_address_is_refused_and_told_to_nobody(platform: Platform) -> None:
    spans, secret = InMemorySpanExporter(), f"aiops_{new_secret()}"
    tracing, planted = Tracing("gateway", spans), Planted()
    planted.plant("token", secret, platform.admin)
    answers: list[tuple[str, bytes]] = []
    with listening_to_logs() as lines:
        async with (
            serving(platform, tracing) as url,
            platform.client(base_url=url, transport=httpx.AsyncHTTPTransport()) as http,
        ):
            for door, name in ADDRESSES:
                for method in ("GET", "POST"):
                    answer = await http.request(method, f"{door}?a=b&{name}={quote(secret)}")
                    error = refused(answer, "BAD_REQUEST")
                    assert "must not stand in an address" in error["message"], (door, name)
                    answers.append((f"{door} {name}", answer.content))
            sockets = [await _refused_socket(f"{url}{door}?token={secret}") for door in SOCKETS]
        tracing.close()
    answers += zip(SOCKETS, sockets, strict=True)
    shown = (await platform.http.get("/metrics")).content
    traced = [("span", span.to_json().encode()) for span in spans.get_finished_spans()]
    assert min(len(traced), len(lines.said)) > len(ADDRESSES)
    # Libraries' own lines at DEBUG, which no process of ours writes, hold what is sent.
    ours = [
        each for each in lines.said if not re.search(r"uvicorn|websockets|http(x|core)", each[0])
    ]
    assert planted.leaks([*answers, ("metrics", shown), *traced, *ours]) == []


async def _refused_socket(url: str) -> bytes:
    with pytest.raises(InvalidStatus) as told:
        async with connect(url.replace("http", "ws", 1)):
            pass
    response = told.value.response
    assert response.status_code == 400
    assert b"must not stand in an address" in response.body
    return bytes(response.body)


@pytest.mark.parametrize(
    "query", ["name=token", "label=token%3Dx", "name=a%26token%3Db", "label=key"]
)
async def test_a_token_in_a_value_is_a_word(platform: Platform, query: str) -> None:
    assert (await platform.http.get(f"{API}/alerts/facets?{query}")).status_code in {200, 422}


def test_libraries_say_nothing_of_requests_in_a_process_of_ours() -> None:
    """In a process of its own: what is said of logging holds for all of it, and for good."""
    program = (
        "import logging; from services.runtime.logging import configure;"
        "from services.runtime.settings import TelemetrySettings;"
        "configure(TelemetrySettings(log_level='DEBUG'), 'gateway');"
        "names = ('uvicorn.error', 'websockets', 'httpx', 'httpcore', 'nats');"
        "print(min(logging.getLogger(name).getEffectiveLevel() for name in names))"
    )
    told = subprocess.run(
        (sys.executable, "-c", program), cwd=ROOT, capture_output=True, timeout=30, check=True
    )
    assert int(told.stdout) >= logging.WARNING
