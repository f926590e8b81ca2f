"""What is to be done later, or again and again: kept and fired by the bus, handled by any worker.

A schedule is a message on ``sch.<kind>.<id>``; when it is due the server stores one on
``due.<kind>.<id>`` (NATS message schedules, ADR-51). Only the newest of each is kept: what was due
while nobody worked is done once, not as often as it was missed. There is no scheduler process.
"""

from dataclasses import dataclass

from contracts.subjects import token
from services.runtime import streams
from services.runtime.bus import Bus

_RULE, _KEEP = "Nats-Schedule", "Nats-Schedule-TTL"
_GONE = {"Nats-TTL": "1s"}


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is due when."""

    kind: str
    """What is to be done, for example ``check``."""
    id: str
    """To what; any outside name."""
    rule: str
    """``S,S+30 * * * * *`` (cron with seconds), ``@at <RFC 3339>`` or ``@every 30s``.

    Cron is tied to the wall clock and so keeps its phase over an outage; ``@every`` does not.
    """
    body: bytes = b"{}"
    keep: int = 300
    """Seconds after which it is no use any more to do what was due."""

    @property
    def subject(self) -> str:
        """Where it is kept."""
        return f"sch.{self.kind}.{token(self.id)}"


async def put(bus: Bus, schedule: Schedule) -> None:
    """Have this done from now on, in place of what was scheduled; the same again changes nothing.

    Returns when it is durable.
    """
    headers = {
        _RULE: schedule.rule,
        "Nats-Schedule-Target": f"due.{schedule.kind}.{token(schedule.id)}",
        _KEEP: f"{schedule.keep}s",
    }
    stored = await bus.get(streams.SCHEDULES, {"last_by_subj": schedule.subject})
    if (
        stored is not None
        and stored.data == schedule.body
        and headers.items() <= (stored.headers.items())
    ):
        return
    await bus.publish(schedule.subject, schedule.body, headers)


async def now(bus: Bus, kind: str, of: str, *, keep: int) -> None:
    """Have it done once at once, beside its schedule; returns when that is durable."""
    await bus.publish(f"due.{kind}.{token(of)}", b"{}", {"Nats-TTL": f"{keep}s"})


async def cancel(bus: Bus, kind: str, of: str) -> None:
    """Have it done no more.

    A message without a rule takes the schedule's place and ages out: no service may purge.
    """
    await bus.publish(f"sch.{kind}.{token(of)}", b"", _GONE)


async def scheduled(bus: Bus, kind: str, of: str) -> str | None:
    """The rule by which something is done, None if it is not scheduled."""
    stored = await bus.get(streams.SCHEDULES, {"last_by_subj": f"sch.{kind}.{token(of)}"})
    return None if stored is None else stored.headers.get(_RULE)
