"""What stands before a Prometheus in earnest: TLS, a token or client certificates, a path."""

import http.server
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.kit.authorities import Authority, Identity

_PATIENCE = 10.0


@dataclass
class Guard:
    """A proxy that lets only those through who may; what it wants can be changed at any time."""

    upstream: str
    identity: Identity
    """What it shows."""
    clients: Authority | None = None
    """It wants a certificate of theirs from who comes."""
    token: str | None = None
    """None: it wants none."""
    prefix: str = "/tenant/prom"
    asked: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Statuses and paths of requests."""
    port: int = 0

    @property
    def url(self) -> str:
        """Where the Prometheus is, for those outside."""
        return f"https://127.0.0.1:{self.port}{self.prefix}/"

    def tls(self) -> ssl.SSLContext:
        """For the next connection."""
        context = self.identity.server(clients=self.clients)
        # In TLS 1.3 a client is told after its request that its certificate is not good.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def answer(
        self, method: str, path: str, headers: httpx.Headers, body: bytes
    ) -> tuple[int, str, bytes]:
        """Status, type and body: what Prometheus says, to those who may ask it."""
        found = self._let_through(method, path, headers, body)
        self.asked.append((found[0], path))
        return found

    def _let_through(
        self, method: str, path: str, headers: httpx.Headers, body: bytes
    ) -> tuple[int, str, bytes]:
        if self.token is not None and headers.get("authorization") != f"Bearer {self.token}":
            return 401, "text/plain", b"who are you?"
        if not path.startswith(f"{self.prefix}/"):
            return 404, "text/plain", b"nothing is here"
        kind = {"content-type": headers["content-type"]} if "content-type" in headers else {}
        url = self.upstream + path.removeprefix(self.prefix)
        answer = httpx.request(method, url, content=body, headers=kind, timeout=_PATIENCE)
        return answer.status_code, answer.headers["content-type"], answer.content


def _handler(guard: Guard) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        """One request a connection, so that what is changed holds for the next."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = httpx.Headers(self.headers.items())
            status, kind, content = guard.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the names that the library looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    return Handler


class _Server(http.server.ThreadingHTTPServer):
    """Shakes hands in the thread of each connection.

    Threads, as asyncio hangs up without the alert that TLS wants.
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__(("127.0.0.1", 0), _handler(guard))
        self._guard = guard

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        request.settimeout(_PATIENCE)
        try:
            wrapped = self._guard.tls().wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            )
        except OSError:
            request.close()
            return
        try:
            wrapped.do_handshake()
        except OSError:
            _drain(wrapped)
            return
        super().process_request_thread(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up may do so."""


def _drain(connection: socket.socket) -> None:
    """Take what the other side still says: closing before that would take the alert away."""
    raw = socket.socket(fileno=connection.detach())
    raw.settimeout(_PATIENCE)
    try:
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    except OSError:
        pass
    finally:
        raw.close()


@contextmanager
def guarded(guard: Guard) -> Generator[Guard]:
    """The guard at its place, for the time of a block."""
    server = _Server(guard)
    guard.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield guard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
