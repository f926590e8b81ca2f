"""One request and its answer, and whether whoever sent it still waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from contracts.refusals import Code, Refused

MOST_BODY = 256 * 1024
_LEFT = 499
"""The status that proxies give a request whose client has closed the connection."""


@dataclass
class Exchange:
    """The body is read before anything else, so that what comes after it is that they leave."""

    body: bytes
    _receive: Any
    _send: Any
    _given: bool = False
    _answered: bool = False
    _gone: anyio.Event = field(default_factory=anyio.Event)

    @classmethod
    async def begun(cls, receive: Any, send: Any) -> "Exchange":
        """With all of the body; Refused: BODY_TOO_LARGE, and whatever ``receive`` refuses."""
        body, is_more = bytearray(), True
        while is_more:
            message = await receive()
            body += message.get("body", b"")
            is_more = message.get("more_body", False)
            if len(body) > MOST_BODY:
                text = f"a message of a client has at most {MOST_BODY} bytes"
                raise Refused(Code.BODY_TOO_LARGE, text)
        return cls(bytes(body), receive, send)

    async def receive(self) -> dict[str, Any]:
        """As ASGI: the body at once, then nothing until they leave."""
        if not self._given:
            self._given = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        """As ASGI."""
        self._answered = True
        await self._send(message)

    async def until_left(self, working: anyio.CancelScope) -> None:
        """Wait until they leave, and end what is worked on for them."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
        working.cancel()

    async def end(self) -> None:
        """What has no answer, as they left, is told as that: by the log and by the metrics."""
        if not self._answered:
            await self.send({"type": "http.response.start", "status": _LEFT, "headers": []})
            await self.send({"type": "http.response.body", "body": b""})
