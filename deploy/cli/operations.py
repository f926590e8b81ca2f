"""`aiops projections` and `aiops dlq`."""

from contracts.envelope import Command
from contracts.operations import RebuildProjection, RetryDeadLetter
from deploy.cli.output import fail, listing, say
from deploy.cli.reach import bus_of, database_of, hub
from services.runtime import dead_letters
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.ids import new_id
from services.runtime.process import event_log

_WAIT = 10.0


async def projections(*, as_json: bool) -> None:
    """How far every projection is."""
    found = hub()
    async with bus_of(found) as bus, database_of(found) as database:
        _, last = await event_log(bus, found.settings).bounds()
        rows = await database.fetch_all(
            "select p.name, p.slot, p.version, p.sequence, p.updated_at,"
            " (select count(*) from aiops.projection_error e where e.name = p.name)"
            " from aiops.projection p where p.name not like '%.measures' order by 1, 2"
        )
    found_rows = [
        {
            "name": name,
            "slot": slot,
            "version": version,
            "sequence": sequence,
            "log": last,
            "updated_at": updated_at,
            "poison": errors,
        }
        for name, slot, version, sequence, updated_at, errors in rows
    ]
    listing(found_rows, as_json=as_json, empty="there are no projections yet")


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
                "error": letter.error,
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


async def _command(bus: Bus, command: Command) -> None:
    try:
        outcome = await CommandBus(bus, "system").call(command, new_id(), Origin("cli"), wait=_WAIT)
    except BusUnavailable as error:
        fail(str(error))
    if outcome is None:
        fail("no worker has answered: is the platform running?")
    if outcome.outcome != "accepted":
        fail(f"{outcome.code}: {outcome.message}")
