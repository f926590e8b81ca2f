"""Asks whoever speaks with models what one says, and hears it word by word."""

from typing import Any, Protocol

import msgspec

from contracts.clusters import HUB
from contracts.conversing import Completion, Converse
from services.runtime.asking import Asker, Place

_HUB = Place(HUB, "-")


class NoModel(Exception):
    """No model has answered; its text says why, for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Hearing(Protocol):
    """Whoever hears an answer while it is said."""

    async def words(self, text: str) -> None:
        """More of it."""
        ...

    async def anew(self) -> None:
        """What was said so far does not count: another model begins."""
        ...


async def conversed(
    asker: Asker,
    asked: Converse,
    *,
    seconds: float,
    hearing: Hearing | None = None,
    traceparent: str | None = None,
) -> Completion:
    """What a model says next; NoModel if none does, Unanswered and Refused as of any question.

    Whoever gives up waiting ends the model's work with it.
    """
    left = b""
    async with asker.ask(_HUB, asked, seconds=seconds, traceparent=traceparent) as answer:
        async for part in answer:
            *lines, left = (left + part).split(b"\n")
            for line in lines:
                done = await _heard(line, hearing)
                if done is not None:
                    return done
    done = await _heard(left, hearing)
    if done is None:
        raise NoModel("what was to speak with it has broken off")
    return done


async def _heard(line: bytes, hearing: Hearing | None) -> Completion | None:
    if not line.strip():
        return None
    told: dict[str, Any] = msgspec.json.decode(line)
    if "none" in told:
        raise NoModel(str(told["none"]))
    if "done" in told:
        return Completion.model_validate(told["done"])
    if hearing is not None:
        await (hearing.anew() if "restart" in told else hearing.words(told["text"]))
    return None
