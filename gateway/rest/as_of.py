"""Reading as of a time: which event a read stands at, and whether its projection is there yet.

One sequence for all projections: that of the last event whose log time is not after the time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.datastructures import ResponseHeader
from litestar.params import QueryParameter

from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.rest.shared import FROM_ZERO, field_error
from projections.activity import queries as activity
from services.runtime import streams
from services.runtime.context import log_time
from services.runtime.queries import AsOf

READS: Mapping[str, Sequence[str]] = {
    "activity": ("evt.>",),
    "fleet": (
        "evt.*.cluster.>",
        "evt.*.cluster_capabilities.>",
        "evt.*.cluster_credentials.>",
        "evt.*.cluster_health.>",
    ),
    "alerts": (
        "evt.*.alert.>",
        "evt.*.alert_muting.>",
        "evt.*.cluster.>",
        "evt.*.incident.>",
        "evt.*.pending_alert.>",
    ),
    "gpu": ("evt.*.cluster.>", "evt.*.gpu.>"),
    "cnf": ("evt.*.cluster.>", "evt.*.cnf.>"),
    "anomalies": (
        "evt.*.anomaly.>",
        "evt.*.anomaly_feedback.>",
        "evt.*.cluster.>",
        "evt.*.incident.>",
        "evt.*.watch.>",
    ),
    "incidents": ("evt.*.cluster.>", "evt.*.correlation_rule.>", "evt.*.incident.>"),
    "replays": ("evt.*.replay.>",),
    "reports": ("evt.*.report.>", "evt.*.report_schedule.>"),
    "personas": ("evt.*.persona.>",),
    "conversations": ("evt.*.chat.>",),
    "rca": ("evt.*.incident.>", "evt.*.rca.>"),
}
"""Which events each projection reads, as its projector says it; a test compares the two."""

AsOfTime = Annotated[
    datetime | None,
    QueryParameter(name="as_of", description="How it was at this time (RFC 3339), by the log."),
]
AsOfSequence = Annotated[
    int | None,
    QueryParameter(
        name="as_of_sequence",
        ge=0,
        le=2**63 - 1,
        schema_extra=FROM_ZERO,
        description="How it was after this event: `X-As-Of-Sequence` of an earlier answer.",
    ),
]
AS_OF_HEADER = ResponseHeader(
    name="X-As-Of-Sequence",
    documentation_only=True,
    description="The event after which it was so; only where as_of or as_of_sequence is given.",
)

_MOMENTS = 1000
"""Times of which it is remembered how far the log was: a page asks for the same one again."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_CLOCKS_DIFFER = timedelta(seconds=1)
"""How far ahead of ours the clock of who asks may be: such a time is waited for."""


def headers(as_of: AsOf | None) -> dict[str, str]:
    """What an answer says of where it stands; nothing for one of now."""
    return {} if as_of is None else {"X-As-Of-Sequence": str(as_of.sequence)}


async def find(
    gate: Gate, moment: datetime | None, sequence: int | None, projection: str
) -> AsOf | None:
    """Where a read stands that asks for a time or a sequence; None if it asks for now.

    Returns once the projection is there. Refused for a time without a zone, for what is in the
    future, for both at once, and when the projection does not get there in time.
    """
    if moment is None and sequence is None:
        return None
    if moment is not None and sequence is not None:
        raise field_error("as_of_sequence", "cannot be given together with as_of")
    try:
        async with asyncio.timeout(gate.runtime.settings.gateway.write_timeout):
            found = await _resolved(gate, moment, sequence)
            await _reached(gate, projection, found.sequence)
    except TimeoutError:
        raise _behind(projection) from None
    return found


async def _resolved(gate: Gate, moment: datetime | None, sequence: int | None) -> AsOf:
    if moment is not None:
        then = _past(gate, moment)
        return AsOf(await _last_until(gate, then) if then > _EPOCH else 0, then)
    told = sequence or 0
    _, last = await gate.log.bounds()
    if told > last:
        raise field_error("as_of_sequence", "is beyond the end of the log")
    stored = await gate.log.at(told) if told else None
    return AsOf(told, None if stored is None else log_time(stored.time))


def _past(gate: Gate, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise field_error("as_of", "must have a time zone, for example 2026-01-31T12:00:00Z")
    # Compared before anything is added: years 1 and 9999 have no room for that.
    if moment > gate.clock.now() + _CLOCKS_DIFFER:
        raise field_error("as_of", "is in the future")
    return moment.astimezone(UTC) if moment > _EPOCH else _EPOCH


async def _last_until(gate: Gate, moment: datetime) -> int:
    known = gate.moments.get(moment)
    if known is not None:
        return known
    reach = await gate.log.reach(moment)
    if reach.certain:
        if len(gate.moments) >= _MOMENTS:
            gate.moments.clear()
        gate.moments[moment] = reach.position
        return reach.position
    # Some events have aged out of the log. What they did is in the rows, and their times here.
    await _reached(gate, "activity", reach.position)
    before = activity.EventFilter(
        until=moment + _TICK, before_sequence=reach.position + 1, descending=True
    )
    rows = await activity.listing(gate.database, before, 1)
    return rows[0].sequence if rows else 0


async def _reached(gate: Gate, projection: str, sequence: int) -> None:
    if await gate.positions.wait(projection, sequence, 0):
        return
    # Events that it does not read move it no further: the last one that it does is enough.
    last = 0
    for subject in READS[projection]:
        stored = await gate.runtime.bus.get(streams.EVENTS, {"last_by_subj": subject})
        last = max(last, stored.sequence if stored else 0)
    patience = gate.runtime.settings.gateway.write_timeout
    if not await gate.positions.wait(projection, min(sequence, last), patience):
        raise _behind(projection)


def _behind(projection: str) -> Refused:
    return Refused(Code.PROJECTION_BEHIND, f"{projection} is not there yet")
