"""Asks one server that speaks as OpenAI's does, through the `openai` SDK.

The SDK sends by our own client (`services.runtime.outbound`), so that its rules for addresses and
TLS hold; it takes one of `httpx`, though it ships with `httpx2`. The key never reaches the SDK: our
transport adds it, to the server's own host alone. No text that a server sends with an error is
repeated: some servers repeat the key in it.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import httpx

from contracts.refusals import Refused
from services.llm.assembling import Answer, Assembler, Endless, Malformed
from services.llm.budget import ANSWER_TOKENS
from services.llm.prompting import Prompt
from services.runtime.outbound.clients import Outbound, Target
from services.runtime.settings_llm import LlmProvider

if TYPE_CHECKING:
    import openai

_MOST_BYTES = 4 * 1024 * 1024
"""Of a stream: each of its words comes with some hundred bytes around it."""
_LONGEST_PAUSE = 60.0
"""Seconds that a server may ask to be left alone."""
_OUR_FAULT, _BUSY, _DENIED = frozenset({400, 413, 422}), 429, frozenset({401, 403})
_OMITTED = ("Authorization", "OpenAI-Organization", "OpenAI-Project")
"""Headers that the SDK would make of variables that are not ours."""


class Failed(Exception):
    """There is no answer of this server; its text says why, for people."""

    def __init__(self, reason: str, *, is_ill: bool = True, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_ill = is_ill
        """Whether another question will fare no better."""
        self.pause = pause
        """Seconds that the server wants to be left alone."""


class _TooLarge(Exception):
    """More comes than any answer has."""


class _BrokeOff(Exception):
    """The answer has no end."""


@dataclass
class Provider:
    """One server with a model."""

    told: LlmProvider
    outbound: Outbound

    async def ask(self, prompt: Prompt, seconds: float) -> Answer:
        """The answer, within so many seconds at most; Failed if there is none."""
        # It takes a second or two, and some 36 MB, of a process that has a model alone.
        sdk = await asyncio.to_thread(importlib.import_module, "openai")
        try:
            async with asyncio.timeout(min(seconds, self.told.call_seconds)):
                return await self._ask(cast("Any", sdk), prompt)
        except TimeoutError:
            raise Failed("did not come to an end in time") from None

    async def _ask(self, sdk: Any, prompt: Prompt) -> Answer:
        try:
            return await self._read(prompt)
        except sdk.APIStatusError as error:
            raise _status(error.status_code, error.response.headers) from None
        except (Endless, _TooLarge):
            raise Failed("does not come to an end") from None
        except (sdk.APIConnectionError, httpx.HTTPError, httpx.StreamError, OSError, _BrokeOff):
            raise Failed("cannot be reached, or broke off its answer") from None
        except (sdk.OpenAIError, Malformed, ValueError, TypeError, RecursionError):
            raise Failed("answers what cannot be understood") from None

    async def _read(self, prompt: Prompt) -> Answer:
        loop = asyncio.get_running_loop()
        first = loop.time() + self.told.first_token_seconds
        try:
            async with asyncio.timeout_at(first):
                stream = await self._post(prompt)
        except TimeoutError:
            raise Failed("gave no first word in time") from None
        async with stream:
            return await self._words(aiter(stream), first)

    async def _words(self, reading: AsyncIterator[object], first: float) -> Answer:
        made, until, silent = Assembler(), first, "gave no first word in time"
        while True:
            try:
                async with asyncio.timeout_at(until):
                    chunk = await anext(reading, None)
            except TimeoutError:
                raise Failed(silent) from None
            if chunk is None:
                break
            # What only keeps a connection open is no word.
            if made.add(chunk):
                silent = "fell silent in the middle of its answer"
                until = asyncio.get_running_loop().time() + self.told.between_tokens_seconds
        answer = made.done()
        if not answer.finish:
            raise _BrokeOff
        return answer

    async def _post(self, prompt: Prompt) -> "openai.AsyncStream[object]":
        from openai import AsyncStream, Omit  # noqa: PLC0415 - see `ask`

        body: dict[str, Any] = {
            "model": self.told.model,
            "messages": [dict(each) for each in prompt.messages],
            "max_tokens": ANSWER_TOKENS,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        try:
            client = self._client
        except (Refused, OSError, ValueError):
            raise Failed("has settings that make no sense: see its key and certificates") from None
        headers: dict[str, str | Omit] = {name: Omit() for name in _OMITTED}
        return await client.post(
            "/chat/completions",
            cast_to=object,
            body=body,
            options={"headers": headers | {"Accept-Encoding": "identity"}},
            stream=True,
            stream_cls=AsyncStream[object],
        )

    @cached_property
    def _client(self) -> "openai.AsyncOpenAI":
        from openai import AsyncOpenAI  # noqa: PLC0415 - see `ask`

        told = self.told
        target = Target(
            base_url=told.base_url,
            token=told.api_key.get_secret_value() or None,
            ca=None if told.ca_file is None else told.ca_file.read_text(),
            timeout=told.call_seconds,
        )
        client = self.outbound.client(target)
        client.event_hooks = {"response": [_bounded]}
        return AsyncOpenAI(
            # It wants one, and never sends it: see `_OMITTED`.
            api_key="unused",
            base_url=told.base_url,
            timeout=told.call_seconds,
            max_retries=0,
            # The SDK takes a client of `httpx`, and says so in its errors; its types do not.
            http_client=cast("Any", client),
        )


class _Bounded(httpx.AsyncByteStream):
    """A body that may not be larger than any answer: the SDK reads lines without an end."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for part in self._body:
            taken += len(part)
            if taken > _MOST_BYTES:
                raise _TooLarge
            yield part

    async def aclose(self) -> None:
        """Close it."""
        await self._body.aclose()


async def _bounded(response: httpx.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Malformed("it is packed, which was not asked for")
    response.stream = _Bounded(cast("httpx.AsyncByteStream", response.stream))


def _status(status: int, headers: Mapping[str, str]) -> Failed:
    if status == _BUSY:
        return Failed("is overloaded (429)", pause=_pause(headers.get("retry-after", "")))
    if status in _DENIED:
        return Failed(f"does not take our key ({status})")
    if status in _OUR_FAULT:
        # Most often the prompt is longer than its window.
        return Failed(f"does not take this question ({status})", is_ill=False)
    return Failed(f"answered {status}")


def _pause(told: str) -> float:
    """Seconds of a Retry-After; a date in it is passed over."""
    return min(float(told), _LONGEST_PAUSE) if told.isdecimal() and len(told) < 6 else 0.0
