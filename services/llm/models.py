"""All models of a process: who is asked in which order, who is left alone, and how many at once."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakKeyDictionary

from services.llm.assembling import Answer
from services.llm.markdown import harmless
from services.llm.prompting import Asks, Prompt
from services.llm.providers import Failed, Provider
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.ids import new_secret
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.settings_llm import LlmSettings

_WAITING = 64
"""Questions that wait for their turn, beside those that are asked."""
_IN_A_ROW = 3
"""Failures after which a server is left alone."""
_ALONE = 30.0
"""Seconds; then it is asked once, and left alone again if it fails."""
_LEAST = 1.0
"""Seconds below which no question is begun."""

_SAY = logger("llm")


class NoModel(Exception):
    """No model has answered; its text says why, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Hearing(Protocol):
    """Whoever hears an answer while it is said."""

    def begins(self, why: str) -> None:
        """A model begins; why the one before it is not heard any more, empty for the first."""
        ...

    def word(self, text: str) -> None:
        """More of what it says, as it comes."""
        ...


class Deaf:
    """Waits for the whole of an answer."""

    def begins(self, why: str) -> None:
        """See `Hearing`."""

    def word(self, text: str) -> None:
        """See `Hearing`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a model has said, and what it was shown."""

    answer: Answer
    text: str
    """What may be shown of the answer's text."""
    provider: str
    model: str
    prompt: Prompt
    first_at: float
    """When the first word came, by the monotonic clock."""


@dataclass
class _Server:
    provider: Provider
    failures: int = 0
    """In a row."""
    not_before: float = 0.0
    """By the monotonic clock."""

    @property
    def name(self) -> str:
        return self.provider.told.name

    def worked(self) -> None:
        self.failures, self.not_before = 0, 0.0

    def failed(self, failure: Failed, now: float) -> None:
        if failure.is_ill:
            self.failures += 1
        if self.failures >= _IN_A_ROW:
            self.not_before = now + _ALONE
        self.not_before = max(self.not_before, now + failure.pause)


@dataclass
class Models:
    """The models of a process."""

    servers: Sequence[_Server]
    clock: Clock
    at_once: int = 16
    key: str = field(default_factory=new_secret, repr=False)
    """What nonces are made with that hold for more than one question."""
    _taken: int = 0

    def __post_init__(self) -> None:
        self._turns = asyncio.Semaphore(self.at_once)

    async def tell(
        self, asking: Asks, seconds: float, hearing: Hearing | None = None, only: str | None = None
    ) -> Told:
        """What the first model says that answers, within so many seconds; ``only`` one is asked.

        NoModel if none does, or too many wait for one.
        """
        if not self.servers:
            raise NoModel("none is configured")
        servers = [each for each in self.servers if only in {None, each.name}]
        if not servers:
            raise NoModel(f"{only}: is not configured")
        until = self.clock.monotonic() + seconds
        async with self._turn(seconds):
            return await self._first(servers, asking, until, hearing or Deaf())

    async def _first(
        self, servers: Sequence[_Server], asking: Asks, until: float, hearing: Hearing
    ) -> Told:
        reasons: list[str] = []
        for server in servers:
            now = self.clock.monotonic()
            if until - now < _LEAST:
                reasons.append(f"{server.name}: there was no time left for it")
            elif server.not_before > now:
                reasons.append(f"{server.name}: is left alone for a while, as it has failed")
            else:
                try:
                    hearing.begins(reasons[-1] if reasons else "")
                    return await self._ask(server, asking, until - now, hearing)
                except Failed as failure:
                    server.failed(failure, self.clock.monotonic())
                    _SAY.warning("model_failed", provider=server.name, reason=failure.reason)
                    reasons.append(f"{server.name}: {failure.reason}")
        raise NoModel("; ".join(reasons))

    async def _ask(self, server: _Server, asking: Asks, seconds: float, hearing: Hearing) -> Told:
        told, strict = server.provider.told, server.provider.told.strict_tools
        # In a thread: of texts full of odd characters it takes up to a second.
        prompt = await asyncio.to_thread(asking.prompt, told.context_tokens, strict=strict)
        began = self.clock.monotonic()
        with _counted(told.name):
            answer = await server.provider.ask(prompt, seconds, hearing.word)
            text = harmless(answer.text)
            # Without tools whatever it wants to be called counts for nothing.
            if not text and not (answer.calls and prompt.tools):
                raise Failed("has said nothing")
        _count(told.name, answer, self.clock.monotonic() - began)
        server.worked()
        return Told(answer, text, told.name, told.model, prompt, began + answer.first_seconds)

    @asynccontextmanager
    async def _turn(self, seconds: float) -> AsyncGenerator[None]:
        if self._taken >= self.at_once + _WAITING:
            raise NoModel("too many questions wait for a model")
        self._taken += 1
        try:
            try:
                async with asyncio.timeout(seconds):
                    await self._turns.acquire()
            except TimeoutError:
                raise NoModel("all of them were busy for too long") from None
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._taken -= 1


@contextmanager
def _counted(name: str) -> Generator[None]:
    result = "cancelled"
    try:
        yield
        result = "answered"
    except Failed:
        result = "failed"
        raise
    finally:
        metrics.LLM_CALLS.labels(name, result).inc()


def _count(name: str, answer: Answer, seconds: float) -> None:
    metrics.LLM_SECONDS.labels(name).observe(seconds)
    metrics.LLM_FIRST_WORD_SECONDS.labels(name).observe(answer.first_seconds)
    metrics.LLM_TOKENS.labels(name, "prompt").inc(answer.prompt_tokens)
    metrics.LLM_TOKENS.labels(name, "completion").inc(answer.completion_tokens)


_MODELS: WeakKeyDictionary[Outside, Models] = WeakKeyDictionary()


def models_of(outside: Outside, settings: LlmSettings) -> Models:
    """Those of a process, which has one way outside."""
    found = _MODELS.get(outside)
    if found is None:
        # Where there is none, nothing is made for it.
        told = settings.ordered
        servers = [_Server(Provider(each, outside.outbound)) for each in told]
        found = _MODELS[outside] = Models(servers, outside.clock, settings.at_once)
    return found
