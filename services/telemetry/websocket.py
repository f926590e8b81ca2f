"""A WebSocket to a backend: what goes wrong with it comes as a Refused, in words."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from contracts.refusals import Code, Refused
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend, Params
from services.runtime.outbound import websocket
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.reading import Answer
from services.runtime.outbound.websocket import Denied, Misspoken, Opening, Oversized

_LARGEST = 8 * 1024 * 1024
"""Bytes of a message: each tail may hold one."""


class Socket:
    """An open WebSocket, of which only messages to us are of interest."""

    def __init__(self, backend: Backend, socket: websocket.Socket) -> None:
        self._backend = backend
        self._socket = socket

    @property
    def quiet(self) -> float:
        """Seconds since anything has come."""
        return self._socket.quiet

    async def receive(self, seconds: float) -> bytes | None:
        """The next message, None if there is none in this time; Refused when it has ended."""
        try:
            return await self._socket.receive(seconds)
        except Fault as fault:
            raise _refused(self._backend, fault) from None

    async def ping(self) -> None:
        """Have the other end say something."""
        try:
            await self._socket.ping()
        except Fault as fault:
            raise _refused(self._backend, fault) from None


@asynccontextmanager
async def connected(
    backend: Backend, path: str, params: Params, *, seconds: float
) -> AsyncGenerator[Socket]:
    """A WebSocket for the time of a block; Refused if there is none within these seconds."""
    async with AsyncExitStack() as stack:
        async with backend.tried():
            socket = await _opened(stack, backend, (path, params), seconds)
        yield Socket(backend, socket)


async def _opened(
    stack: AsyncExitStack, backend: Backend, asked: tuple[str, Params], seconds: float
) -> websocket.Socket:
    path, params = asked
    client = backend.endpoint.client(backend.asked.outside.outbound)
    opening = Opening(path, params, backend.endpoint.headers, largest=_most(backend))
    opened = websocket.connected(client, opening, seconds=seconds)
    try:
        return await stack.enter_async_context(opened)
    except Fault as fault:
        raise _refused(backend, fault) from None
    except Denied as denied:
        raise _refusal(backend, denied.answer) from None


def _most(backend: Backend) -> int:
    return min(backend.limit, _LARGEST)


def _refused(backend: Backend, fault: Fault) -> Refused:
    which = backend.which
    match fault:
        case Oversized():
            most = _most(backend)
            text = f"{faults.SPOKEN[which]}: a message is over {most} bytes; choose fewer lines"
            return Refused(Code.LIMIT_REACHED, text)
        case Misspoken():
            return faults.broken(which, fault.what)
        case _:
            return faults.of_fault(which, fault)


def _refusal(backend: Backend, answer: Answer) -> Refused:
    which = backend.which
    if 200 <= answer.status < 300:
        page = faults.is_page(answer.headers, answer.body)
        return faults.page(which) if page else faults.broken(which, "it opens no WebSocket")
    now = backend.asked.outside.clock.now()
    refused = faults.of_status(which, answer.status, answer.headers, answer.body, now)
    if refused.code is Code.CREDENTIALS_INVALID:
        text = f"{refused.message}{backend.endpoint.moved}"
        return Refused(refused.code, text, refused.details)
    return refused
