"""Empty streams in place of those that are there."""

import asyncio

import pytest

from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, JetStreamRefused
from services.runtime.settings import Settings

_CANNOT_CREATE_STORE = 10049


async def fresh_streams(settings: Settings) -> None:
    """Delete every stream and make ours anew."""
    connection = await buses.connect(settings.nats, "test-wipe")
    try:
        await wipe(connection, settings)
    finally:
        await connection.close()


async def wipe(connection: Bus, settings: Settings) -> None:
    """As above, on a connection that is there."""
    for name in await streams.configurations(connection):
        await connection.api(f"STREAM.DELETE.{name}")
    # The server may still be removing the files of a stream that it says is deleted.
    for _ in range(200):
        try:
            return await streams.ensure(connection, settings)
        except JetStreamRefused as error:
            if error.code != _CANNOT_CREATE_STORE:
                raise
            await asyncio.sleep(0.01)
    pytest.fail("the streams cannot be made anew")
