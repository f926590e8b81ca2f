"""When reads about GPUs stand: now, or at a time in the past."""

from datetime import UTC, datetime, timedelta

from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.shared import field_error
from projections.gpu.sources import Moment
from services.runtime.principals import Scope

_NOT_KNOWN = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of an event that has aged out of the log: no sample is kept for so long."""


async def moment_of(
    gate: Gate, mine: Scope, moment: datetime | None, sequence: int | None
) -> Moment:
    """Where a read stands; Refused as by `as_of.find`."""
    at = await as_of.find(gate, moment, sequence, "gpu")
    settings = gate.runtime.settings.gpu
    now = gate.clock.now() if at is None else at.at or _NOT_KNOWN
    return Moment(now, mine, at, timedelta(minutes=settings.idle_minutes), settings.idle_percent)


async def sampled_moment_of(
    gate: Gate, mine: Scope, moment: datetime | None, sequence: int | None
) -> Moment:
    """The same for what is read from samples: Refused if those of then are not kept any more.

    Nothing had happened before the first event: of that it is known that there were no GPUs.
    """
    at, hours = await moment_of(gate, mine, moment, sequence), _hours(gate)
    if at.as_of and at.as_of.sequence and at.now < gate.clock.now() - timedelta(hours=hours):
        name = "as_of_sequence" if moment is None else "as_of"
        raise field_error(name, f"is longer ago than samples of GPUs are kept: {hours} hours")
    return at


def _hours(gate: Gate) -> int:
    return gate.runtime.settings.retention.gpu_samples_hours
