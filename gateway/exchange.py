"""One request's way in and out: its body in time, what all answers say, and refusals."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from litestar.types import Message, Receive, Send

from contracts.refusals import Code, Refused
from gateway.errors import envelope
from gateway.slots import Slots

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Answer:
    """Sends an answer with the headers that all have, and knows its status."""

    forward: Send
    trace: str
    headers: Headers
    status: int = 500
    _held: Slots | None = field(default=None, init=False)

    async def send(self, message: Message) -> None:
        """See `Send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self.headers]
            # What is streamed from now on has bounds of its own.
            self.leave()
        await self.forward(message)

    def enter(self, room: Slots) -> bool:
        """Take a place among those who are worked for, until the answer begins; False: full."""
        if not room.take():
            return False
        self._held = room
        return True

    def leave(self) -> None:
        """Give the place back, if there is still one."""
        if self._held is not None:
            self._held.give_back()
            self._held = None

    async def refuse(self, code: Code, message: str, headers: Headers | None = None) -> None:
        """Answer with the error envelope."""
        body, told = refusal(code, message, self.trace)
        await self._whole(code.status, body, [*told, *(headers or [])])

    async def empty(self, headers: Headers) -> None:
        """Answer that there is nothing to say."""
        await self._whole(204, b"", headers)

    async def _whole(self, status: int, body: bytes, headers: Headers) -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def refusal(code: Code, message: str, trace: str) -> tuple[bytes, Headers]:
    """Body and headers of a refusal."""
    body = envelope(code, message, {}, trace)
    return body, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


async def deny_socket(
    extensions: Any, send: Send, code: Code, message: str, headers: Headers, trace: str
) -> None:
    """Answer a handshake that is not accepted; a server that knows no other way says 403."""
    if "websocket.http.response" not in (extensions or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    body, told = refusal(code, message, trace)
    start: Any = {
        "type": "websocket.http.response.start",
        "status": code.status,
        "headers": [*told, *headers],
    }
    await send(start)
    end: Any = {"type": "websocket.http.response.body", "body": body}
    await send(end)


def in_time(receive: Receive, seconds: float) -> Receive:
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
