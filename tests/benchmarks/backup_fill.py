"""A long log of a demonstration: what was recorded of one, again and again under other ids."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from services.runtime import streams
from services.runtime.bus import Bus, Outgoing

_AT_ONCE = 2000
_ONCE = frozenset({"cluster", "cluster_name", "cluster_credentials", "cluster_capabilities"})
"""What happens once, at the beginning: the fleet is registered."""
_SAME = frozenset({"alert", "alert_muting"})
_OURS = ("ce-", "traceparent", "Nats-TTL")
_ID = re.compile(
    r"(?<![0-9a-f])"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-|[0-9a-f]{20}(?=[0-9a-f]{12})|[0-9a-f]{4}(?=[0-9a-f]{12}))"
    r"([0-9a-f]{12})(?![0-9a-f])"
)
"""Ids of events, alerts, incidents and traces; the last twelve digits are apart."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the recording, cut before and after each id that is another one next time."""

    kind: str
    pieces: tuple[str, ...]
    ids: tuple[int, ...]

    def again(self, turn: int) -> Outgoing:
        """The same in another turn."""
        text = [self.pieces[0]]
        for number, piece in zip(self.ids, self.pieces[1:], strict=True):
            text.append(f"{number ^ turn:012x}")
            text.append(piece)
        subject, headers, body = "".join(text).split("\0")
        return Outgoing(subject, body.encode(), msgspec.json.decode(headers, type=dict[str, str]))


async def recorded(bus: Bus) -> list[Recorded]:
    """The whole log of a bus."""
    last = int((await bus.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]["last_seq"])
    found: list[tuple[str, str, str]] = []
    for sequence in range(1, last + 1):
        stored = await bus.get(streams.EVENTS, {"seq": sequence})
        if stored is not None:
            headers = {k: v for k, v in stored.headers.items() if k.startswith(_OURS)}
            text = (stored.subject, msgspec.json.encode(headers).decode(), stored.data.decode())
            found.append(text)
    clusters = {text[0].split(".")[1] for text in found}
    return [_cut(text, clusters) for text in found]


def _cut(text: tuple[str, str, str], clusters: set[str]) -> Recorded:
    """The same alerts fire and end again; all else that happens again is another one."""
    kind = text[0].split(".")[2]
    whole = "\0".join(text)
    pieces: list[str] = []
    ids: list[int] = []
    begin = 0
    for match in _ID.finditer(whole):
        if kind not in _SAME and match[0] not in clusters:
            pieces.append(whole[begin : match.start(2)])
            ids.append(int(match[2], 16))
            begin = match.end()
    return Recorded(kind, (*pieces, whole[begin:]), tuple(ids))


def turns(recording: Sequence[Recorded], count: int) -> Iterator[Outgoing]:
    """So many events: the recording first, and then again what happens again."""
    turn, left = 0, count
    while left:
        for event in recording:
            if left and (turn == 0 or event.kind not in _ONCE):
                yield event.again(turn)
                left -= 1
        turn += 1


async def fill(bus: Bus, recording: Sequence[Recorded], count: int) -> None:
    """Append them."""
    page: list[Outgoing] = []
    for message in turns(recording, count):
        page.append(message)
        if len(page) == _AT_ONCE:
            await _append(bus, page)
            page = []
    await _append(bus, page)


async def _append(bus: Bus, page: Sequence[Outgoing]) -> None:
    for answer in await bus.publish_each(page, timeout=60):
        if isinstance(answer, Exception):
            raise answer
