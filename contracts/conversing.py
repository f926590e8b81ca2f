"""Talking with a model: what it is shown of a chat, and what it says, word by word."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from contracts.envelope import Message, Query

MOST_SHOWN = 1_000_000
"""Bytes of the JSON of what is asked: a model's window is cut to by whoever knows it."""


class Speaker(StrEnum):
    """Who says something to a model, or what."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"
    TOOL = "TOOL"


class WantedCall(Message):
    """A tool that a model wants to be called."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """Its own in a turn."""
    name: Annotated[str, StringConstraints(max_length=200)]
    arguments: dict[str, Any] | None
    """Null if they cannot be read."""
    problem: str = ""
    """Why it cannot be called, for the model; empty if it can."""


class Utterance(Message):
    """One thing that was said."""

    speaker: Speaker
    text: str = ""
    """Of a tool the JSON of its answer, which is data and is shown as such."""
    calls: tuple[WantedCall, ...] = ()
    """What the assistant wanted to be called."""
    call_id: str = ""
    """Of a tool: the call that it answers."""
    tool: str = ""


class Converse(Query):
    """What a model says next in a chat.

    The parts are lines of JSON: ``{"text": …}`` more words; ``{"restart": why}`` what was said so
    far does not count, as another model begins; at the end either ``{"done": Completion}`` or
    ``{"none": why}`` where no model has answered.
    """

    instructions: Annotated[str, StringConstraints(max_length=60_000)]
    """Of the persona."""
    context: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """What else holds for the chat, such as the time and the clusters that it is about."""
    said: Annotated[tuple[Utterance, ...], Field(min_length=1, max_length=1_000)]
    """The oldest first. What does not fit a model's window is left out from the oldest on; the last
    question and what was called for it stay as long as they can."""
    tools: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """That it may want to be called; empty: it must answer now."""
    provider: Annotated[str, StringConstraints(max_length=50)] | None = None
    """The only one to be asked, by its name in the settings; null: all in their order."""


class Completion(Message):
    """What a model has said."""

    text: str
    """Markdown without HTML, images and links."""
    calls: tuple[WantedCall, ...] = ()
    provider: str
    model: str
    prompt_version: str
    prompt_tokens: Annotated[int, Field(ge=0)]
    """As the server tells it, 0 where it tells nothing."""
    completion_tokens: Annotated[int, Field(ge=0)]
    latency_ms: Annotated[float, Field(ge=0)]
    first_token_ms: Annotated[float, Field(ge=0)]
    shown_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the prompt's version and all that the model was shown, without nonces."""
    cut: bool = False
    """Whether something was left out for the model's window."""
    ended_early: bool = False
    """The answer was as long as it may be, and ends in the middle."""
