"""Alert posts: read, sorted by cluster, made durable; 2xx only once the log's queue has them."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from contracts.alerts import LARGEST_INGEST, AlertReport, IngestAlerts
from contracts.refusals import Code, Refused
from gateway.backlog import Backlog
from gateway.gate import Gate
from gateway.origin import origin_of
from gateway.posts import REPORTS, Post, Rejected, read_v2, read_webhook
from gateway.shares import Shares
from services.runtime import dead_letters, metrics, rights
from services.runtime.bus import BusUnavailable, JetStreamRefused, Outgoing
from services.runtime.command_bus import Origin
from services.runtime.database import DatabaseUnavailable
from services.runtime.ids import derived_id, new_id
from services.runtime.principals import Principal, Scope

T = TypeVar("T")

_LARGE = 64 * 1024
_LEAST = 16 * 1024
"""Bytes that every post counts for: what it takes beside its body."""
_PATIENCE = 1.0
"""Seconds that a post waits for room, and then for its turn."""
_MOST_WAITING = 256
"""Posts that wait for room: of each some 128 KiB have come already."""
_MOST_IN_TURN = 4096
"""Posts that wait for their turn: their bytes are counted."""
_PLACES = 4
"""Posts being read at once: it is work of this very process, so that more would gain nothing."""
_SMALL = 4 * 1024
_SLOWEST = 100_000
"""Bytes a second at which a body has to come, beside the seconds that any body has."""
_ALERTS_OF_QUEUE = 0.75
"""Of the queue of commands, for alerts; the rest is for what people do meanwhile."""
_AT_ONCE = 1000
_LETTERS_ALONE = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a post."""

    accepted: int
    rejected: int
    command_id: UUID


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who posts: their rights, and what the post is filed under."""

    source: Hashable
    principal: Principal
    origin: Origin
    command_id: UUID
    at: datetime
    door: str


class Intake:
    """The doors for alerts of one gateway process.

    A post is taken in if the queue behind is not too full and there is room for its bytes, and is
    read when it is its source's turn. For room and turn it waits a second at most, then it is sent
    away with 503: Alertmanager posts it again soon, Prometheus tells its alerts again in a minute.
    """

    def __init__(self, gate: Gate) -> None:
        settings = gate.runtime.settings
        self._gate = gate
        self._body_seconds = settings.gateway.alert_body_seconds
        most = int(settings.retention.commands_bytes * _ALERTS_OF_QUEUE)
        self._backlog = Backlog(gate.runtime.bus, gate.clock, most)
        self._bytes = Shares(
            settings.gateway.alert_bytes_in_flight,
            patience=_PATIENCE,
            most_waiting=_MOST_WAITING,
            told=metrics.ALERT_BYTES_IN_FLIGHT.set,
        )
        self._places = Shares(
            _PLACES,
            patience=_PATIENCE,
            most_waiting=_MOST_IN_TURN,
            told=metrics.ALERT_POSTS_IN_WORK.set,
        )

    async def take(
        self, request: Any, principal: Principal, door: str, cluster_id: UUID | None
    ) -> Taken:
        """Take in one post; returns when everything in it is durable."""
        try:
            return await self._take(request, principal, door, cluster_id)
        except (Refused, BusUnavailable, JetStreamRefused, DatabaseUnavailable) as error:
            if not isinstance(error, Refused) or error.code is Code.OVERLOADED:
                metrics.ALERT_POSTS_SENT_AWAY.labels(door).inc()
            raise

    async def _take(
        self, request: Any, principal: Principal, door: str, cluster_id: UUID | None
    ) -> Taken:
        source, announced = self._source(principal, cluster_id), self._announced(request)
        await self._backlog.require_room()
        async with self._bytes.share(source, max(announced, _LEAST)) as share:
            body = await self._body(request, announced)
            self._bytes.shrink(share, min(share.size, max(len(body), _LEAST)))
            read = read_v2 if door == "prometheus" else read_webhook
            post = await self._work(source, len(body), read, body)
            at = self._gate.clock.now()
            sender = _Sender(source, principal, origin_of(request), new_id(), at, door)
            return await self._store(post, sender, cluster_id, len(body))

    def _source(self, principal: Principal, cluster_id: UUID | None) -> Hashable:
        """Whom a post counts for: who sends it, for which cluster.

        Ids that nobody knows are no sources of their own: one could have any number of shares.
        """
        scope = _posts_for(principal)
        cluster = cluster_id or _only(scope)
        known = cluster if cluster is not None and self._gate.directory.has(cluster) else None
        return principal.actor, scope, known

    async def _body(self, request: Any, announced: int) -> bytes:
        """All of it, within a time that grows with its size: who drips holds room for nothing."""
        seconds = self._body_seconds + announced / _SLOWEST
        try:
            async with asyncio.timeout(seconds):
                return await request.body()
        except TimeoutError:
            text = f"the body did not come within {seconds:.1f} s; send it again"
            raise Refused(Code.OVERLOADED, text) from None

    async def _work(self, source: Hashable, size: int, work: Callable[..., T], *given: Any) -> T:
        """Do this for a body of this size: when it is its source's turn, unless it is small."""
        if size < _SMALL:
            return work(*given)  # Sooner done than a turn is found for it.
        async with self._places.share(source, 1):
            done = await _aside(size, work, *given)
            # What else this process does comes between: else it waited for all who have come.
            await asyncio.sleep(0)
            return done

    def _announced(self, request: Any) -> int:
        """Bytes that a body will have at most."""
        largest = self._gate.runtime.settings.gateway.max_body
        text = request.headers.get("content-length", "")
        size = int(text[:20]) if text.isdecimal() else largest
        if size > largest:
            raise Refused(Code.BODY_TOO_LARGE, f"a body may have {largest} bytes")
        return size

    async def _store(
        self, post: Post, sender: _Sender, cluster_id: UUID | None, size: int
    ) -> Taken:
        by_cluster, homeless = await self._sorted(post.reports, sender, cluster_id)
        if homeless and not by_cluster:
            await self._bury(homeless, sender, size)
            raise Refused(Code.CLUSTER_NOT_FOUND, homeless[0].reason)
        messages, too_large = await self._work(
            sender.source, size, self._messages, by_cluster, sender
        )
        rejected = [*post.rejected, *homeless, *too_large]
        accepted = sum(map(len, by_cluster.values())) - len(too_large)
        await self._bury(rejected, sender, size)
        # Of a post that is stored in part its source is told that it failed, and sends it again: an
        # alert that is told twice is one alert.
        for start in range(0, len(messages), _AT_ONCE):
            await self._gate.commands.send(messages[start : start + _AT_ONCE])
        metrics.ALERTS_ACCEPTED.labels(sender.door).inc(accepted)
        metrics.ALERTS_REJECTED.labels(sender.door).inc(len(rejected))
        return Taken(accepted, len(rejected), sender.command_id)

    def _messages(
        self, by_cluster: Mapping[UUID, Sequence[AlertReport]], sender: _Sender
    ) -> tuple[list[Outgoing], list[Rejected]]:
        """The commands for these reports, and those that are too large for one."""
        messages: list[Outgoing] = []
        rejected: list[Rejected] = []
        for cluster, reports in by_cluster.items():
            for part, too_large in _parts(reports):
                if too_large:
                    rejected.append(Rejected(_plain(part[0]), "over 512 KiB"))
                else:
                    messages.append(self._message(cluster, part, sender, len(messages)))
        return messages, rejected

    def _message(
        self, cluster: UUID, reports: Sequence[AlertReport], sender: _Sender, number: int
    ) -> Outgoing:
        command = IngestAlerts(cluster_id=cluster, received_at=sender.at, reports=tuple(reports))
        # The first command has the id that the caller is told; the others' follow from it.
        command_id = derived_id(sender.command_id, number) if number else sender.command_id
        return self._gate.commands.message(command, command_id, sender.origin)

    async def _sorted(
        self, reports: Iterable[AlertReport], sender: _Sender, cluster_id: UUID | None
    ) -> tuple[dict[UUID, list[AlertReport]], list[Rejected]]:
        """Reports by cluster: the path's, else the token's, else that of the ``cluster`` label."""
        fixed = cluster_id or _only(_posts_for(sender.principal))
        if fixed is not None:
            _require_scope(sender.principal, fixed)
            if not await self._gate.directory.has_now(fixed):
                reason = f"there is no cluster {fixed}"
                return {}, [Rejected(_plain(report), reason) for report in reports] or [
                    Rejected(None, reason)
                ]
            taken = list(reports)
            self._count_mislabelled(taken, fixed, sender.door)
            return {fixed: taken}, []
        by_cluster: dict[UUID, list[AlertReport]] = {}
        homeless: list[Rejected] = []
        known = await self._gate.directory.resolve({_label(report) for report in reports})
        for report in reports:
            label = _label(report)
            cluster = known.get(label)
            if cluster is None or not _posts_for(sender.principal).has(cluster):
                reason = f"no cluster known here is named by the label cluster={label[:80]!r}"
                homeless.append(Rejected(_plain(report), reason))
            else:
                by_cluster.setdefault(cluster, []).append(report)
        return by_cluster, homeless

    def _count_mislabelled(self, reports: Iterable[AlertReport], cluster: UUID, door: str) -> None:
        """Reports that name another cluster than they come from; names that nobody has do not."""
        named = (self._gate.directory.find(_label(report)) for report in reports)
        count = sum(1 for each in named if each is not None and each != cluster)
        if count:
            metrics.ALERTS_MISLABELLED.labels(door).inc(count)

    async def _bury(self, rejected: Sequence[Rejected], sender: _Sender, size: int) -> None:
        """What was rejected goes to the dead letters; the same again is the same letter."""
        if not rejected:
            return
        told = await _aside(size, lambda: [*_letters(rejected)])
        letters = (
            dead_letters.bury(
                self._gate.runtime.bus,
                dead_letters.Failure(
                    stream="HTTP",
                    consumer=sender.door,
                    subject=f"http.{sender.door}",
                    headers={"ce-actor": sender.principal.actor},
                    data=body,
                    error=" ".join(reason.split()),
                    message_id=str(derived_id(reason, hashlib.sha256(body).hexdigest())),
                ),
                sender.at,
            )
            for body, reason in told
        )
        await asyncio.gather(*letters)


async def _aside(size: int, work: Callable[..., T], *given: Any) -> T:
    """Do this for a body of this size: in a thread if it is large, so that nobody has to wait."""
    return work(*given) if size < _LARGE else await asyncio.to_thread(work, *given)


def _letters(rejected: Sequence[Rejected]) -> Iterable[tuple[bytes, str]]:
    """Body and reason of each letter: a report alone, but the many of a bad source together."""
    for each in rejected[:_LETTERS_ALONE]:
        yield _encoded(each.report), each.reason
    together: list[bytes] = []
    size = 0
    for each in rejected[_LETTERS_ALONE:]:
        body = _encoded(each.report)
        if together and size + len(body) > LARGEST_INGEST:
            yield _list(together), f"{len(together)} more reports that were rejected"
            together, size = [], 0
        together.append(body)
        size += len(body) + 1
    if together:
        yield _list(together), f"{len(together)} more reports that were rejected"


def _encoded(report: Any) -> bytes:
    return json.dumps(report, ensure_ascii=False).encode()


def _list(bodies: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def _parts(reports: Sequence[AlertReport]) -> Iterable[tuple[Sequence[AlertReport], bool]]:
    """Halved until each part is at most 512 KiB; True marks a single report that is larger."""
    size = len(REPORTS.dump_json(list(reports), exclude_unset=True))
    if size <= LARGEST_INGEST - 1024:
        yield reports, False
    elif len(reports) == 1:
        yield reports, True
    else:
        middle = len(reports) // 2
        yield from _parts(reports[:middle])
        yield from _parts(reports[middle:])


def _plain(report: AlertReport) -> Any:
    return report.model_dump(mode="json", exclude_unset=True)


def _label(report: AlertReport) -> str:
    return report.labels.get("cluster", "")


def _posts_for(principal: Principal) -> Scope:
    return principal.scope(rights.given_by(IngestAlerts))


def _only(scope: Scope) -> UUID | None:
    named = scope.clusters or frozenset[UUID]()
    return next(iter(named)) if len(named) == 1 else None


def _require_scope(principal: Principal, cluster: UUID) -> None:
    if not _posts_for(principal).has(cluster):
        raise Refused(Code.PERMISSION_DENIED, "this token is for other clusters")
