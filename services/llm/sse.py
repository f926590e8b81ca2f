"""The server-sent events of a streamed answer: bytes as they come, the JSON of each event.

The SDK reads them as well, but it takes twice as long for it, and this is done for every word.
"""

from collections.abc import Sequence
from typing import cast

import msgspec

from services.llm.assembling import Malformed

_DONE = b"[DONE]"


class Events:
    """The events of one answer; ``ended`` after the one that says that there are no more."""

    def __init__(self) -> None:
        self.ended = False
        self._rest = self._data = b""

    def add(self, part: bytes) -> Sequence[object]:
        """What each event holds that is whole with this part.

        Malformed for what is no JSON, or tells of an error.
        """
        *lines, self._rest = (self._rest + part).split(b"\n")
        made: list[object] = []
        for each in lines:
            line = each.rstrip(b"\r")
            if line.startswith(b"data:"):
                told = line[5:].removeprefix(b" ")
                self._data = self._data + b"\n" + told if self._data else told
            elif not line and self._data:
                data, self._data = self._data, b""
                if data.startswith(_DONE):
                    self.ended = True
                    break
                made.append(_chunk(data))
        return made


def _chunk(data: bytes) -> object:
    try:
        made: object = msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise Malformed("an event is no JSON") from None
    if isinstance(made, dict) and cast("dict[str, object]", made).get("error"):
        raise Malformed("the server tells of an error")
    return cast("object", made)
