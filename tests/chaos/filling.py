"""Fills what the log may have of the disk, and gives it back."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

import nats
from nats.js import JetStreamContext
from nats.js.api import Placement, StreamConfig
from nats.js.errors import APIError

from tests.chaos.nats_cluster import Node

_PIECE = 1024 * 1024
_AT_ONCE = 16
_PATIENCE = 90.0
_NO_ROOM = 10023
"""`JSInsufficientResourcesErr`."""
_Work = Callable[[JetStreamContext, Node], Awaitable[None]]


@contextmanager
def full(nodes: Sequence[Node]) -> Generator[None]:
    """Every server of the cluster has reached its limit, for the time of a block."""
    try:
        asyncio.run(_each(nodes, _fill))
        yield
    finally:
        asyncio.run(_each(nodes, _empty))


async def _each(nodes: Sequence[Node], work: _Work) -> None:
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
        for node in nodes:
            group.create_task(_on(node, work))


async def _on(node: Node, work: _Work) -> None:
    connection = await nats.connect(node.url)
    try:
        await work(connection.jetstream(timeout=30), node)
    finally:
        await connection.close()


async def _fill(context: JetStreamContext, node: Node) -> None:
    """By a stream of this server alone: no copies, which are slow to make for others."""
    name = _name(node)
    placement = Placement(tags=[node.name])
    config = StreamConfig(name=name, subjects=[name], num_replicas=1, placement=placement)
    await context.add_stream(config)
    piece = os.urandom(_PIECE)
    while not await _refused(context, name, piece):
        pass


async def _refused(context: JetStreamContext, subject: str, piece: bytes) -> bool:
    """True if the last pieces found no room any more; a busy server may leave some unanswered."""
    at_once = [context.publish(subject, piece) for _ in range(_AT_ONCE)]
    answers = await asyncio.gather(*at_once, return_exceptions=True)
    return any(isinstance(each, APIError) and each.err_code == _NO_ROOM for each in answers)


async def _empty(context: JetStreamContext, node: Node) -> None:
    await context.delete_stream(_name(node))


def _name(node: Node) -> str:
    return f"FILLER-{node.name}"
