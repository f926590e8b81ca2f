"""A server that speaks as OpenAI's does, by a script: well, badly, or not at all.

Real HTTP on a port: each request takes the next reply of the script, and the last one is for all
that follow. A reply may depend on what was asked (`replies`); `asked_of` and `results_in` read it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.runtime.outbound.origins import Origin, answer, serving

Json = dict[str, Any]
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Depending:
    """A reply that depends on what was asked."""

    choose: Callable[[Json], Reply]


Scripted = Reply | Depending
MODEL = "qwen3-8b"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"0\r\n\r\n"
DONE = "[DONE]"


def part(**choice: Any) -> Json:
    """One part of a stream, with this in its choice."""
    usual: Json = {"index": 0, "delta": {}, "finish_reason": None}
    told = usual | choice
    return {"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": [told]}


def words(text: str) -> list[Json]:
    """A role, and a part for each word."""
    pieces = text.split(" ")
    said = [each if each is pieces[-1] else f"{each} " for each in pieces]
    return [
        part(delta={"role": "assistant", "content": ""}),
        *(part(delta={"content": each}) for each in said),
    ]


def call(index: int, name: str, arguments: str, *, pieces: int = 3) -> list[Json]:
    """A call of a tool whose arguments come in pieces."""
    size = max(len(arguments) // pieces, 1)
    first = {"index": index, "id": f"call-{index}", "type": "function"}
    cut = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    return [
        part(delta={"tool_calls": [first | {"function": {"name": name, "arguments": ""}}]}),
        *(
            part(delta={"tool_calls": [{"index": index, "function": {"arguments": each}}]})
            for each in cut
        ),
    ]


def ending(reason: str = "stop", *, before: int = 100, after: int = 20) -> list[Json]:
    """The last parts: why it ends, and what it has cost."""
    usage = {"prompt_tokens": before, "completion_tokens": after, "total_tokens": before + after}
    return [part(finish_reason=reason), {"id": "1", "choices": [], "usage": usage}]


def _event(told: Json | str) -> bytes:
    return f"data: {told if isinstance(told, str) else json.dumps(told)}\n\n".encode()


def _chunk(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


async def _send(writer: asyncio.StreamWriter, *told: Json | str) -> None:
    if writer.transport.is_closing():
        raise ConnectionResetError("whoever asked is gone")
    for each in told:
        writer.write(_chunk(_event(each)))
    await writer.drain()


def says(text: str, *, reason: str = "stop") -> Reply:
    """A good answer, word by word."""
    return streams(*words(text), *ending(reason), DONE)


def speaks(text: str, pause: float) -> Reply:
    """The same, with so many seconds before each word but the first."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        head, first, *more = words(text)
        await _send(writer, head, first)
        for each in more:
            await asyncio.sleep(pause)
            await _send(writer, each)
        await _send(writer, *ending(), DONE)
        writer.write(_END)
        await writer.drain()

    return reply


def calls(wanted: Iterable[tuple[str, Mapping[str, Any] | str]], text: str = "") -> Reply:
    """Wants these tools to be called, with these arguments: a text is sent as it is."""
    parts = words(text) if text else []
    for index, (name, given) in enumerate(wanted):
        parts += call(index, name, given if isinstance(given, str) else json.dumps(given))
    return streams(*parts, *ending("tool_calls"), DONE)


def replies(choose: Callable[[Json], Reply]) -> Depending:
    """What is replied depends on the body of the request."""
    return Depending(choose)


def asked_of(asked: Json) -> str:
    """The last question in the body of a request."""
    return next(each["content"] for each in reversed(asked["messages"]) if each["role"] == "user")


def results_in(asked: Json) -> list[Any]:
    """What tools have told since the last question, as it is shown to the model."""
    messages = asked["messages"]
    last = max(at for at, each in enumerate(messages) if each["role"] == "user")
    told = [each["content"] for each in messages[last:] if each["role"] == "tool"]
    return [json.loads(each.splitlines()[1]) for each in told]


def streams(*told: Json | str) -> Reply:
    """These parts, and the end of the stream."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        await _send(writer, *told)
        writer.write(_END)
        await writer.drain()

    return reply


def sends(body: bytes) -> Reply:
    """A stream of these bytes."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD + _chunk(body) + _END)
        await writer.drain()

    return reply


def hangs(*told: Json | str, headed: bool = True) -> Reply:
    """These parts, and then nothing, for ever; without its head not even those."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        if headed:
            writer.write(_HEAD)
            await _send(writer, *told)
        await asyncio.Event().wait()

    return reply


def cuts(*told: Json | str) -> Reply:
    """These parts, and then the connection is gone."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        await _send(writer, *told)
        writer.transport.abort()

    return reply


def trickles(seconds: float, word: str = "and ") -> Reply:
    """A word each so many seconds, without an end."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        while True:
            await _send(writer, part(delta={"content": word}))
            await asyncio.sleep(seconds)

    return reply


def floods(line: bytes) -> Reply:
    """This, again and again, as fast as it is taken."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        while True:
            writer.write(_chunk(line))
            await writer.drain()

    return reply


ENDLESS = floods(_event(part(delta={"content": "and so on " * 100})))
"""Words without an end."""
ONE_LINE = floods(b"x" * 65_536)
"""A line without an end."""


def fails(status: str, body: Json | None = None, *headers: str) -> Reply:
    """An error, as OpenAI's servers tell it."""
    told = json.dumps({"error": body or {"message": "no", "type": "error"}}).encode()

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(told, status, "Content-Type: application/json", *headers))
        await writer.drain()

    return reply


OVERFLOW = fails(
    "400 Bad Request",
    {"message": "maximum context length is 8192 tokens", "code": "context_length_exceeded"},
)


GARBAGE = streams("{not json", DONE)
"""A part that is no JSON."""
BUSY = fails("429 Too Many Requests", None, "Retry-After: 7")
BROKEN = fails("500 Internal Server Error")
WRONG_TOOL = calls([("delete_cluster", {"name": "edge-1"})])
GARBAGE_ARGUMENTS = calls([("list_alerts", '{"state": FIRING')])
HALF_SAID = hangs(*words("It is"))
"""Falls silent in the middle."""


@dataclass
class LlmServer:
    """What it was asked."""

    origin: Origin
    script: Sequence[Scripted]
    asked: list[Json] = field(default_factory=list[Json])
    talking: int = 0
    """Replies under way."""

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"{self.origin.url()}/v1"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = self.origin.heads[-1]
        body = await reader.readexactly(int(self.origin.header("content-length") or 0))
        if not head.startswith("POST /v1/chat/completions "):
            await fails("404 Not Found")(writer)
            return
        self.asked.append(json.loads(body))
        self.talking += 1
        try:
            reply = self.script[min(len(self.asked), len(self.script)) - 1]
            if isinstance(reply, Depending):
                reply = reply.choose(self.asked[-1])
            await reply(writer)
        finally:
            self.talking -= 1


@asynccontextmanager
async def llm_server(*script: Scripted) -> AsyncGenerator[LlmServer]:
    """One for the time of a block."""
    made: list[LlmServer] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].talk(reader, writer)

    async with serving(talk) as origin:
        made.append(LlmServer(origin, script or (says("All is well."),)))
        yield made[0]
