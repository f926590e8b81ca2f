"""One pass around every request: trace, login, one log line, metrics."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send, WebSocketScope

from contracts.refusals import Code, Refused
from gateway.auth.credentials import credentials, is_foreign
from gateway.errors import envelope
from gateway.gate import Gate
from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable
from services.runtime.logging import logger
from services.runtime.principals import Principal
from services.runtime.tracing import trace_id

_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]


class Front:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, gate: Gate, *, body_seconds: float = 120.0) -> None:
        self._app = app
        self._gate = gate
        self._body_seconds = body_seconds
        self._say = logger("http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Requests in full; sockets look after themselves once they are for us."""
        if scope["type"] != "http":
            if scope["type"] == "websocket" and self._unfit(scope, dict(scope["headers"])):
                await receive()
                # Before it is accepted, so that the handshake is answered with 403.
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        incoming = _text(headers.get(b"traceparent"))
        name = f"{scope['method']} request"
        with self._gate.runtime.tracing.span(name, incoming) as traceparent:
            await self._request(scope, receive, send, headers, traceparent)

    async def _request(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        traceparent: str,
    ) -> None:
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [*_SECURITY, (b"x-trace-id", trace_id(traceparent).encode())]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        state = cast("dict[str, Any]", scope).setdefault("state", {})
        state["traceparent"], state["trace_id"] = traceparent, trace_id(traceparent)
        metrics.HTTP_IN_FLIGHT.inc()
        try:
            refused = self._unfit(scope, headers)
            if refused is not None:
                await _refuse(sending, refused, state["trace_id"])
            else:
                await self._identify(scope, headers, state)
                await self._app(scope, _in_time(receive, self._body_seconds), sending)
        finally:
            metrics.HTTP_IN_FLIGHT.dec()
            self._account(scope, state, status, time.perf_counter() - started)

    def _unfit(
        self, scope: HTTPScope | WebSocketScope, headers: Mapping[bytes, bytes]
    ) -> tuple[Code, str] | None:
        """What must not be answered, whoever asks."""
        host = (_text(headers.get(b"host")) or "").lower()
        if _host_name(host) not in self._gate.runtime.settings.gateway.allowed_hosts:
            return Code.BAD_REQUEST, "this Host is not served here (AIOPS_GATEWAY__ALLOWED_HOSTS)"
        # Nothing that is stored holds it, and PostgreSQL's text cannot.
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return Code.BAD_REQUEST, "an address must not hold U+0000"
        return None

    async def _identify(
        self, scope: HTTPScope, headers: Mapping[bytes, bytes], state: dict[str, Any]
    ) -> None:
        """Who is asking, or why that is not known, goes into the state.

        Nothing is refused here: a login that has ended must not keep anybody from logging in.
        """
        state["principal"] = None
        secret = credentials(headers, scope["method"])
        if secret is None and is_foreign(headers):
            return
        try:
            state["principal"] = await self._gate.principal(secret)
        except DatabaseUnavailable:
            code = Code.DATABASE_UNAVAILABLE
            state["not_known"] = Refused(code, "logins cannot be checked now; try again")
            return
        if state["principal"] is None and secret is not None:
            text = "the token or session is not valid (any more)"
            state["not_known"] = Refused(Code.AUTH_FAILED, text)

    def _account(
        self, scope: HTTPScope, state: Mapping[str, Any], status: int, seconds: float
    ) -> None:
        fields = cast("dict[str, Any]", scope)
        path = str(fields.get("path_template") or "(unmatched)")
        method = scope["method"]
        principal: Principal | None = state.get("principal")
        metrics.HTTP_REQUESTS.labels(method, path, str(status)).inc()
        metrics.HTTP_SECONDS.labels(method, path).observe(seconds)
        client = fields.get("client")
        if status in {401, 403}:
            metrics.AUTH_FAILURES.labels(str(status)).inc()
        if status == 403 and principal is not None:
            self._gate.trail.denied(principal, method, path)
        elif status == 401 and state.get("not_known") is not None:
            self._gate.trail.failed(client[0] if client else None)
        self._say.info(
            "request",
            method=method,
            path=path,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            user=principal.name if principal else None,
            trace_id=state["trace_id"],
            client=client[0] if client else None,
        )


async def _refuse(send: Send, why: tuple[Code, str], trace: str) -> None:
    code, message = why
    body = envelope(code, message, {}, trace)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": code.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _in_time(receive: Receive, seconds: float) -> Receive:
    """The whole body has to come within these seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    complete = False

    async def receiving() -> Any:
        nonlocal complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            text = f"the body did not come within {seconds:g} s; send it again"
            raise Refused(Code.OVERLOADED, text) from None
        if message["type"] == "http.disconnect":
            raise Refused(Code.BAD_REQUEST, "the connection ended before the body did")
        complete = not message.get("more_body", False)
        return message

    return receiving


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
