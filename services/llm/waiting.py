"""Works for whoever asks as long as he waits: each word of a model costs something."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.runtime.replies import Asked, Gone

MARGIN = 2.0
"""Seconds before the deadline that are kept, to tell something without a model after all."""
_LOOK = 0.5

T = TypeVar("T")


async def while_wanted(asked: Asked, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; Gone as soon as nobody waits for it, which ends the work."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=_LOOK)
            if asked.reply.gone:
                raise Gone
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
