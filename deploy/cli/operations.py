"""`aiops projections` and `aiops dlq`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from contracts.envelope import Command
from contracts.operations import DropDeadLetter, RebuildProjection, RetryDeadLetter
from contracts.refusals import Refused
from deploy.cli.output import fail, listing, say
from deploy.cli.reach import bus_of, database_of, hub
from gateway.builds import builds
from gateway.parts import Parts
from services.runtime import dead_letters
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import SystemClock
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.ids import new_id
from services.runtime.masking import readable_text, without_logins
from services.runtime.process import event_log

_WAIT = 10.0
_COLUMNS = (
    "name",
    "slot",
    "state",
    "partition",
    "sequence",
    "lag",
    "rate",
    "poison_events",
    "error",
)
"""What a table has room for; JSON has it all."""


async def projections(*, as_json: bool) -> None:
    """How far every projection is, and how fast it goes on."""
    found = hub()
    async with bus_of(found) as bus, database_of(found) as database:
        parts = Parts(bus, SystemClock())
        await parts.open()
        log = event_log(bus, found.settings)
        rows = await builds(database, log, await parts.standing())
    listing(
        rows if as_json else _shown(rows), as_json=as_json, empty="there are no projections yet"
    )


def _shown(builds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for every build, and below it one for each partition, if it has some."""
    return [
        {column: row.get(column) for column in _COLUMNS}
        for build in builds
        for row in (build, *build["partitions"])
    ]


async def rebuild(name: str) -> None:
    """Build a projection anew beside the live one, which serves on until the switch."""
    async with bus_of(hub()) as bus:
        await _command(bus, RebuildProjection(name=name))
    say(f"{name} is being rebuilt; `aiops projections status` shows how far it is")


async def letters(*, as_json: bool, with_retried: bool) -> None:
    """What could not be handled, and why."""
    async with bus_of(hub()) as bus:
        rows = [
            {
                "id": letter.sequence,
                "from": f"{letter.stream}/{letter.consumer}",
                "subject": letter.subject,
                "error": without_logins(letter.error),
                "failed_at": letter.failed_at,
                "retried": letter.retried,
            }
            async for letter in dead_letters.letters(bus)
            if with_retried or not letter.retried
        ]
    listing(rows, as_json=as_json, empty="there are no dead letters")


async def retry(sequence: int) -> None:
    """Publish a dead letter again."""
    async with bus_of(hub()) as bus:
        await _command(bus, RetryDeadLetter(sequence=sequence))
    say(f"dead letter {sequence} was published again")


async def show(sequence: int) -> None:
    """One dead letter whole, but for what is named like a secret."""
    async with bus_of(hub()) as bus:
        try:
            letter = await dead_letters.find(bus, sequence)
        except Refused as refused:
            fail(refused.message)
    body = readable_text(letter.body)
    told = asdict(letter) | {
        "error": without_logins(letter.error),
        "body": None if body is None else json.loads(body),
    }
    say(json.dumps(told, indent=2))


async def drop(sequence: int) -> None:
    """Give a dead letter up."""
    async with bus_of(hub()) as bus:
        await _command(bus, DropDeadLetter(sequence=sequence))
    say(f"dead letter {sequence} was dropped")


async def _command(bus: Bus, command: Command) -> None:
    try:
        outcome = await CommandBus(bus, "system").call(command, new_id(), Origin("cli"), wait=_WAIT)
    except BusUnavailable as error:
        fail(str(error))
    if outcome is None:
        fail("no worker has answered: is the platform running?")
    if outcome.outcome != "accepted":
        fail(f"{outcome.code}: {outcome.message}")
