"""Requests of the hub to its own REST API, as whoever it asks for: the same rights, bounds, errors.

They go by no network and count for no limit of their own: who asks for a tool has been counted.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from litestar import Litestar
from litestar.exceptions import LitestarException

from contracts.refusals import Code, Refused
from gateway.auth.trail import Trail
from services.runtime import metrics
from services.runtime.clock import Clock, SystemClock
from services.runtime.logging import logger
from services.runtime.principals import Principal

_MOST = 16 * 1024 * 1024
_MUCH = 256 * 1024
"""Bytes from which on reading them would hold up everybody else."""
_HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/json")]

Query = Mapping[str, object]
"""Parameters; what is null is left out, a sequence is repeated."""


class Inner:
    """The API, for one who asks."""

    def __init__(
        self,
        app: Litestar,
        principal: Principal,
        state: Mapping[str, Any] | None = None,
        *,
        clock: Clock | None = None,
        trail: Trail | None = None,
        key: str = "",
    ) -> None:
        """``state``: of the request that it is for, with its trace; ``trail``: is told of what is
        denied; ``key``: asked again with it, what is made is made once."""
        told = state or {}
        self._app = app
        self._principal = principal
        self._state = {name: told.get(name) for name in ("trace_id", "traceparent")}
        self._trail = trail
        self._headers = [*_HEADERS, (b"idempotency-key", key.encode())] if key else _HEADERS
        self.clock = clock or SystemClock()
        self.has_much = False
        """True once an answer was so large that work on it belongs into a thread."""

    async def get(self, path: str, query: Query | None = None) -> Any:
        """JSON of a read; Refused with the API's own code and text."""
        return await self._decoded(await self._ask("GET", path, _encoded(query or {}), b""))

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The same of a question that has a body; what is null in it is left out."""
        told = {name: value for name, value in body.items() if value is not None}
        return await self._decoded(await self._ask("POST", path, b"", msgspec.json.encode(told)))

    async def read(self, path: str, parameters: Sequence[tuple[str, str]]) -> bytes:
        """A read as it is answered; Refused as above."""
        return await self._ask("GET", path, urlencode(parameters).encode(), b"")

    async def ask(self, path: str, body: bytes) -> bytes:
        """The same of a question that has a body."""
        return await self._ask("POST", path, b"", body)

    async def _decoded(self, body: bytes) -> Any:
        try:
            decode = msgspec.json.decode
            much = len(body) > _MUCH
            return await asyncio.to_thread(decode, body) if much else decode(body)
        except msgspec.DecodeError as error:
            raise Refused(Code.INTERNAL_ERROR, "the answer cannot be read") from error

    async def _ask(self, method: str, path: str, query: bytes, body: bytes) -> bytes:
        answer, scope = _Answer(), self._scope(method, f"/api/v1{path}", query)
        try:
            await self._app(cast("Any", scope), _receiving(body), cast("Any", answer.send))
        except LitestarException as error:  # Whatever happens when an answer has begun.
            if not answer.is_too_large:
                logger("http").error("unexpected_error", path=path, exc_info=error)
                raise Refused(Code.INTERNAL_ERROR, "the answer has broken off") from error
            raise Refused(Code.LIMIT_REACHED, "the answer is too large: ask for less") from None
        self.has_much = self.has_much or len(answer.body) > _MUCH
        if answer.status == 403 and self._trail is not None:
            template = str(scope.get("path_template") or "(unmatched)")
            metrics.AUTH_FAILURES.labels("403").inc()
            self._trail.denied(self._principal, method, template)
        if answer.status >= 400:
            error = (await self._decoded(bytes(answer.body)))["error"]
            raise Refused(Code[error["code"]], error["message"], error["details"])
        return bytes(answer.body)

    def _scope(self, method: str, path: str, query: bytes) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": self._headers,
            "client": None,
            "server": ("localhost", 80),
            "extensions": {},
            "state": {"principal": self._principal, **self._state},
        }


class _Answer:
    """What is sent, put together."""

    def __init__(self) -> None:
        self.status = 500
        self.body = bytearray()
        self.is_too_large = False

    async def send(self, message: Mapping[str, Any]) -> None:
        """One ASGI message; raises to end an answer that is too large."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if len(self.body) > _MOST:
                self.is_too_large = True
                self.body.clear()
                raise OverflowError("too large")


def _receiving(body: bytes) -> Any:
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Mapping[str, Any]:
        return left.pop() if left else {"type": "http.disconnect"}

    return receive


def _encoded(query: Query) -> bytes:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        some = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else (value,)
        pairs += [(name, _text(each)) for each in some]
    return urlencode(pairs).encode()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    moment = getattr(value, "isoformat", None)
    return str(value) if moment is None else str(moment())
