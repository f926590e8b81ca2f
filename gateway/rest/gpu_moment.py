"""When reads about GPUs stand: now, or at a time in the past."""

from datetime import UTC, datetime, timedelta

from gateway.gate import Gate
from gateway.rest import as_of
from projections.gpu.sources import Moment

_NOT_KNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of an event that has aged out of the log: no sample is kept for so long."""


async def moment_of(gate: Gate, moment: datetime | None, sequence: int | None) -> Moment:
    """Where a read stands; Refused as by `as_of.find`."""
    at = await as_of.find(gate, moment, sequence, "gpu")
    settings = gate.runtime.settings.gpu
    now = gate.clock.now() if at is None else at.at or _NOT_KNOWN
    return Moment(now, at, timedelta(minutes=settings.idle_minutes), settings.idle_percent)
