"""Clocks over time, over REST."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import QueryParameter

from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.shared import Duration, WithGate, duration, errors, field_error, raw, zoned
from projections.cnf import history_queries as queries
from projections.cnf.history_queries import ClockWindow
from projections.cnf.view import PtpHistory

_BACK = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POINTS = 500
"""That a series has at most where no step is asked for."""
_FINEST = 60
"""Seconds of a step that nobody asked for: how often there is a sample."""

ClusterId = Annotated[UUID, QueryParameter(name="cluster_id")]
NodeName = Annotated[str, QueryParameter(min_length=1, max_length=253)]
Interface = Annotated[
    str, QueryParameter(min_length=1, max_length=253, description="`CLOCK_REALTIME` for its own.")
]
From = Annotated[datetime | None, QueryParameter(name="from", description="RFC 3339, inclusive.")]
To = Annotated[
    datetime | None, QueryParameter(name="to", description="RFC 3339, exclusive; without it: now.")
]
Range = Annotated[
    str | None,
    QueryParameter(name="range", description="So long before `to`, in place of `from`; else 1h."),
]


@get("/ptp/history", operation_id="getPtpHistory", opt=READERS, summary="A clock over time",
     response_headers=[AS_OF_HEADER], responses=errors(Code.CLUSTER_NOT_FOUND))  # fmt: skip
async def get_ptp_history(
    gate: WithGate,
    mine: Mine,
    cluster_id: ClusterId,
    node_name: NodeName,
    interface: Interface,
    since: From = None,
    until: To = None,
    back: Range = None,
    step: Duration = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[PtpHistory]:
    """The offset of an interface's clock, step by step, and how its state has changed.

    At most 2,000 steps; they begin at whole multiples of the step. A clock that nobody knows has no
    series.
    """
    at = await as_of.find(gate, moment, sequence, "cnf")
    now = at.at if at is not None and at.at is not None else gate.clock.now()
    begin, end = _between(now, zoned("from", since), zoned("to", until), back)
    wanted = ClockWindow(cluster_id, node_name, interface, begin, end, _step(begin, end, step))
    found = await queries.clock(gate.database, wanted, mine, at)
    if found is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
    return raw(found, headers=as_of.headers(at))


def _between(
    now: datetime, since: datetime | None, until: datetime | None, back: str | None
) -> tuple[datetime, datetime]:
    """What was not yet at the time asked for is left out."""
    if since is not None and back is not None:
        raise field_error("range", "goes without from")
    end = now if until is None else min(until, now)
    try:
        begin = since or end - (duration("range", back) if back else _BACK)
    except OverflowError:
        raise field_error("range" if back else "to", "is too long ago") from None
    if begin >= end:
        raise field_error("from", "must be before to, and not in the future")
    return max(begin, _EPOCH), end


def _step(begin: datetime, end: datetime, step: str | None) -> int:
    """In seconds."""
    span = (end - begin).total_seconds()
    if step is None:
        return max(_FINEST, -int(-span // (_POINTS * _FINEST)) * _FINEST)
    every = int(duration("step", step).total_seconds())
    if span / every > queries.MOST_POINTS:
        raise field_error("step", f"must cut the time into at most {queries.MOST_POINTS} steps")
    return every
