"""50 chats with a model at 30 words a second each: from a word to the asker, and the CPU.

Answers of two lengths tell what a question costs, and what each hundred words of its answer do.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec

from contracts.clusters import HUB
from contracts.conversing import Converse, Speaker, Utterance
from contracts.personas import BUILT_IN
from services.llm.handlers import service
from services.runtime import bus as buses
from services.runtime.answering import Answering
from services.runtime.asking import Asker, Place
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.logging import configure
from services.runtime.outside import Outside
from services.runtime.settings import NatsSettings, Settings, TelemetrySettings
from services.runtime.settings_llm import LlmSettings
from tests.benchmarks.kit import Figure, Options, at_most, log, median, number, percentile
from tests.kit.embedded import running_nats
from tests.kit.llm_server import MODEL
from tests.kit.runtime import UNTRACED, running

_BENCH = "streaming"
CHATS, RATE, WORDS, LONG = 50, 30.0, 150, 600
SPREAD = 2.0
"""Seconds over which chats begin."""
_PERSONA = BUILT_IN["default"]


@dataclass
class _Heard:
    """One answer: how late its words were, in seconds."""

    first: float
    words: list[float]


Chat = Callable[[], Awaitable[_Heard]]


@dataclass(frozen=True)
class Costs:
    """Milliseconds of CPU of one chat."""

    short: float
    """With an answer of so many words: ``WORDS``."""
    long: float
    """``LONG`` words."""

    @property
    def further(self) -> float:
        """Each hundred words more."""
        return (self.long - self.short) / (LONG - WORDS) * 100

    def require_sense(self) -> None:
        """RuntimeError where more words seem to cost less: nothing was measured then."""
        if self.long <= self.short:
            raise RuntimeError(f"{self.long} ms for {LONG} words, {self.short} for {WORDS}")

    @property
    def question(self) -> float:
        """What does not depend on the answer's length."""
        return self.short - self.further * WORDS / 100

    @property
    def told(self) -> str:
        """For the note of a figure."""
        return (
            f"the question {number(self.question)} ms; for 100 words with it"
            f" {number(self.short / WORDS * 100)} ms of {WORDS},"
            f" {number(self.long / LONG * 100)} ms of {LONG} words"
        )


async def measure(options: Options) -> list[Figure]:
    """Ours and bare httpx in turn, with short answers and with long ones."""
    configure(TelemetrySettings(log_level="WARNING"), _BENCH)
    taken = {words: await _of_length(words, options.pick(5, 2)) for words in (WORDS, LONG)}
    ours, raw = (
        Costs(*(median([each for each, _ in taken[words][name]]) * 1e3 for words in taken))
        for name in ("ours", "raw")
    )
    ours.require_sense()
    firsts, raw_firsts = (
        [each.first * 1e3 for told in taken.values() for _, heard in told[name] for each in heard]
        for name in ("ours", "raw")
    )
    words = [
        late * 1e3
        for told in taken.values()
        for _, heard in told["ours"]
        for each in heard
        for late in each.words
    ]
    note = (
        f"p50 {number(percentile(firsts, 0.5))} ms; any word p50 {number(percentile(words, 0.5))},"
        f" p95 {number(percentile(words, 0.95))} ms; raw: bare httpx"
    )
    return [
        Figure(
            _BENCH, f"first word → asker, {CHATS} chats, p95", percentile(firsts, 0.95), "ms",
            (at_most(50),), percentile(raw_firsts, 0.95), note,
        ),
        Figure(
            _BENCH, "CPU for 100 words more, with the asker and the bus's client", ours.further,
            "ms", (at_most(10),), raw.further,
            f"{ours.told}; {RATE:g} words a second each; raw: bare httpx",
        ),
        Figure(
            _BENCH, "CPU of a question, without its answer's words", ours.question, "ms",
            (at_most(20),), raw.question, "what an answer of no words would cost; raw: bare httpx",
        ),
    ]  # fmt: skip


async def _of_length(words: int, rounds: int) -> dict[str, list[tuple[float, Sequence[_Heard]]]]:
    """Seconds of CPU of one chat, and what was heard, by round."""
    taken: dict[str, list[tuple[float, Sequence[_Heard]]]] = {"ours": [], "raw": []}
    async with model_server(words) as url, _ours(url) as ours, bare(url) as raw:
        await asyncio.gather(ours(), raw())  # The SDK is loaded with the first question.
        for _ in range(rounds):
            for name, chat in (("ours", ours), ("raw", raw)):
                taken[name].append(await one_round(chat, words))
                log(f"{name}: {number(taken[name][-1][0] * 1e3)} ms of CPU for {words} words")
    return taken


async def one_round(chat: Chat, words: int) -> tuple[float, Sequence[_Heard]]:
    """Seconds of CPU of one chat, of this process, and what was heard."""
    began = time.process_time()

    async def one(at: int) -> _Heard:
        await asyncio.sleep(SPREAD * at / CHATS)
        return await chat()

    heard = await asyncio.gather(*map(one, range(CHATS)))
    used = time.process_time() - began
    count = sum(len(each.words) for each in heard)
    if count != CHATS * words:
        raise RuntimeError(f"{count} words of {CHATS * words}")
    return used / CHATS, heard


@asynccontextmanager
async def model_server(words: int) -> AsyncGenerator[str]:
    """The base URL of a model that says so many words at a pace."""
    program = sys.executable, "-m", "tests.benchmarks.streaming_server", str(words), str(RATE)
    made = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert made.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await made.stdout.readline())}/v1"
    finally:
        made.kill()
        await made.wait()


@asynccontextmanager
async def _ours(url: str) -> AsyncGenerator[Chat]:
    """Whoever asks, and who answers, in this process: with the bus between them."""
    llm = LlmSettings(base_url=url, model=MODEL, at_once=CHATS, context_tokens=32_768)
    with tempfile.TemporaryDirectory() as name, running_nats(Path(name) / "nats") as nats:
        settings = Settings(nats=NatsSettings(url=nats.url), llm=llm)
        bus = await buses.connect(settings.nats, "benchmark")
        outside = Outside(settings)
        event_log = EventLog(bus, timedelta(hours=1))
        made = Answering(HUB, "llm", service.queries, bus, event_log, settings, UNTRACED, outside)
        try:
            async with running(made.run):
                await bus.client.flush()
                yield lambda: _chat(bus)
        finally:
            await outside.close()
            await bus.close()


async def _chat(bus: Bus) -> _Heard:
    question = Utterance(speaker=Speaker.USER, text="What is wrong in the fleet?")
    query = Converse(
        instructions=_PERSONA.system_prompt, said=(question,), tools=_PERSONA.capabilities
    )
    late: list[float] = []
    async with Asker(bus).ask(Place(HUB, "-"), query, seconds=60) as answer:
        async for part in answer:
            if part.startswith(b'{"text"'):
                now = time.monotonic()
                words = msgspec.json.decode(part)["text"].split()
                late += [now - float(each) for each in words]
    return _Heard(late[0], late)


@asynccontextmanager
async def bare(url: str) -> AsyncGenerator[Chat]:
    """The same model read by httpx alone."""
    limits = httpx.Limits(max_connections=CHATS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def chat() -> _Heard:
            late: list[float] = []
            body = {"model": MODEL, "messages": [{"role": "user", "content": "What?"}]}
            async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
                async for part in answer.aiter_bytes():
                    now = time.monotonic()
                    late += [now - each for each in _times(part)]
            return _Heard(late[0], late)

        yield chat


def _times(part: bytes) -> list[float]:
    """When the words in a part were sent: events come whole, as they are written at once."""
    found = part.split(b'"content":"')[1:]
    return [float(each.partition(b" ")[0]) for each in found if not each.startswith(b'"')]
