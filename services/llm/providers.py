"""Asks one server that speaks as OpenAI's does, through the `openai` SDK.

The SDK sends by our own client (`services.runtime.outbound`), so that its rules for addresses and
TLS hold; it takes one of `httpx`, though it ships with `httpx2`. The key never reaches the SDK: our
transport adds it, to the server's own host alone. No text that a server sends with an error is
repeated: some servers repeat the key in it.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import httpx

from contracts.refusals import Refused
from services.llm.assembling import Answer, Assembler, Endless, Malformed
from services.llm.prompting import Prompt
from services.llm.sse import Events
from services.runtime.outbound.clients import Outbound, Target
from services.runtime.outbound.transport import STREAMED
from services.runtime.settings_llm import LlmProvider

if TYPE_CHECKING:
    import openai

_MOST_BYTES = 4 * 1024 * 1024
"""Of a stream: each of its words comes with some hundred bytes around it."""
_LONGEST_PAUSE = 60.0
"""Seconds that a server may ask to be left alone."""
_END_SECONDS = 0.5
GATHER = 0.2
"""Seconds for which words after the first are left to come before they are read.

Each look, and each telling on the bus, costs as much as some words do.
"""
_NO_WORD = "gave no first word in time"
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

    async def ask(self, prompt: Prompt, seconds: float, heard: Callable[[str], None]) -> Answer:
        """The answer, within so many seconds at most; Failed if there is none.

        Each word is told to ``heard`` as it comes.
        """
        # It takes a second or two, and some 36 MB, of a process that has a model alone.
        sdk = await asyncio.to_thread(importlib.import_module, "openai")
        try:
            async with asyncio.timeout(min(seconds, self.told.call_seconds)):
                return await self._ask(cast("Any", sdk), prompt, heard)
        except TimeoutError:
            raise Failed("did not come to an end in time") from None

    async def _ask(self, sdk: Any, prompt: Prompt, heard: Callable[[str], None]) -> Answer:
        try:
            return await self._read(prompt, heard)
        except sdk.APIStatusError as error:
            raise _status(error.status_code, error.response.headers) from None
        except (Endless, _TooLarge):
            raise Failed("does not come to an end") from None
        except (sdk.APIConnectionError, httpx.HTTPError, httpx.StreamError, OSError, _BrokeOff):
            raise Failed("cannot be reached, or broke off its answer") from None
        except (sdk.OpenAIError, Malformed, ValueError, TypeError, RecursionError):
            raise Failed("answers what cannot be understood") from None

    async def _read(self, prompt: Prompt, heard: Callable[[str], None]) -> Answer:
        now = asyncio.get_running_loop().time
        made, events = Assembler([_name(each) for each in prompt.tools]), Events()
        began, first = now(), 0.0
        try:
            async with asyncio.timeout_at(began + self.told.first_token_seconds) as patience:
                async with await self._post(prompt) as stream:
                    parts = stream.response.aiter_raw()
                    async for part in parts:
                        are_words = [made.add(chunk) for chunk in events.add(part)]
                        # What only keeps a connection open is no word.
                        if any(are_words):
                            last = now()
                            first = first or last
                            patience.reschedule(last + GATHER + self.told.between_tokens_seconds)
                        if events.ended:
                            break
                        if word := made.take():
                            heard(word)
                            await asyncio.sleep(GATHER)
                    if word := made.take():
                        heard(word)
                    await _drained(parts)
        except TimeoutError:
            silent = "fell silent in the middle of its answer" if first else _NO_WORD
            raise Failed(silent) from None
        answer = made.done()
        if not answer.finish:
            raise _BrokeOff
        return replace(answer, first_seconds=max(first - began, 0.0))

    async def _post(self, prompt: Prompt) -> "openai.AsyncStream[object]":
        from openai import AsyncStream, Omit  # noqa: PLC0415 - see `ask`

        body: dict[str, Any] = {
            "model": self.told.model,
            "messages": [dict(each) for each in prompt.messages],
            "max_tokens": prompt.answer_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.tools:
            body["tools"] = [dict(each) for each in prompt.tools]
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
        client.event_hooks = {"request": [_streamed], "response": [_bounded]}
        return AsyncOpenAI(
            # It wants one, and never sends it: see `_OMITTED`.
            api_key="unused",
            base_url=told.base_url,
            timeout=told.call_seconds,
            max_retries=0,
            # The SDK takes a client of `httpx`, and says so in its errors; its types do not.
            http_client=cast("Any", client),
        )


async def _drained(parts: AsyncIterator[bytes]) -> None:
    """Reads what follows the last event, which is the end of it: so the connection can be kept."""
    with suppress(httpx.HTTPError, httpx.StreamError, OSError, _TooLarge):
        async with asyncio.timeout(_END_SECONDS):
            async for _ in parts:
                pass


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


async def _streamed(request: httpx.Request) -> None:
    """An answer takes a connection for as long as it is said; of others a host gets but few.

    How long is waited for a word is known here, and needs no timer more for each of them.
    """
    request.extensions[STREAMED] = True
    request.extensions["timeout"] = {**request.extensions.get("timeout", {}), "read": None}


async def _bounded(response: httpx.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Malformed("it is packed, which was not asked for")
    response.stream = _Bounded(cast("httpx.AsyncByteStream", response.stream))


def _name(tool: Mapping[str, Any]) -> str:
    return str(tool["function"]["name"])


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
