"""Chats as their users have them: over REST, with answers as they are streamed."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.runtime.settings import Settings
from services.runtime.settings_llm import LlmSettings
from tests.kit.llm_server import MODEL, LlmServer, Scripted

API = "/api/v1/chat"
Json = dict[str, Any]
Frame = tuple[str, Json]


def with_model(settings: Settings, *servers: LlmServer, **changes: Any) -> Settings:
    """These settings, with models on these servers, asked in this order."""
    first, *more = [{"base_url": each.url, "model": MODEL} for each in servers]
    providers = [each | {"name": f"spare-{at}"} for at, each in enumerate(more, start=1)]
    llm = LlmSettings.model_validate(first | {"providers": providers} | changes)
    clusters = settings.clusters.model_copy(update={"allowed_networks": ("127.0.0.0/8",)})
    return settings.model_copy(update={"llm": llm, "clusters": clusters})


@dataclass
class Chats:
    """Of one user."""

    http: httpx.AsyncClient
    model: LlmServer | None = None

    def script(self, *replies: Scripted) -> None:
        """What the model does next; the last one is for all that follow."""
        assert self.model is not None
        self.model.script, self.model.asked = replies, []

    async def begin(self, **body: Any) -> Json:
        """A new session."""
        answer = await self.http.post(f"{API}/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def ask(self, session: Json, content: str, **body: Any) -> Json:
        """The answer, waited for."""
        answer = await self.http.post(
            f"{API}/sessions/{session['id']}/messages",
            json={"content": content, **body},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def messages(self, session: Json) -> list[Json]:
        """All of a session."""
        answer = await self.http.get(f"{API}/sessions/{session['id']}/messages")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    @asynccontextmanager
    async def streamed(
        self, session: Json, content: str, **body: Any
    ) -> AsyncGenerator["Streaming"]:
        """The answer as it is made."""
        url = f"{API}/sessions/{session['id']}/stream"
        asked = {"content": content, **body}
        async with self.http.stream("POST", url, json=asked, timeout=60) as answer:
            assert answer.status_code == 200, await answer.aread()
            yield Streaming(answer)

    async def frames(self, session: Json, content: str, **body: Any) -> list[Frame]:
        """All events of an answer."""
        async with self.streamed(session, content, **body) as streaming:
            return [each async for each in streaming]


@dataclass
class Streaming:
    """Server-sent events on their way."""

    answer: httpx.Response
    seen: list[Frame] = field(default_factory=list[Frame])

    async def __aiter__(self) -> AsyncGenerator[Frame]:
        name = ""
        async for line in self.answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                frame = (name, json.loads(line.removeprefix("data: ")))
                self.seen.append(frame)
                yield frame


def text_of(frames: list[Frame]) -> str:
    """What a client shows in the end of what was streamed."""
    text = ""
    for name, told in frames:
        if name == "message_start":
            text = ""
        elif name == "content_delta":
            if told["reset"]:
                text = told["text"]
            elif told["at"] == len(text):
                text += told["text"]
    return text
