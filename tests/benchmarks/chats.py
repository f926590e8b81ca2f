"""50 chats at once through the whole platform: from a model's word to the socket, and the CPU.

Each is asked over REST and read as server-sent events; the model says 30 words a second, in answers
of two lengths.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from httptools import HttpResponseParser

from tests.benchmarks.client import Address
from tests.benchmarks.kit import (
    Figure,
    Options,
    at_most,
    by_part,
    log,
    median,
    number,
    percentile,
)
from tests.benchmarks.platform import Platform, platform
from tests.benchmarks.streaming import (
    CHATS,
    LONG,
    SPREAD,
    WORDS,
    Costs,
    bare,
    model_server,
    one_round,
)
from tests.kit.chats import API, Frame, text_of
from tests.kit.llm_server import MODEL

_BENCH = "chats"
_WITHIN = 120.0
_IDLE = 5.0
"""Seconds for which the platform is watched without chats."""
_ASKED = msgspec.json.encode({"content": "What is wrong in the fleet?"})


@dataclass(frozen=True)
class _Taken:
    """One round of all chats."""

    firsts: Sequence[float]
    """Milliseconds from the model's first word to its frame at the socket."""
    words: Sequence[float]
    """The same of any word."""
    cpu: Mapping[str, float]
    """Seconds of one chat, by part, without what the part takes when nobody asks."""
    events: float
    """Frames with text, of one chat."""


async def measure(options: Options) -> list[Figure]:
    """Whole chats and bare httpx in turn, with short answers and with long ones."""
    taken, raw = dict[int, list[_Taken]](), dict[int, list[float]]()
    for words in (WORDS, LONG):
        taken[words], raw[words] = await _of_length(words, options.pick(4, 2))
    return _figures(taken, Costs(*(median(each) * 1e3 for each in raw.values())))


async def _of_length(words: int, rounds: int) -> tuple[list[_Taken], list[float]]:
    """What was taken in each round, and seconds of CPU of one bare chat."""
    taken, raw_cpu = list[_Taken](), list[float]()
    async with model_server(words) as url, bare(url) as raw:
        with platform(_with_model(url)) as running:
            await raw()
            # The SDK is loaded with the first question.
            await _answers(running.address, [await _begun(running.address)])
            idle = await _idle(running)
            for _ in range(rounds):
                taken.append(await _round(running, idle, words))
                raw_cpu.append((await one_round(raw, words))[0])
                used = number(sum(taken[-1].cpu.values()) * 1e3)
                log(f"{used} ms of CPU for {words} words, raw {number(raw_cpu[-1] * 1e3)}")
    return taken, raw_cpu


def _with_model(url: str) -> Mapping[str, str]:
    return {
        "AIOPS_LLM__BASE_URL": url,
        "AIOPS_LLM__MODEL": MODEL,
        "AIOPS_LLM__AT_ONCE": str(CHATS),
        "AIOPS_LLM__CONTEXT_TOKENS": "32768",
    }


def _figures(taken: Mapping[int, Sequence[_Taken]], raw: Costs) -> list[Figure]:
    rounds = [each for told in taken.values() for each in told]
    firsts = [late for each in rounds for late in each.firsts]
    words = [late for each in rounds for late in each.words]
    cost = Costs(
        *(median([sum(each.cpu.values()) for each in told]) * 1e3 for told in taken.values())
    )
    cost.require_sense()
    parts = {
        name: Costs(*(median([each.cpu[name] for each in told]) * 1e3 for told in taken.values()))
        for name in rounds[0].cpu
    }
    further = by_part({name: each.further for name, each in parts.items()}, 1)
    late = (
        f"p50 {number(percentile(firsts, 0.5))} ms; any word p50"
        f" {number(percentile(words, 0.5))}, p95 {number(percentile(words, 0.95))} ms;"
        f" {number(median([each.events for each in taken[WORDS]]))} frames for {WORDS} words;"
        " every answer as it is stored"
    )
    name = f"model's first word → first word at the client, {CHATS} chats, p95"
    return [
        Figure(_BENCH, name, percentile(firsts, 0.95), "ms", (at_most(50),), note=late),
        Figure(
            _BENCH, "CPU of all parts for 100 words more", cost.further, "ms", raw=raw.further,
            note=f"ms: {further}; {cost.told}; raw: bare httpx reads the same model",
        ),
    ]  # fmt: skip


async def _idle(running: Platform) -> Mapping[str, float]:
    """Cores that each part takes when nobody asks: longer answers would be told to cost it."""
    used = running.cpu.measured()
    await asyncio.sleep(_IDLE)
    return {name: each / _IDLE for name, each in used().items()}


async def _round(running: Platform, idle: Mapping[str, float], words: int) -> _Taken:
    sessions = [await _begun(running.address) for _ in range(CHATS)]
    used, began = running.cpu.measured(), time.monotonic()
    heard = await _answers(running.address, sessions)
    took = time.monotonic() - began
    cpu = {name: (each - idle[name] * took) / CHATS for name, each in used().items()}
    for session, each in zip(sessions, heard, strict=True):
        each.require_whole(await _stored(running.address, session), words)
    late = [each.late for each in heard]
    return _Taken(
        [each[0] for each in late],
        [one for each in late for one in each],
        cpu,
        median([each.events for each in heard]),
    )


async def _answers(address: Address, sessions: Sequence[str]) -> Sequence["_Heard"]:
    """Something asked in each of these sessions, and heard to the end."""

    async def one(at: int, session: str) -> _Heard:
        await asyncio.sleep(SPREAD * at / CHATS)
        return await _asked(address, session)

    return await asyncio.gather(*(one(*each) for each in enumerate(sessions)))


async def _begun(address: Address) -> str:
    answer = await address.once("POST", f"{API}/sessions", {})
    if answer.status != 201:
        raise RuntimeError(f"no session: {answer}")
    return msgspec.json.decode(answer.body)["id"]


async def _stored(address: Address, session: str) -> str:
    """The text of the answer that the platform keeps."""
    answer = await address.once("GET", f"{API}/sessions/{session}/messages")
    found = msgspec.json.decode(answer.body)["items"]
    return next(each["content"] for each in found if each["role"] == "ASSISTANT")


async def _asked(address: Address, session: str) -> "_Heard":
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_connection(_Reader, address.host, address.port)
    try:
        transport.write(address.request("POST", f"{API}/sessions/{session}/stream", _ASKED))
        async with asyncio.timeout(_WITHIN):
            await reader.ended
    finally:
        transport.close()
    return reader.heard()


class _Reader(asyncio.Protocol):
    """Keeps what comes, with when it came: it is read after the measurement."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parser = HttpResponseParser(self)
        self._parts: list[tuple[float, bytes]] = []

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """A piece of the answer."""
        self._parts.append((time.monotonic(), body))

    def on_message_complete(self) -> None:
        """All has come."""
        if not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the gateway hung up"))

    def heard(self) -> "_Heard":
        """What came."""
        heard, left = _Heard(), b""
        for at, part in self._parts:
            *events, left = (left + part).split(b"\n\n")
            for each in events:
                heard.add(at, each)
        return heard


@dataclass
class _Heard:
    """One answer as its client has it."""

    frames: list[Frame] = field(default_factory=list[Frame])
    late: list[float] = field(default_factory=list[float])
    """Milliseconds of each word."""
    events: int = 0

    def add(self, at: float, event: bytes) -> None:
        """An event that came at this time of the monotonic clock."""
        head, _, data = event.partition(b"\n")
        if not head.startswith(b"event: "):
            return
        name = head.removeprefix(b"event: ").decode()
        told = cast("dict[str, Any]", msgspec.json.decode(data.removeprefix(b"data: ")))
        self.frames.append((name, told))
        if name == "content_delta" and not told["reset"]:
            self.events += 1
            self.late += [(at - float(each)) * 1e3 for each in told["text"].split()]

    def require_whole(self, stored: str, words: int) -> None:
        """All words, once and in order, and the same that is kept."""
        text = text_of(self.frames).strip()
        last, told = self.frames[-1]
        if last != "message_complete" or told["message"]["content"] != stored:
            raise RuntimeError(f"an answer ended with {last}: {told}")
        if text != stored or len(text.split()) != words or len(self.late) != words:
            raise RuntimeError(f"told {len(self.late)} words: {text!r}, kept {stored!r}")
