"""What is said on ``/api/v1/logs/tail``: a client names LogQL and clusters, and gets lines."""

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar

from contracts.refusals import Code, Refused
from gateway.federation.fleet import ClusterRef
from gateway.federation.log_tail import Dropped, Lines, LogTail, News, TailWanted, with_logs
from gateway.gate import Gate
from gateway.live.ending import refused
from gateway.live.guest import Door
from gateway.live.log_messages import (
    StopTail,
    Tail,
    TailedCluster,
    Tailing,
    frame_of,
    lines_frame,
    read,
)
from gateway.live.messages import Auth, ErrorCode, ErrorFrame, Invalid, Ping
from gateway.live.talk import Talk
from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable, NotBuilt
from services.runtime.principals import READING, Principal

MOST_CLUSTERS = 64
"""Of one tail."""
_CODES: dict[Code, ErrorCode] = {
    Code.CLUSTER_NOT_FOUND: "CLUSTER_NOT_FOUND",
    Code.INVALID_LOGQL: "INVALID_LOGQL",
    Code.VALIDATION_FAILED: "INVALID_MESSAGE",
}
"""Why a tail ends by itself, or does not begin."""


class Places:
    """How many clusters the tails of a process follow: each is a question that goes on and on.

    A collector has 512 questions in work at once, of which tails must leave the most for others.
    """

    def __init__(self, most: int = 256) -> None:
        self._left = self._most = most

    def check(self, wanted: int, held: int = 0) -> None:
        """Invalid if there is no room for so many, were those that are held given back."""
        if wanted > self._left + held:
            text = f"log tails of {self._most} clusters are open here already; try again later"
            raise Invalid("OVERLOADED", text)

    def take(self, wanted: int) -> int:
        """So many from now on; Invalid if there is no room for them."""
        self.check(wanted)
        self._left -= wanted
        return wanted

    def give_back(self, held: int) -> None:
        """They are free again."""
        self._left += held


@dataclass
class LogTails(Talk):
    """One tail at a time."""

    door: ClassVar[Door] = "logs"
    gate: Gate
    places: Places
    _held: int = field(default=0, init=False)

    async def hear(self, text: str, principal: Principal) -> None:
        """See `Talk`."""
        match read(text):
            case Tail() as message:
                if not principal.may(READING):
                    raise refused("PERMISSION_DENIED", f"{principal.name} may not read logs")
                await self._follow(message, await self._chosen(message, principal))
            case StopTail():
                await self._stop()
            case Auth() | Ping() as message:
                await self.courtesy(message)

    async def close(self) -> None:
        """See `Talk`."""
        await self._stop()

    async def _stop(self) -> None:
        await self.writer.stop()
        self._leave()

    def _leave(self) -> None:
        held, self._held = self._held, 0
        self.places.give_back(held)

    async def _chosen(self, message: Tail, principal: Principal) -> tuple[ClusterRef, ...]:
        try:
            found = await with_logs(self.gate, message.cluster_ids, principal.reads)
        except Refused as error:
            code = _CODES.get(error.code, "INTERNAL_ERROR")
            raise Invalid(code, error.message) from None
        except (DatabaseUnavailable, NotBuilt):
            text = "the clusters cannot be looked up now; try again"
            raise Invalid("INTERNAL_ERROR", text) from None
        if not found:
            raise Invalid("CLUSTER_NOT_FOUND", "no cluster has a Loki; give one its loki_url")
        if len(found) > MOST_CLUSTERS:
            text = f"these are {len(found)} clusters; follow at most {MOST_CLUSTERS} at once"
            raise Invalid("LIMIT_REACHED", text)
        return found

    async def _follow(self, message: Tail, clusters: tuple[ClusterRef, ...]) -> None:
        """Write this tail from now on, and no other."""
        self.places.check(len(clusters), self._held)
        await self._stop()
        self._held = self.places.take(len(clusters))
        now = self.clock.now()
        start = min(message.since or now, now)

        async def tell() -> None:
            past = message.since is not None
            await self._tell(TailWanted(message.query, start, message.limit, past), clusters)

        await self.writer.start(tell)

    async def _tell(self, wanted: TailWanted, clusters: tuple[ClusterRef, ...]) -> None:
        """Tell what comes until it is cancelled, or there is nobody left to follow."""
        metrics.WS_LOG_TAILS.inc()
        try:
            await self.outlet.say(_tailing(wanted, clusters))
            async with LogTail(self.gate, wanted, clusters) as tail:
                while news := await tail.news():
                    for each in news:
                        await self._say(each)
                verdict = tail.verdict
            self._leave()
            if verdict is not None:
                code = _CODES.get(verdict.code or Code.INTERNAL_ERROR, "INTERNAL_ERROR")
                await self.outlet.say(ErrorFrame(code=code, message=verdict.reason or "it is over"))
        finally:
            metrics.WS_LOG_TAILS.dec()

    async def _say(self, news: News) -> None:
        if not isinstance(news, Lines):
            if isinstance(news, Dropped):
                metrics.WS_LOG_LINES_DROPPED.inc(news.count)
            await self.outlet.say(frame_of(news))
            return
        await self.outlet.write(lines_frame(news))
        metrics.WS_SENT.inc()
        metrics.WS_LOG_LINES.inc(len(news.entries))
        # A send that need not wait does not yield: others have their turn.
        await asyncio.sleep(0)


def _tailing(wanted: TailWanted, clusters: tuple[ClusterRef, ...]) -> Tailing:
    named = tuple(TailedCluster(cluster_id=each.id, cluster_name=each.name) for each in clusters)
    return Tailing(query=wanted.query, since=wanted.start, limit=wanted.limit, clusters=named)
