"""Alert posts: read, sorted by cluster, made durable; 2xx only once the log's queue has them."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from contracts.alerts import LARGEST_INGEST, AlertReport, IngestAlerts
from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.origin import origin_of
from services.runtime import dead_letters, metrics
from services.runtime.access import Principal
from services.runtime.bus import Outgoing
from services.runtime.command_bus import Origin
from services.runtime.ids import derived_id, new_id

_BODY_SECONDS = 120.0


class Webhook(BaseModel):
    """Alertmanager's webhook payload, version 4; of the envelope only the alerts matter."""

    model_config = ConfigDict(extra="ignore")

    alerts: list[AlertReport]


REPORTS: TypeAdapter[list[AlertReport]] = TypeAdapter(list[AlertReport])


@dataclass(frozen=True, slots=True)
class Rejected:
    """A report that cannot be taken in, and why."""

    report: Any
    reason: str


@dataclass
class Post:
    """A post taken apart."""

    reports: list[AlertReport]
    rejected: list[Rejected] = field(default_factory=list[Rejected])


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a post."""

    accepted: int
    rejected: int
    command_id: UUID


class Flow:
    """Bytes of alert posts in flight; beyond the limit a source is told to come again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0

    @asynccontextmanager
    async def room(self, size: int) -> AsyncGenerator[None]:
        """Room for a body of this size; Refused with OVERLOADED if there is none."""
        if self._bytes + size > self._limit:
            raise Refused(Code.OVERLOADED, "too many alerts are being taken in; send them again")
        self._bytes += size
        metrics.ALERT_BYTES_IN_FLIGHT.set(self._bytes)
        try:
            yield
        finally:
            self._bytes -= size
            metrics.ALERT_BYTES_IN_FLIGHT.set(self._bytes)


def read_webhook(body: bytes) -> Post:
    """The reports of a webhook post; a malformed body is refused whole, a broken alert alone."""
    try:
        return Post(Webhook.model_validate_json(body).alerts)
    except ValidationError as error:
        document = _json_or_refuse(body, error)
    fields = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    return _one_by_one(fields.get("alerts"), "alerts")


def read_v2(body: bytes) -> Post:
    """The reports of a post to Alertmanager's v2 API: a list of alerts."""
    try:
        return Post(REPORTS.validate_json(body))
    except ValidationError as error:
        return _one_by_one(_json_or_refuse(body, error), "body")


def _json_or_refuse(body: bytes, error: ValidationError) -> Any:
    if any(item["type"] == "json_invalid" for item in error.errors(include_input=False)):
        raise Refused(Code.INVALID_JSON, "the body is not valid JSON")
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise Refused(Code.INVALID_JSON, "the body is not valid JSON") from None


def _one_by_one(alerts: Any, name: str) -> Post:
    if not isinstance(alerts, list):
        details = {"fields": [{"field": name, "message": "must be a list of alerts"}]}
        raise Refused(Code.VALIDATION_FAILED, f"{name} must be a list of alerts", details)
    post = Post([])
    for each in cast("list[Any]", alerts):
        try:
            post.reports.append(AlertReport.model_validate_json(msgspec.json.encode(each)))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            post.rejected.append(Rejected(each, f"{where}: {first['msg']}"))
    return post


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who posts: their rights, and what the post is filed under."""

    principal: Principal
    origin: Origin
    command_id: UUID
    at: datetime
    door: str


class Intake:
    """The doors for alerts of one gateway process."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._flow = Flow(gate.runtime.settings.gateway.alert_bytes_in_flight)

    async def take(
        self, request: Any, principal: Principal, door: str, cluster_id: UUID | None
    ) -> Taken:
        """Take in one post; returns when everything in it is durable."""
        size = _content_length(request)
        async with self._flow.room(size):
            async with asyncio.timeout(_BODY_SECONDS):
                body: bytes = await request.body()
            post = read_v2(body) if door == "prometheus" else read_webhook(body)
            sender = _Sender(principal, origin_of(request), new_id(), self._gate.clock.now(), door)
            return await self._store(post, sender, cluster_id)

    async def _store(self, post: Post, sender: _Sender, cluster_id: UUID | None) -> Taken:
        by_cluster, homeless = await self._sorted(post.reports, sender, cluster_id)
        if homeless and not by_cluster:
            await self._bury(homeless, sender)
            raise Refused(Code.CLUSTER_NOT_FOUND, homeless[0].reason)
        rejected = [*post.rejected, *homeless]
        messages: list[Outgoing] = []
        accepted = 0
        for cluster, reports in by_cluster.items():
            for part, too_large in _parts(reports):
                if too_large:
                    rejected.append(Rejected(part[0].model_dump(mode="json"), "over 512 KiB"))
                    continue
                messages.append(self._message(cluster, part, sender, len(messages)))
                accepted += len(part)
        await self._bury(rejected, sender)
        if messages:
            await self._gate.commands.send(messages)
        metrics.ALERTS_ACCEPTED.labels(sender.door).inc(accepted)
        metrics.ALERTS_REJECTED.labels(sender.door).inc(len(rejected))
        return Taken(accepted, len(rejected), sender.command_id)

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
        fixed = cluster_id or _only(sender.principal.clusters)
        if fixed is not None:
            _require_scope(sender.principal, fixed)
            if not await self._gate.directory.has_now(fixed):
                reason = f"there is no cluster {fixed}"
                return {}, [Rejected(_plain(report), reason) for report in reports] or [
                    Rejected(None, reason)
                ]
            return {fixed: list(reports)}, []
        by_cluster: dict[UUID, list[AlertReport]] = {}
        homeless: list[Rejected] = []
        for report in reports:
            label = report.labels.get("cluster", "")
            cluster = await self._labelled(label)
            if cluster is None or not _in_scope(sender.principal, cluster):
                reason = f"no cluster known here is named by the label cluster={label!r}"
                homeless.append(Rejected(_plain(report), reason))
            else:
                by_cluster.setdefault(cluster, []).append(report)
        return by_cluster, homeless

    async def _labelled(self, label: str) -> UUID | None:
        found = self._gate.directory.find(label)
        if found is not None:
            return found
        try:
            cluster_id = UUID(label)
        except ValueError:
            return None
        return cluster_id if self._gate.directory.has(cluster_id) else None

    async def _bury(self, rejected: Sequence[Rejected], sender: _Sender) -> None:
        letters = (
            dead_letters.bury(
                self._gate.runtime.bus,
                dead_letters.Failure(
                    stream="HTTP",
                    consumer=sender.door,
                    subject=f"http.{sender.door}",
                    headers={"ce-actor": sender.principal.actor},
                    data=msgspec.json.encode(each.report),
                    error=each.reason,
                    message_id=str(derived_id(sender.command_id, "rejected", number)),
                ),
                sender.at,
            )
            for number, each in enumerate(rejected)
        )
        await asyncio.gather(*letters)


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


def _only(clusters: frozenset[UUID]) -> UUID | None:
    return next(iter(clusters)) if len(clusters) == 1 else None


def _in_scope(principal: Principal, cluster: UUID) -> bool:
    return not principal.clusters or cluster in principal.clusters


def _require_scope(principal: Principal, cluster: UUID) -> None:
    if not _in_scope(principal, cluster):
        raise Refused(Code.PERMISSION_DENIED, "this token is for other clusters")


def _content_length(request: Any) -> int:
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else LARGEST_INGEST
