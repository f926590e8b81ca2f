"""Fills what the log may have of the disk, and gives it back."""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager

import nats
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import APIError

_PIECE = 1024 * 1024
_AT_ONCE = 16
_PATIENCE = 60.0
_NAME = "FILLER"


@contextmanager
def full(url: str) -> Generator[None]:
    """Every server of the cluster has reached its limit, for the time of a block."""
    try:
        asyncio.run(_fill(url.split(",")))
        yield
    finally:
        asyncio.run(_empty(url.split(",")))


async def _fill(servers: list[str]) -> None:
    connection = await nats.connect(servers)
    context = connection.jetstream(timeout=30)
    config = StreamConfig(name=_NAME, subjects=["filler"], num_replicas=3)
    await context.add_stream(config)
    piece = os.urandom(_PIECE)
    async with asyncio.timeout(_PATIENCE):
        while not await _refused(context, piece):
            pass
    await connection.close()


async def _refused(context: JetStreamContext, piece: bytes) -> bool:
    """True if the last pieces found no room any more; a busy server may leave some unanswered."""
    at_once = [context.publish("filler", piece) for _ in range(_AT_ONCE)]
    answers = await asyncio.gather(*at_once, return_exceptions=True)
    return any(isinstance(each, APIError) and each.err_code == _NO_ROOM for each in answers)


async def _empty(servers: list[str]) -> None:
    connection = await nats.connect(servers)
    await connection.jetstream(timeout=30).delete_stream(_NAME)
    await connection.close()


_NO_ROOM = 10023
"""`JSInsufficientResourcesErr`."""
