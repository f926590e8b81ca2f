"""Between `httpx` and the shared pools: adds what is for the target's own host alone."""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import h11
import httpcore
import httpx
from httptools import HttpParserError
from opentelemetry.trace import Span, Status, StatusCode

from services.runtime.outbound.pools import Origin, PoolKey, Pools
from services.runtime.outbound.tls import Contexts, Tls
from services.runtime.tracing import UNTRACED, Tracing, carried

ANONYMOUS = "anonymous"
"""A request with this extension carries neither token nor client certificate."""

LASTING = "lasting"
"""One with this extension keeps its connection for long, and takes it from others of its kind."""

STREAMED = "streamed"
"""The answer to one with this extension comes word by word; it upgrades to nothing else."""

_NOTHING: Mapping[str, str] = {}
_PORTS = {"http": 80, "https": 443}
_NAMES: dict[type[Exception], type[httpx.RequestError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    # What a server says of our certificate comes with the first read, and comes as it is.
    ssl.SSLError: httpx.ReadError,
    OSError: httpx.NetworkError,
}


class NotHttp(httpx.RemoteProtocolError):
    """What came is no HTTP answer."""


class HungUp(httpx.RemoteProtocolError):
    """The connection ended before there was an answer."""


class BrokenAnswer(httpx.RemoteProtocolError):
    """The answer began well and did not end well."""


def origin(url: httpx.URL) -> Origin:
    """Scheme, host and port of a URL."""
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme, 0)


@dataclass(frozen=True, slots=True)
class Home:
    """The host that a client is for, and what only this host may see."""

    origin: Origin
    tls: Tls
    server_name: str | None
    authorization: str | None = field(repr=False)


class SharedTransport(httpx.AsyncBaseTransport):
    """Sends requests on shared connections; closing it closes none of them."""

    def __init__(
        self, home: Home, pools: Pools, contexts: Contexts, tracing: Tracing = UNTRACED
    ) -> None:
        self._home = home
        self._pools = pools
        self._contexts = contexts
        self._tracing = tracing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer's head; its body is read from the connection as it is asked for."""
        _, host, port = origin(request.url)
        with self._tracing.request(request.method, host, port) as span:
            if span is None:
                return await self._sent(request)
            return await _within(span, self._sent(request, carried()))

    async def _sent(
        self, request: httpx.Request, more: Mapping[str, str] = _NOTHING
    ) -> httpx.Response:
        asked = origin(request.url)
        at_home = asked == self._home.origin and ANONYMOUS not in request.extensions
        tls = self._home.tls if at_home else self._home.tls.anonymous()
        name = self._home.server_name if at_home else None
        kinds = (kind in request.extensions for kind in (LASTING, STREAMED))
        key = PoolKey(tls.key, asked, name, *kinds)
        pool = await self._pools.lend(key, partial(self._contexts.get, tls))
        give_back = partial(self._pools.give_back, key, pool)
        try:
            with _as_httpx(request, in_body=False):
                answer = await pool.connections.handle_async_request(self._raw(request, key, more))
        except BaseException:
            give_back()
            raise
        return _response(request, answer, _Loan(give_back))

    def _raw(
        self, request: httpx.Request, key: PoolKey, more: Mapping[str, str]
    ) -> httpcore.Request:
        headers, extensions = list(request.headers.raw), dict(request.extensions)
        headers += [(name.encode(), value.encode()) for name, value in more.items()]
        if key.server_name is not None:
            extensions["sni_hostname"] = key.server_name
        for_home = key.origin == self._home.origin and ANONYMOUS not in extensions
        if for_home and self._home.authorization and "authorization" not in request.headers:
            # Not before: a header of the client's would be in its repr, and follow redirects.
            headers.append((b"Authorization", self._home.authorization.encode()))
        url = request.url
        return httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=headers,
            content=request.stream,
            extensions=extensions,
        )


async def _within(span: Span, sending: Awaitable[httpx.Response]) -> httpx.Response:
    """The answer; its status, or the kind of error, is told to the span."""
    try:
        answer = await sending
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))
        raise
    span.set_attribute("http.response.status_code", answer.status_code)
    if answer.is_error:
        span.set_status(Status(StatusCode.ERROR))
    return answer


class _Loan:
    """A pool on loan, given back once."""

    def __init__(self, give_back: "partial[None]") -> None:
        self._give_back: partial[None] | None = give_back

    def end(self) -> None:
        """Give it back, if that was not done."""
        if self._give_back is not None:
            self._give_back()
            self._give_back = None


class _Body(httpx.AsyncByteStream):
    """The body of an answer, whose end is the end of the loan."""

    def __init__(self, request: httpx.Request, parts: AsyncIterable[bytes], loan: _Loan) -> None:
        self._request = request
        self._parts = parts
        self._loan = loan

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request, in_body=True):
            async for part in self._parts:
                yield part

    async def aclose(self) -> None:
        """The connection is kept if the answer was read to its end, else closed."""
        try:
            close = getattr(self._parts, "aclose", None)
            if close is not None:
                await close()
        finally:
            self._loan.end()


def _response(request: httpx.Request, answer: httpcore.Response, loan: _Loan) -> httpx.Response:
    parts = cast("AsyncIterable[bytes]", answer.stream)  # As an asynchronous pool answers.
    return httpx.Response(
        answer.status,
        headers=answer.headers,
        stream=_Body(request, parts, loan),
        extensions=cast("Any", answer).extensions,
    )


@contextmanager
def _as_httpx(request: httpx.Request, *, in_body: bool) -> Generator[None]:
    """What `httpcore` and the system raise, as the `httpx` error that callers know."""
    try:
        yield
    except httpcore.LocalProtocolError:
        # Its text and its cause repeat the header that is wrong, which may be a secret.
        raise httpx.LocalProtocolError("the request is malformed", request=request) from None
    except httpcore.RemoteProtocolError as error:
        raise _misspoken(error, in_body=in_body)(str(error), request=request) from error
    except tuple(_NAMES) as error:
        kind = next(_NAMES[base] for base in type(error).__mro__ if base in _NAMES)
        raise kind(str(error), request=request) from error


def _misspoken(error: Exception, *, in_body: bool) -> type[httpx.RemoteProtocolError]:
    if in_body:
        return BrokenAnswer
    # Without a breach of HTTP's grammar behind it, the server has just hung up.
    behind = error.__cause__ or error.__context__
    ungrammatical = isinstance(behind, h11.RemoteProtocolError | HttpParserError)
    return NotHttp if ungrammatical else HungUp
