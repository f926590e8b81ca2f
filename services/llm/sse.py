"""The server-sent events of a streamed answer: bytes as they come, the JSON of each event.

The SDK reads them as well, but it takes twice as long for it, and this is done for every word.
"""

from collections.abc import AsyncIterator
from typing import cast

import msgspec

from services.llm.assembling import Malformed

_DONE = b"[DONE]"


async def chunks(parts: AsyncIterator[bytes]) -> AsyncIterator[object]:
    """What each event holds, up to the one that says that there are no more.

    Malformed for what is no JSON, or tells of an error.
    """
    rest = data = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for each in lines:
            line = each.rstrip(b"\r")
            if line.startswith(b"data:"):
                told = line[5:].removeprefix(b" ")
                data = data + b"\n" + told if data else told
            elif not line and data:
                if data.startswith(_DONE):
                    return
                yield _chunk(data)
                data = b""


def _chunk(data: bytes) -> object:
    try:
        made: object = msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise Malformed("an event is no JSON") from None
    if isinstance(made, dict) and cast("dict[str, object]", made).get("error"):
        raise Malformed("the server tells of an error")
    return cast("object", made)
