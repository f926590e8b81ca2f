"""All models of a process: who is asked in which order, who is left alone, and how many at once."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from services.llm.assembling import Answer
from services.llm.markdown import harmless
from services.llm.prompting import Asking, Prompt
from services.llm.providers import Failed, Provider
from services.runtime.clock import Clock
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.settings_llm import LlmSettings

_AT_ONCE = 2
_WAITING = 16
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


@dataclass(frozen=True, slots=True)
class Told:
    """What a model has said, and what it was shown."""

    answer: Answer
    text: str
    """What may be shown of the answer's text."""
    provider: str
    model: str
    prompt: Prompt


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
    _taken: int = 0
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def tell(self, asking: Asking, seconds: float) -> Told:
        """What the first model says that answers, within so many seconds.

        NoModel if none does, or too many wait for one.
        """
        if not self.servers:
            raise NoModel("none is configured")
        until = self.clock.monotonic() + seconds
        async with self._turn(seconds):
            return await self._first(asking, until)

    async def _first(self, asking: Asking, until: float) -> Told:
        reasons: list[str] = []
        for server in self.servers:
            now = self.clock.monotonic()
            if until - now < _LEAST:
                reasons.append(f"{server.name}: there was no time left for it")
            elif server.not_before > now:
                reasons.append(f"{server.name}: is left alone for a while, as it has failed")
            else:
                try:
                    return await self._ask(server, asking, until - now)
                except Failed as failure:
                    server.failed(failure, self.clock.monotonic())
                    _SAY.warning("model_failed", provider=server.name, reason=failure.reason)
                    reasons.append(f"{server.name}: {failure.reason}")
        raise NoModel("; ".join(reasons))

    async def _ask(self, server: _Server, asking: Asking, seconds: float) -> Told:
        told = server.provider.told
        # In a thread: of texts full of odd characters it takes up to a second.
        prompt = await asyncio.to_thread(asking.prompt, told.context_tokens)
        answer = await server.provider.ask(prompt, seconds)
        text = harmless(answer.text)
        if not text:
            raise Failed("has said nothing")
        server.worked()
        return Told(answer, text, told.name, told.model, prompt)

    @asynccontextmanager
    async def _turn(self, seconds: float) -> AsyncGenerator[None]:
        if self._taken >= _AT_ONCE + _WAITING:
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


_MODELS: WeakKeyDictionary[Outside, Models] = WeakKeyDictionary()


def models_of(outside: Outside, settings: LlmSettings) -> Models:
    """Those of a process, which has one way outside."""
    found = _MODELS.get(outside)
    if found is None:
        # Where there is none, nothing is made for it.
        told = settings.ordered
        servers = [_Server(Provider(each, outside.outbound)) for each in told]
        found = _MODELS[outside] = Models(servers, outside.clock)
    return found
