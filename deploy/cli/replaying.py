"""`aiops replay` and `aiops events export`: a slice of the log leaves one hub and makes another."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlencode

import httpx

from contracts.refusals import Refused
from deploy.cli.output import fail, say
from deploy.cli.reach import bus_of, gateway_of, hub
from services.runtime import setup
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, connect
from services.runtime.logging import configure
from services.runtime.replay_file import BadFile, Checked, Reader
from services.runtime.replay_loading import load
from services.runtime.settings import load_settings

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_TELL_EVERY = 100_000


class CannotLoad(Exception):
    """A file that was not loaded, or not to its end; says why."""


async def export(target: Path, query: list[tuple[str, str]]) -> None:
    """Write a slice of the log to a file, which is there only when it is whole."""
    door = gateway_of()
    url = f"{door.gateway}/api/v1/events/export?{urlencode(query)}"
    headers = {"Authorization": f"Bearer {door.token}"}
    part = target.with_name(f"{target.name}.part")
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if not answer.is_success:
                await answer.aread()
                error = answer.json()["error"]
                fail(f"{error['code']}: {error['message']}")
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        events = _checked(part).events
        part.replace(target)
    except (httpx.HTTPError, OSError, ValueError) as error:
        fail(f"not exported: {error or type(error).__name__}")
    except CannotLoad as error:
        fail(f"not exported: {error}")
    finally:
        part.unlink(missing_ok=True)
    say(f"{events:,} events in {target}")


async def replay(file: Path) -> None:
    """Load a file into the hub that runs here, which must be empty."""
    found = hub()
    try:
        # The whole of it is looked at before anything is done.
        checked = await asyncio.to_thread(_checked, file)
        async with bus_of(found) as bus:
            await _load(bus, file, checked)
    except CannotLoad as error:
        fail(str(error))


def _checked(file: Path) -> Checked:
    try:
        with file.open("rb") as opened:
            return Reader(opened).check()
    except (OSError, BadFile) as error:
        raise CannotLoad(f"{file}: {error}") from None


async def _load(bus: Bus, file: Path, checked: Checked) -> None:
    def told(done: int) -> None:
        if done % _TELL_EVERY == 0:
            say(f"{done:,} of {checked.events:,} events")

    with file.open("rb") as opened:
        try:
            loaded = await load(bus, Reader(opened), checked, told)
        except Refused as refused:
            raise CannotLoad(f"{refused.code.name}: {refused.message}") from None
        except (BusUnavailable, JetStreamRefused) as error:
            raise CannotLoad(f"not loaded to its end, so load it again: {error}") from None
    say(f"{loaded:,} events loaded, {checked.events:,} are there")


async def set_up(file: Path) -> None:
    """Prepare streams and tables, then load: nothing else runs yet."""
    settings = load_settings()
    configure(settings.telemetry, "setup")
    checked = await asyncio.to_thread(_checked, file)
    await setup.run(settings)
    bus = await connect(settings.nats, "aiops-replay")
    try:
        await _load(bus, file, checked)
    finally:
        await bus.close()


if __name__ == "__main__":
    try:
        asyncio.run(set_up(Path(sys.argv[1])))
    except CannotLoad as problem:
        fail(str(problem))
