"""Explaining in words: what the platform knows of something, told by a model or by a template."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.envelope import Message, Query

MOST_DATA = 65_536
"""Bytes of the JSON of data that somebody sends."""
MOST_FACTS = MOST_DATA + 1_024
"""Bytes of the JSON that is explained: with what stands around the data."""
MOST_QUESTION = 2_000
"""Characters of a question."""


class ExplainedKind(StrEnum):
    """What is explained, which says what stands in the facts."""

    INCIDENT = "INCIDENT"
    """``incident``, ``signals`` and the newest ``analysis``, if there is one."""
    ANALYSIS = "ANALYSIS"
    """``analysis``."""
    ANOMALY = "ANOMALY"
    """``anomaly``."""
    ALERT = "ALERT"
    """``alert``."""
    DATA = "DATA"
    """``data``: what whoever asks has sent."""


class Explain(Query):
    """Tell facts in words; the parts are the JSON of an `Explanation`.

    There is one without any model as well, also if too many wait for a model.
    """

    about: ExplainedKind
    facts: Annotated[str, StringConstraints(min_length=2, max_length=MOST_FACTS)]
    """A JSON object. Whatever it says, nothing in it is followed. A model is shown neither fields
    with the name of a secret, nor keys of well-known forms, logins in addresses, and what a word
    such as password is said to be, in texts; other secrets in texts are not found."""
    question: Annotated[str, StringConstraints(max_length=MOST_QUESTION)] = ""
    """Its secrets are hidden as those of the facts are."""
    cut: bool = False
    """Whether the facts are not all that there is, as they would be too many."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.facts.encode()) > MOST_FACTS:
            raise ValueError(f"facts are over {MOST_FACTS} bytes")
        return self


class Explanation(Message):
    """What was told, by whom, and on what it rests."""

    text: str
    """Markdown without HTML, images and links. Without a model it says so, and why."""
    model: str | None
    """Null: no model was used."""
    provider: str | None
    """The name in the settings of the server that had the model; null without one."""
    prompt_version: str
    """Which of our prompts, or templates, this was made by."""
    prompt_tokens: Annotated[int, Field(ge=0)]
    """As the server tells it; 0 without a model, or where it tells nothing."""
    completion_tokens: Annotated[int, Field(ge=0)]
    latency_ms: Annotated[float, Field(ge=0)]
    """All of it, with waiting and with models that have failed."""
    shown_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None
    """Of the prompt's version and of facts and question as the model was shown them; null without
    one."""
    is_hypothesis: bool
    """Whether it may name a cause that no analysis bears out. Decided by code, which understands no
    words: of a model's text, false says that an analysis knows the cause, that the first sentence
    which speaks of a cause, in English, has the whole name of that entity, and that no such
    sentence has the name of another place. It does not say that the text is right. True when in
    doubt."""
    cut: bool
    """Whether facts were left out, as they are too many to be told or for the model's window; or a
    part of the question."""
