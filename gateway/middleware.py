"""One pass around every request: trace, login, one log line, metrics."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send, WebSocketScope

from contracts.refusals import Code, Refused
from gateway.auth.credentials import credentials, is_foreign, session_cookie
from gateway.cors import Cors
from gateway.exchange import Answer, Headers, deny_socket, in_time
from gateway.gate import Gate
from gateway.limits.classes import Asker, asker, is_urgent, plain
from gateway.limits.limiter import Limiter
from gateway.methods import naming_all
from gateway.slots import Slots
from gateway.unfit import Unfit, is_served, kept_by_nobody, unfit
from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable
from services.runtime.logging import logger
from services.runtime.principals import Principal
from services.runtime.tracing import trace_id

_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_TOO_OFTEN = "this is asked too often; come again when Retry-After says"
_TOO_MANY = "too many requests are being worked on; try again"


class Front:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, gate: Gate, *, body_seconds: float = 120.0) -> None:
        settings = gate.runtime.settings
        self.limiter = Limiter(settings.limits, gate.clock)
        """To be shared with other instances; see `gateway.limits.sharing`."""
        self._app = app
        self._gate = gate
        self._body_seconds = body_seconds
        self._cors = Cors(settings.gateway.cors_origins)
        self._room = Slots(settings.limits.most_in_flight)
        self._say = logger("http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Requests in full; sockets look after themselves once they are for us."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        incoming = _text(headers.get(b"traceparent"))
        name = f"{scope['method']} request"
        with self._gate.runtime.tracing.span(name, incoming) as traceparent:
            await self._request(scope, receive, send, headers, traceparent)

    async def _socket(self, scope: WebSocketScope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not self._is_served(headers):
            await receive()
            # Before it is accepted, so that the handshake is answered with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        refused, told = self._unfit(scope, headers), Headers()
        if refused is None:
            decision = self.limiter.connect(await self._connecting(scope, headers))
            if decision is None or decision.allowed:
                await self._app(scope, receive, send)
                return
            refused, told = (Code.RATE_LIMITED, _TOO_OFTEN), decision.headers
        await receive()
        extensions = cast("dict[str, Any]", scope).get("extensions")
        incoming = _text(headers.get(b"traceparent"))
        with self._gate.runtime.tracing.span("socket", incoming) as traceparent:
            await deny_socket(extensions, send, *refused, told, trace_id(traceparent))

    async def _connecting(self, scope: WebSocketScope, headers: Mapping[bytes, bytes]) -> Asker:
        """Who opens a socket, as far as it shows: by a session, which the browser sends along."""
        secret = None if is_foreign(headers) else session_cookie(headers.get(b"cookie"))
        principal: Principal | None = None
        if self.limiter.enabled:
            with suppress(DatabaseUnavailable):
                principal = await self._gate.principal(secret)
        return asker(principal, secret, _address(scope))

    async def _request(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        traceparent: str,
    ) -> None:
        started, trace = time.perf_counter(), trace_id(traceparent)
        state = cast("dict[str, Any]", scope).setdefault("state", {})
        state["traceparent"], state["trace_id"] = traceparent, trace
        own = [*_SECURITY, (b"x-trace-id", trace.encode()), *self._cors.headers(headers)]
        answer = Answer(send, trace, own)
        metrics.HTTP_IN_FLIGHT.inc()
        try:
            await self._answer(scope, receive, headers, answer)
        finally:
            answer.leave()
            metrics.HTTP_IN_FLIGHT.dec()
            self._account(scope, state, answer.status, time.perf_counter() - started)

    async def _answer(
        self, scope: HTTPScope, receive: Receive, headers: Mapping[bytes, bytes], answer: Answer
    ) -> None:
        refused = self._unfit(scope, headers)
        if refused is not None:
            await answer.refuse(*refused)
            return
        preflight = self._cors.preflight(scope["method"], headers)
        if preflight is not None:
            await answer.empty(preflight)
            return
        if not is_urgent(plain(scope["path"])) and not answer.enter(self._room):
            await answer.refuse(Code.OVERLOADED, _TOO_MANY, [(b"retry-after", b"1")])
            return
        state = cast("dict[str, Any]", scope)["state"]
        secret = await self._identify(scope, headers, state)
        who = asker(state["principal"], secret, _address(scope))
        decision = self.limiter.ask(who, scope["method"], scope["path"])
        if decision is not None:
            answer.headers += decision.headers
            if not decision.allowed:
                await answer.refuse(Code.RATE_LIMITED, _TOO_OFTEN)
                return
        send = naming_all(scope, kept_by_nobody(scope["path"], answer.send))
        await self._app(scope, in_time(receive, self._body_seconds), send)
        if answer.status == 401 and decision is not None and not decision.taken:
            self.limiter.failed(who)

    def _unfit(
        self, scope: HTTPScope | WebSocketScope, headers: Mapping[bytes, bytes]
    ) -> Unfit | None:
        """What must not be answered, whoever asks."""
        if not self._is_served(headers):
            return Code.BAD_REQUEST, "this Host is not served here (AIOPS_GATEWAY__ALLOWED_HOSTS)"
        return unfit(scope["headers"], scope["path"], scope["query_string"])

    def _is_served(self, headers: Mapping[bytes, bytes]) -> bool:
        names = self._gate.runtime.settings.gateway.allowed_hosts
        return is_served(headers.get(b"host"), names)

    async def _identify(
        self, scope: HTTPScope, headers: Mapping[bytes, bytes], state: dict[str, Any]
    ) -> str | None:
        """Who is asking, or why that is not known, goes into the state; what they have shown.

        Nothing is refused here: a login that has ended must not keep anybody from logging in.
        """
        state["principal"] = None
        secret = credentials(headers, scope["method"])
        if secret is None and is_foreign(headers):
            return None
        try:
            state["principal"] = await self._gate.principal(secret)
        except DatabaseUnavailable:
            code = Code.DATABASE_UNAVAILABLE
            state["not_known"] = Refused(code, "logins cannot be checked now; try again")
            return secret
        if state["principal"] is None and secret is not None:
            text = (
                "the token or session is not valid (any more): log in again, or send another token"
            )
            state["not_known"] = Refused(Code.AUTH_FAILED, text)
        return secret

    def _account(
        self, scope: HTTPScope, state: Mapping[str, Any], status: int, seconds: float
    ) -> None:
        path = str(cast("dict[str, Any]", scope).get("path_template") or "(unmatched)")
        method = scope["method"]
        principal: Principal | None = state.get("principal")
        metrics.HTTP_REQUESTS.labels(method, path, str(status)).inc()
        metrics.HTTP_SECONDS.labels(method, path).observe(seconds)
        address = _address(scope)
        if status in {401, 403}:
            metrics.AUTH_FAILURES.labels(str(status)).inc()
        if status == 403 and principal is not None:
            self._gate.trail.denied(principal, method, path)
        elif status == 401 and state.get("not_known") is not None:
            self._gate.trail.failed(address)
        self._say.info(
            "request",
            method=method,
            path=path,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            user=principal.name if principal else None,
            trace_id=state["trace_id"],
            client=address,
        )


def _address(scope: HTTPScope | WebSocketScope) -> str | None:
    client = cast("dict[str, Any]", scope).get("client")
    return client[0] if client else None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
