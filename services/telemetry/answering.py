"""The way of every answer: ask the backend, send on what it says, tell of the whole."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import Budget
from services.runtime.backends.backend import Backend, backend_of
from services.runtime.backends.bodies import Found, told
from services.runtime.replies import Asked


async def answered(
    asked: Asked, which: Checked, budget: Budget, ask: Callable[[Backend], Awaitable[Found]]
) -> Mapping[str, Any]:
    """Ask a cluster's backend, and send on what it has answered.

    Room for the body is held until all of it was sent; the time told is the backend's alone.
    """
    clock = asked.outside.clock
    async with backend_of(asked, which, budget) as backend:
        began = clock.monotonic()
        found = await ask(backend)
        took = clock.monotonic() - began
        await asked.send(found.data)
    return told(found, took)
