"""Chats as models are shown them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.clusters import HUB
from contracts.conversing import Completion, Converse, Speaker, Utterance, WantedCall
from services.runtime.asking import Asker, Place

Json = dict[str, Any]


def user(text: str) -> Utterance:
    return Utterance(speaker=Speaker.USER, text=text)


def assistant(text: str = "", *calls: WantedCall) -> Utterance:
    return Utterance(speaker=Speaker.ASSISTANT, text=text, calls=calls)


def want(id_: str, name: str = "list_alerts", **arguments: Any) -> WantedCall:
    return WantedCall(id=id_, name=name, arguments=arguments)


def told(id_: str, data: object, tool: str = "list_alerts") -> Utterance:
    text = data if isinstance(data, str) else json.dumps({"tool": tool, "data": data})
    return Utterance(speaker=Speaker.TOOL, call_id=id_, tool=tool, text=text)


def conversation(*said: Utterance, **changes: Any) -> Converse:
    values: Json = {"instructions": "Speak as an expert.", "context": "It is noon."}
    tools = {"tools": ("list_alerts", "query_metrics")}
    return Converse.model_validate(values | tools | {"said": said} | changes)


@dataclass
class Heard:
    """The parts of an answer."""

    parts: list[Json] = field(default_factory=list[Json])

    @property
    def texts(self) -> Sequence[str]:
        """Words since the last model began."""
        at = [number for number, each in enumerate(self.parts) if "restart" in each]
        since = self.parts[at[-1] + 1 :] if at else self.parts
        return [each["text"] for each in since if "text" in each]

    @property
    def done(self) -> Completion:
        return Completion.model_validate(self.parts[-1]["done"])


async def heard(asker: Asker, query: Converse, seconds: float = 30) -> Heard:
    """What is answered, to its end."""
    made = Heard()
    rest = b""
    async with asker.ask(Place(HUB, "-"), query, seconds=seconds) as answer:
        async for part in answer:
            *lines, rest = (rest + part).split(b"\n")
            made.parts += [msgspec.json.decode(each) for each in lines if each.strip()]
    assert not rest, "a line has no end"
    return made


def fenced_json(message: Mapping[str, Any]) -> Any:
    """What stands behind the fence in a tool's message."""
    first, body, last = message["content"].split("\n")
    nonce = first.removeprefix("<<<DATA ")
    assert (first, last) == (f"<<<DATA {nonce}", f"DATA {nonce}>>>")
    assert not set(body) & set("<>`")
    return json.loads(body)
