"""One request and its whole answer, within a number of bytes and of seconds."""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from services.runtime.outbound.faults import Fault, FaultKind, fault_of, place
from services.runtime.outbound.transport import ANONYMOUS, origin

MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_PRIVATE = ("authorization", "proxy-authorization", "cookie")
_GZIP = zlib.MAX_WBITS | 16
_GZIP_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What a request carries beyond its line."""

    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes | None = field(default=None, repr=False)
    follow_redirects: bool = False
    """At most three, never from https to http; another host sees no credentials."""
    room: Callable[[int], Awaitable[None]] | None = None
    """Waited for as the body has grown to so many bytes: who has no room for them raises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of whatever status; its body is unpacked."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ask:
    client: httpx.AsyncClient
    method: str
    options: Options
    limit: int


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    limit_bytes: int,
    deadline_seconds: float,
    options: Options | None = None,
) -> Answer:
    """The answer to a request, 4xx and 5xx too; Fault if there is none within the limits.

    The deadline covers everything from the name service to the last byte, however slowly the
    bytes come. The limit counts the body as unpacked.
    """
    ask = _Ask(client, method, options or Options(), limit_bytes)
    try:
        async with asyncio.timeout(deadline_seconds):
            return await _follow(ask, path)
    except TimeoutError:
        text = f"no whole answer from {place(client.base_url)} within {deadline_seconds:g} s"
        raise Fault(FaultKind.TIMEOUT, text) from None


async def _follow(ask: _Ask, path: str) -> Answer:
    request = _first(ask, path)
    for _ in range(MOST_REDIRECTS + 1):
        answer = await _once(ask, request)
        if not ask.options.follow_redirects or answer.status not in _REDIRECTS:
            return answer
        if "location" not in answer.headers:
            return answer
        request = _redirected(ask, request, answer)
    text = f"{place(ask.client.base_url)} redirects more than {MOST_REDIRECTS} times"
    raise Fault(FaultKind.TOO_MANY_REDIRECTS, text)


def _first(ask: _Ask, path: str) -> httpx.Request:
    options = ask.options
    try:
        return ask.client.build_request(
            ask.method,
            path,
            params=options.params,
            headers=options.headers,
            content=options.content,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise fault_of(error, ask.client.base_url) from None


async def _once(ask: _Ask, request: httpx.Request) -> Answer:
    try:
        response = await ask.client.send(request, stream=True, follow_redirects=False)
        try:
            body = await _body(response, ask.limit, ask.options.room)
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
        # The library's error may repeat a header, so it goes no further.
        raise fault_of(error, request.url) from None
    return Answer(response.status_code, response.headers, body)


async def _body(
    response: httpx.Response, limit: int, room: Callable[[int], Awaitable[None]] | None
) -> bytes:
    where = place(response.request.url)
    unpacker = _unpacker(response.headers.get("content-encoding", ""), where)
    body, taken = bytearray(), 0
    async for chunk in response.aiter_raw():
        taken += len(chunk)
        try:
            # One byte more than there is room for, to know; a small bomb never grows large.
            body += unpacker.decompress(chunk, limit - len(body) + 1) if unpacker else chunk
        except zlib.error:
            raise Fault(FaultKind.NOT_HTTP, f"the answer of {where} cannot be unpacked") from None
        if len(body) > limit or taken > limit + _GZIP_OVERHEAD:
            raise Fault(FaultKind.TOO_LARGE, f"the answer of {where} is over {limit} bytes")
        if room is not None:
            await room(len(body))
    if unpacker is not None and taken and not unpacker.eof:
        raise Fault(FaultKind.RESET, f"the answer of {where} broke off")
    return bytes(body)


class _Unpacker(Protocol):
    """What zlib makes, whose type it keeps to itself."""

    @property
    def eof(self) -> bool:
        """True after the end of what was packed."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most so many bytes of what is packed."""
        ...


def _unpacker(encoding: str, where: str) -> _Unpacker | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP)
        case _:
            text = f"the answer of {where} is packed in a way that was not asked for"
            raise Fault(FaultKind.NOT_HTTP, text)


def _redirected(ask: _Ask, request: httpx.Request, answer: Answer) -> httpx.Request:
    url = _destination(request.url, answer.headers["location"])
    kept = answer.status in _KEEP_METHOD or request.method in {"GET", "HEAD"}
    following = ask.client.build_request(
        request.method if kept else "GET",
        url,
        headers=ask.options.headers,
        content=ask.options.content if kept else None,
    )
    if ANONYMOUS in request.extensions or origin(url) != origin(request.url):
        # Once it has left, it carries nothing more, even if it is sent back.
        following.extensions[ANONYMOUS] = True
        for name in _PRIVATE:
            following.headers.pop(name, None)
    return following


def _destination(url: httpx.URL, location: str) -> httpx.URL:
    where = place(url)
    try:
        found = url.join(location).copy_with(userinfo=b"")
    except (httpx.InvalidURL, ValueError):
        raise Fault(FaultKind.OTHER, f"{where} redirects to what is no URL") from None
    if found.scheme not in {"http", "https"} or not found.host:
        raise Fault(FaultKind.OTHER, f"{where} redirects to what is not HTTP")
    if url.scheme == "https" and found.scheme == "http":
        text = f"{where} redirects from https to http"
        raise Fault(FaultKind.OTHER, text, "give the https URL that the redirect should lead to")
    return found
