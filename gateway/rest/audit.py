"""Who has done what: the events of the log that are somebody's doing."""

from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.params import FromQuery

from contracts.catalog import AUDITED
from contracts.refusals import Code
from gateway.auth.guards import Mine
from gateway.rest.documented import EventList
from gateway.rest.event_filters import From, To
from gateway.rest.events import Limit, position_of, records_of
from gateway.rest.shared import Several, Text, WithGate, choices, errors, raw, zoned
from projections.activity import queries

TYPES = tuple(event.names.public for event in AUDITED)


@get("/", operation_id="listAudit", summary="Who has done what",
     responses=errors(Code.BUS_UNAVAILABLE))  # fmt: skip
async def list_audit(
    gate: WithGate,
    mine: Mine,
    actor: Text = None,
    event_type: Several = None,
    cluster_id: FromQuery[UUID | None] = None,
    since: From = None,
    until: To = None,
    limit: Limit = 100,
    cursor: Text = None,
) -> Response[EventList]:
    """What people and their tokens have changed, what was refused to them, and how they came in.

    The newest first; ``next_cursor`` is null at the end. What services do by themselves is left
    out: it is in the log of events.
    """
    wanted = queries.EventFilter(
        event_type=choices("event_type", event_type, TYPES) or TYPES,
        clusters=mine.narrow(() if cluster_id is None else (cluster_id,)),
        actor=actor,
        by_people=True,
        since=zoned("from", since),
        until=zoned("to", until),
        before_sequence=None if cursor is None else position_of(cursor),
        descending=True,
    )
    rows = await queries.listing(gate.database, wanted, limit + 1)
    following = str(rows[limit - 1].sequence) if len(rows) > limit else None
    items = await records_of(gate, rows[:limit], mine)
    return raw(msgspec.json.encode({"items": items, "next_cursor": following}))


audit = Router("/audit", route_handlers=[list_audit], tags=["Access"])
