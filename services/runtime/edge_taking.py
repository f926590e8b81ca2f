"""Takes over what a far-edge site has kept: one stream, in its order, each message once.

How far it is stands at the site, beside the stream. That may be behind what the hub has stored,
by as much as was under way when something broke. So the first messages after a start are looked up
at the hub by their origin, until there is one that the hub has not got: all after it are new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from services.runtime import metrics, streams
from services.runtime.answers import Ack, Outgoing, Stored
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.edge import position_subject
from services.runtime.edge_admission import Admission, Origin, as_taken
from services.runtime.logging import logger

_AT_ONCE = 1000
"""As many as an atomic batch may have."""
_PAGE_BYTES = 512 * 1024
_PATIENCE = 60.0
"""Seconds that a page may take: over a narrow link it comes slowly."""
_LOG = logger("edge")


@dataclass
class Position:
    """How far a stream has been taken over."""

    born: str
    sequence: int
    sure: bool = False
    """True once it is known that the hub has nothing after it."""


class _Kept(msgspec.Struct):
    born: str
    sequence: int


@dataclass
class Taking:
    """Takes over one stream of a site."""

    here: Bus
    stream: str
    admission: Admission
    _reached: Position | None = field(default=None, init=False)

    @property
    def site(self) -> str:
        """Whose stream it is."""
        return self.admission.site

    @property
    def reached(self) -> int:
        """The sequence at the site of the last message that was seen to; 0 before the first."""
        return self._reached.sequence if self._reached else 0

    async def begin(self) -> None:
        """Find out how far it is."""
        there = self.here.at(self.site)
        info = await there.api(f"STREAM.INFO.{self.stream}")
        born = _compact(info["created"])
        kept = await there.get(streams.FROM_HUB, {"last_by_subj": self._subject})
        at = msgspec.json.decode(kept.data, type=_Kept) if kept else _Kept(born, 0)
        sequence = at.sequence if at.born == born else 0
        self._reached = Position(born, min(sequence, int(info["state"]["last_seq"])))

    async def page(self, after: int) -> list[Stored]:
        """The site's next messages after a sequence; none if there are none."""
        query = {
            "seq": after + 1,
            "batch": _AT_ONCE,
            "max_bytes": _PAGE_BYTES,
            "next_by_subj": ">",
        }
        return _unbroken(
            await self.here.at(self.site).get_many(self.stream, query, timeout=_PATIENCE)
        )

    async def store(self, page: Sequence[Stored]) -> None:
        """Have the hub store a page; a failure leaves it unsure what has been stored."""
        reached = self._reached
        if reached is None:
            raise BusUnavailable("not begun")
        sure, reached.sure = reached.sure, False
        admitted = self._admitted(page)
        new = admitted if sure else await self._new(admitted, reached.born)
        if new:
            await self._append([self._outgoing(each, reached.born) for each in new])
        reached.sequence = page[-1].sequence
        reached.sure = sure or len(new) > 0
        metrics.EDGE_TAKEN.labels(self.site, self.stream).inc(len(new))
        await self._keep(reached)

    def _admitted(self, page: Sequence[Stored]) -> list[Stored]:
        admitted: list[Stored] = []
        for stored in page:
            reason = self.admission.refusal(self.stream, stored)
            if not reason:
                admitted.append(stored)
                continue
            metrics.EDGE_REFUSED.labels(self.site, self.stream).inc()
            _LOG.warning(
                "not_taken_over", site=self.site, subject=stored.subject[:200], reason=reason
            )
        return admitted

    async def _new(self, page: Sequence[Stored], born: str) -> list[Stored]:
        """Those that the hub has not got: of each subject it has them in order."""
        subjects = list(dict.fromkeys(stored.subject for stored in page))
        known: dict[str, int] = {}
        for stored in await self.here.get_last(self.stream, subjects) if subjects else ():
            origin = Origin.of(stored)
            if origin is not None and (origin.site, origin.born) == (self.site, born):
                known[stored.subject] = origin.sequence
        return [each for each in page if each.sequence > known.get(each.subject, 0)]

    async def _append(self, messages: Sequence[Outgoing]) -> None:
        if self.stream == streams.EVENTS and len(messages) > 1:
            await self.here.publish_batch(messages)
            return
        for answer in await self.here.publish_each(messages):
            if not isinstance(answer, Ack):
                raise answer

    async def _keep(self, reached: Position) -> None:
        """Not waited for: one that is lost costs some looking up at the next start."""
        body = msgspec.json.encode(_Kept(reached.born, reached.sequence))
        await self.here.emit(self._subject, body)

    @property
    def _subject(self) -> str:
        return position_subject(self.site, self.stream)

    def _outgoing(self, stored: Stored, born: str) -> Outgoing:
        return as_taken(stored, Origin(self.site, born, stored.sequence))


def _unbroken(page: list[Stored]) -> list[Stored]:
    """What came of a page before the first message that was lost on the way."""
    for number in range(1, len(page)):
        told = page[number].headers.get("Nats-Last-Sequence", "")
        if told.isdecimal() and int(told) != page[number - 1].sequence:
            return page[:number]
    return page


def _compact(moment: str) -> str:
    """A time as a token without blanks, whatever zone it is told in."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")
