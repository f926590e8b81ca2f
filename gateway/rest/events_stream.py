"""`GET /api/v1/events/stream`: the live stream for whoever speaks no WebSocket."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from litestar import get
from litestar.params import QueryParameter
from pydantic import ValidationError

from contracts.catalog import CATALOG
from contracts.refusals import Code, Refused
from gateway.auth.credentials import credentials
from gateway.auth.guards import READERS, principal_of
from gateway.gate import Gate
from gateway.live.feed import Wanted, wanted
from gateway.live.live import Live
from gateway.live.messages import Invalid, Subscribe, Subscription
from gateway.live.sse import MEDIA_TYPE, EventStream, Visitor
from gateway.rest.outpour import Outpour
from gateway.rest.shared import FROM_ZERO, AnyRequest, Several, WithGate, errors, field_error, zoned
from services.runtime.principals import Principal
from services.runtime.tail import ResumeExpired, Tail

HEARTBEAT_SECONDS = 15.0

Sequence = Annotated[
    int | None,
    QueryParameter(ge=0, le=2**63 - 1, schema_extra=FROM_ZERO, description="Exclusive."),
]
Moment = Annotated[datetime | None, QueryParameter(description="Events from this time on.")]


@get("/stream", operation_id="streamEvents", summary="Events as they happen (SSE)",
     opt=READERS, media_type=MEDIA_TYPE,
     responses=errors(Code.RESUME_EXPIRED, Code.OVERLOADED, Code.BUS_UNAVAILABLE))  # fmt: skip
async def stream_events(
    gate: WithGate,
    request: AnyRequest,
    event_types: Several = None,
    cluster_filter: Several = None,
    namespace_filter: Several = None,
    entity_filter: Several = None,
    since_sequence: Sequence = None,
    since_time: Moment = None,
) -> Outpour:
    """The frames of `/ws` as server-sent events, named for their type: subscribed, event, ….

    An event's id is its sequence; a client that comes back with it in `Last-Event-ID` goes on
    after it. Measurements have no id. A comment comes every 15 seconds where nothing else does.
    """
    live: Live | None = request.app.state.get("live")
    principal = principal_of(request)
    asked = _subscription(
        {
            "event_types": event_types,
            "cluster_filter": cluster_filter,
            "namespace_filter": namespace_filter,
            "entity_filter": entity_filter,
            "since_sequence": since_sequence,
            "since_time": zoned("since_time", since_time),
        },
        request.headers.get("last-event-id"),
    )
    what = _wanted(asked, principal)
    if live is None or live.refusal is not None:
        raise Refused(Code.OVERLOADED, "no room for more live clients here; try again later")
    what = await _placed(gate, live.tail, what)
    secret = credentials(dict(request.scope["headers"]), "GET") or ""
    client = request.client
    one = EventStream(live, Visitor(principal, secret, client.host if client else None))
    return Outpour(
        one.chunks(what, HEARTBEAT_SECONDS),
        media_type=MEDIA_TYPE,
        patience=None,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _subscription(given: Mapping[str, Any], last_id: str | None) -> Subscription:
    fields = {name: value for name, value in given.items() if value is not None}
    if last_id:
        if not last_id.isdecimal() or len(last_id) > 18:
            raise field_error("Last-Event-ID", "is not the id of an event")
        fields = {name: value for name, value in fields.items() if not name.startswith("since_")}
        fields["since_sequence"] = int(last_id)
    try:
        return Subscription.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise field_error(str(first["loc"][0]), first["msg"]) from None


def _wanted(asked: Subscription, principal: Principal) -> Wanted:
    try:
        return wanted(Subscribe(type="subscribe", subscription=asked), principal, CATALOG)
    except Invalid as invalid:
        frame = invalid.frame
        if frame.code == "PERMISSION_DENIED":
            raise Refused(Code.PERMISSION_DENIED, frame.message) from None
        raise Refused(Code.VALIDATION_FAILED, frame.message) from None


async def _placed(gate: Gate, tail: Tail, what: Wanted) -> Wanted:
    """Where it begins in the log: 410 before the stream begins, if that is gone."""
    since = what.since
    if isinstance(since, datetime) and since > gate.clock.now():
        raise field_error("since_time", "is in the future")
    try:
        async with asyncio.timeout(gate.runtime.settings.gateway.write_timeout):
            await tail.started()
            position = await tail.position_at(since) if isinstance(since, datetime) else since
            return replace(what, since=(await tail.cursor(position)).position)
    except TimeoutError:
        raise Refused(Code.BUS_UNAVAILABLE, "the log does not answer now") from None
    except ResumeExpired as expired:
        text = f"the log holds {expired.oldest} to {expired.last}; load the state anew"
        details = {"oldest_sequence": expired.oldest, "last_sequence": expired.last}
        raise Refused(Code.RESUME_EXPIRED, text, details) from None
