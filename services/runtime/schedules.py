"""What is to be done later, or again and again: kept and fired by the bus, handled by any worker.

A schedule is a message on ``sch.<kind>.<id>``; when it is due the server stores one on
``due.<kind>.<id>`` (NATS message schedules, ADR-51). Only the newest of each is kept: what was due
while nobody worked is done once, not as often as it was missed. There is no scheduler process.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.subjects import token
from services.runtime import streams
from services.runtime.bus import Bus, Outgoing

_RULE, _KEEP = "Nats-Schedule", "Nats-Schedule-TTL"
_GONE = {"Nats-TTL": "1s"}
_DAY = 86_400
_AT_ONCE = 500


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


def phase(of: UUID, interval: int) -> int:
    """The second of every ``interval`` of the wall clock at which something of this id is due.

    So an outage does not gather all of them in one second.
    """
    return int.from_bytes(hashlib.sha256(of.bytes).digest()[:8], "big") % interval


def spread(of: UUID, interval: int) -> str:
    """A rule for every ``interval`` seconds, at the `phase` of the id.

    Whole parts of a minute or of an hour, or a day.
    """
    begin = phase(of, interval)
    if interval < 60:
        return f"{','.join(str(at) for at in range(begin, 60, interval))} * * * * *"
    minutes, second = divmod(begin, 60)
    if interval == _DAY:
        return f"{second} {minutes % 60} {minutes // 60} * * *"
    every = interval // 60
    return f"{second} {'*' if every == 1 else f'{minutes}-59/{every}'} * * * *"


async def put(bus: Bus, schedule: Schedule, *, first: bool = False) -> None:
    """Have this done from now on, in place of what was scheduled; with ``first`` also at once.

    Returns when it is durable. The same again changes nothing: cron keeps its phase.
    """
    due = f"due.{schedule.kind}.{token(schedule.id)}"
    keep = f"{schedule.keep}s"
    rule = {_RULE: schedule.rule, "Nats-Schedule-Target": due, _KEEP: keep}
    messages = [Outgoing(schedule.subject, schedule.body, rule)]
    if first:
        messages.append(Outgoing(due, schedule.body, {"Nats-TTL": keep}))
    for answer in await bus.publish_each(messages):
        if isinstance(answer, Exception):
            raise answer


async def cancel(bus: Bus, kind: str, of: str) -> None:
    """Have it done no more.

    A message without a rule takes the schedule's place and ages out: no service may purge.
    """
    await bus.publish(f"sch.{kind}.{token(of)}", b"", _GONE)


async def scheduled(bus: Bus, kind: str, of: str) -> str | None:
    """The rule by which something is done, None if it is not scheduled."""
    stored = await bus.get(streams.SCHEDULES, {"last_by_subj": f"sch.{kind}.{token(of)}"})
    return None if stored is None else stored.headers.get(_RULE)


async def scheduled_of(bus: Bus, kind: str) -> list[str]:
    """Of which things something of this kind is scheduled: their ids as tokens."""
    wanted = {"subjects_filter": f"sch.{kind}.*"}
    answer = await bus.api(f"STREAM.INFO.{streams.SCHEDULES}", wanted)
    subjects: dict[str, int] = answer["state"].get("subjects") or {}
    return [subject.rpartition(".")[2] for subject in subjects]


async def wake(bus: Bus, kind: str, ids: Sequence[str], body: bytes, keep: int = 300) -> None:
    """Have something done once, now, for each of these tokens; returns when that is durable."""
    messages = [Outgoing(f"due.{kind}.{of}", body, {"Nats-TTL": f"{keep}s"}) for of in ids]
    for start in range(0, len(messages), _AT_ONCE):
        for answer in await bus.publish_each(messages[start : start + _AT_ONCE]):
            if isinstance(answer, Exception):
                raise answer
