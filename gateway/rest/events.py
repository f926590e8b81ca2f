"""The log over REST: found in the activity projection, payloads from the log itself."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from contracts.activity import EventRecord
from contracts.catalog import CATALOG
from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from contracts.subjects import token
from gateway.auth.guards import READERS, principal_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented import EventCauses, EventList
from gateway.rest.event_filters import TYPES, From, Since, To, clusters_of
from gateway.rest.events_stream import stream_events
from gateway.rest.export import export_events
from gateway.rest.shared import (
    AnyRequest,
    Several,
    Text,
    WithGate,
    choices,
    errors,
    field_error,
    raw,
    zoned,
)
from projections.activity import queries
from projections.activity.view import ActivityRow
from services.runtime.bus import Stored
from services.runtime.frames import redacted
from services.runtime.principals import Principal, Scope

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Events of one answer.")]
_ONE = errors(Code.EVENT_NOT_FOUND, Code.BUS_UNAVAILABLE)
_NO_PAYLOAD = msgspec.Raw(b"null")


@get("/", operation_id="listEvents", summary="Read the log",
     opt=READERS, response_headers=[AS_OF_HEADER],
     responses=errors(Code.BUS_UNAVAILABLE))  # fmt: skip
async def list_events(
    gate: WithGate,
    request: AnyRequest,
    event_type: Several = None,
    cluster_id: FromQuery[UUID | None] = None,
    entity_type: Text = None,
    entity_id: Text = None,
    since: From = None,
    until: To = None,
    since_sequence: Since = None,
    correlation_id: FromQuery[UUID | None] = None,
    order: FromQuery[Literal["asc", "desc"]] = "asc",
    limit: Limit = 100,
    cursor: Text = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[EventList]:
    """Events with filters; times are the log's. ``next_cursor`` is null at the end."""
    at = await as_of.find(gate, moment, sequence, "activity")
    start = position_of(cursor) if cursor is not None else None
    descending = order == "desc"
    wanted = queries.EventFilter(
        event_type=choices("event_type", event_type, TYPES),
        clusters=clusters_of(principal_of(request), cluster_id),
        entity_type=entity_type,
        entity_id=None if entity_id is None else token(entity_id),
        since=zoned("from", since),
        until=zoned("to", until),
        after_sequence=_latest(since_sequence, None if descending else start),
        before_sequence=_earliest(
            start if descending else None, None if at is None else at.sequence + 1
        ),
        correlation_id=correlation_id,
        descending=descending,
    )
    rows = await queries.listing(gate.database, wanted, limit + 1)
    items = await records_of(gate, rows[:limit], principal_of(request).reads)
    following = str(rows[limit - 1].sequence) if len(rows) > limit else None
    body = msgspec.json.encode({"items": items, "next_cursor": following})
    return raw(body, headers=as_of.headers(at))


@get("/{sequence:int}", operation_id="getEvent", summary="One event", opt=READERS,
     responses=_ONE)  # fmt: skip
async def get_event(
    gate: WithGate, request: AnyRequest, sequence: FromPath[int]
) -> Response[EventRecord]:
    """The event at a position of the log."""
    principal = principal_of(request)
    row = await _row(gate, principal, sequence)
    return raw(msgspec.json.encode((await records_of(gate, [row], principal.reads))[0]))


@get("/{sequence:int}/causes", operation_id="getEventCauses", summary="What led to an event",
     opt=READERS, responses=_ONE)  # fmt: skip
async def get_causes(
    gate: WithGate, request: AnyRequest, sequence: FromPath[int]
) -> Response[EventCauses]:
    """The chain of events that led to this one, oldest first, and what it led to."""
    principal = principal_of(request)
    row = await _row(gate, principal, sequence)
    causes = _seen(principal, await queries.causes(gate.database, row))
    effects = await queries.effects(gate.database, row, queries.MOST_EFFECTS + 1)
    truncated = len(effects) > queries.MOST_EFFECTS
    effects = _seen(principal, effects[: queries.MOST_EFFECTS])
    records = await records_of(gate, [row, *causes, *effects], principal.reads)
    answer = {
        "event": records[0],
        "causes": records[1 : 1 + len(causes)],
        "effects": records[1 + len(causes) :],
        "truncated": truncated,
    }
    return raw(msgspec.json.encode(answer))


async def _row(gate: Gate, principal: Principal, sequence: int) -> ActivityRow:
    row = await queries.one(gate.database, sequence) if 0 < sequence < 2**63 else None
    if row is None or not _seen(principal, [row]):
        raise Refused(Code.EVENT_NOT_FOUND, f"there is no event {sequence}")
    return row


def _seen(principal: Principal, rows: list[ActivityRow]) -> list[ActivityRow]:
    """Those that the principal may see, or a part of."""
    reads = principal.reads
    return [
        row
        for row in rows
        if reads.has(row.cluster_id) or any(reads.has(UUID(each)) for each in row.spans or ())
    ]


async def records_of(
    gate: Gate, rows: Sequence[ActivityRow], reads: Scope
) -> list[dict[str, object]]:
    """Events as people see them who may read so much; what has aged out of the log is null."""
    stored = await gate.log.at_each([row.sequence for row in rows])
    return [_record(gate, row, stored.get(row.sequence), reads) for row in rows]


def _record(gate: Gate, row: ActivityRow, stored: Stored | None, reads: Scope) -> dict[str, object]:
    cluster = None if row.cluster_id is None else str(row.cluster_id)
    hidden = not all(reads.has(UUID(each)) for each in row.spans or ())
    payload = None if stored is None else stored.data
    if hidden and stored is not None:
        shown = map(str, reads.narrow())
        payload = redacted(CATALOG, stored.headers["ce-type"], stored.data, shown)
    record: dict[str, object] = {
        "event_id": row.event_id,
        "event_type": row.event_type,
        "sequence": row.sequence,
        "source": row.source,
        "cluster_id": cluster,
        "cluster_name": gate.directory.name(cluster) if cluster else None,
        "timestamp": rfc3339(row.time),
        "logged_at": rfc3339(row.logged_at),
        "payload": _NO_PAYLOAD if payload is None else msgspec.Raw(payload),
        "correlation_id": row.correlation_id,
        "causation_id": row.causation_id,
        "actor": row.actor,
    }
    # As on the live stream it is only said where it is so.
    return record | {"redacted": True} if hidden else record


def position_of(text: str) -> int:
    """The position that a cursor of an earlier answer stands for."""
    if not text.isdecimal() or len(text) > 18:
        raise field_error("cursor", "is not one that an earlier answer gave")
    return int(text)


def _latest(*sequences: int | None) -> int | None:
    given = [sequence for sequence in sequences if sequence is not None]
    return max(given) if given else None


def _earliest(*sequences: int | None) -> int | None:
    given = [sequence for sequence in sequences if sequence is not None]
    return min(given) if given else None


events = Router(
    "/events",
    route_handlers=[list_events, get_event, get_causes, export_events, stream_events],
    tags=["Events and operations"],
)
