"""What reads of the log have in common: their parameters, and whose events they may show."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from contracts.catalog import EVENTS
from contracts.refusals import Code, Refused
from gateway.rest.shared import FROM_ZERO, field_error, zoned
from services.runtime.principals import Principal
from services.runtime.replay import Window

TYPES = tuple(event.names.public for event in EVENTS)
From = Annotated[datetime | None, QueryParameter(name="from", description="Inclusive.")]
To = Annotated[datetime | None, QueryParameter(name="to", description="Exclusive.")]
Since = Annotated[
    int | None,
    QueryParameter(ge=0, le=2**63 - 1, schema_extra=FROM_ZERO, description="Exclusive."),
]


def clusters_of(principal: Principal, cluster_id: UUID | None) -> tuple[UUID, ...]:
    """The clusters whose events are shown; none: all, also events of no cluster.

    PERMISSION_DENIED for a cluster that is not the principal's.
    """
    if cluster_id is not None and not principal.reads.has(cluster_id):
        raise Refused(Code.PERMISSION_DENIED, "this cluster is not yours")
    return principal.reads.narrow(() if cluster_id is None else (cluster_id,))


def window_of(start: datetime | None, end: datetime | None) -> Window:
    """A window of the log's time that was given."""
    begin, until = _in_utc("from", start), _in_utc("to", end)
    if begin is not None and until is not None and until < begin:
        raise field_error("to", "must not be earlier than from")
    return Window(begin, until)


def _in_utc(name: str, moment: datetime | None) -> datetime | None:
    given = zoned(name, moment)
    try:
        return None if given is None else given.astimezone(UTC)
    except OverflowError:
        raise field_error(name, "is out of range") from None
