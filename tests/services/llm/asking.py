"""Models on servers of a test, and what they are asked."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from contracts.clusters import HUB
from services.llm.handlers import service
from services.llm.models import Models, models_of
from services.llm.prompting import Asking
from services.runtime.answering import Answering
from services.runtime.asking import Asker
from services.runtime.clock import SystemClock
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from services.runtime.settings_llm import LlmProvider, LlmSettings
from tests.kit.llm_server import MODEL, LlmServer
from tests.kit.runtime import UNTRACED, running

KEY = "sk-planted-9f2c7d"
PATIENT = 60.0


def provider(server: LlmServer | str, name: str = "first", **changes: Any) -> LlmProvider:
    """A server as settings tell of it."""
    url = server if isinstance(server, str) else server.url
    told = {"name": name, "base_url": url, "model": MODEL, "api_key": SecretStr(KEY)}
    return LlmProvider.model_validate(told | changes)


def asking(question: str = "Why?") -> Asking:
    return Asking({"incident": {"title": "node down"}}, question, lambda: "nonce")


class Watch(SystemClock):
    """A clock that a test may put on."""

    def __init__(self) -> None:
        self.on = 0.0

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return super().monotonic() + self.on


@asynccontextmanager
async def models_on(
    *providers: LlmProvider, clock: Watch | None = None, at_once: int = 16
) -> AsyncGenerator[Models]:
    """The models of a process."""
    settings = Settings(llm=LlmSettings(providers=providers, at_once=at_once))
    outside = Outside(settings)
    outside.clock = clock or outside.clock
    try:
        yield models_of(outside, settings.llm)
    finally:
        await outside.close()


@asynccontextmanager
async def worker(
    log: EventLog, settings: Settings, *providers: LlmProvider, **llm: Any
) -> AsyncGenerator[Asker]:
    """One who answers what the service answers, and whoever asks it."""
    told = settings.model_copy(update={"llm": LlmSettings(providers=providers, **llm)})
    outside = Outside(told)
    made = Answering(HUB, "llm", service.queries, log.bus, log, told, UNTRACED, outside)
    try:
        async with running(made.run):
            await log.bus.client.flush()
            yield Asker(log.bus)
    finally:
        await outside.close()
