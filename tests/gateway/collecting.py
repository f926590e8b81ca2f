"""A collector that says what a test tells it to, in place of the one that asks real backends."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import msgspec

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from services.runtime.answering import Answering
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.replies import Asked
from tests.kit.gateway import Platform
from tests.kit.runtime import UNTRACED, running

Reply = Any
"""JSON to send, bytes to send as they are, an exception to raise, or a function of the question."""


@dataclass
class FakeCollector:
    """Replies by cluster, and what it was asked."""

    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    """By the cluster's id."""
    kind: str = ""
    warnings: tuple[str, ...] = ()
    asked: list[tuple[str, Query]] = field(default_factory=list[tuple[str, Query]])

    def says(self, *, kind: str = "", warnings: tuple[str, ...] = (), **replies: Reply) -> None:
        """From now on these replies, and nothing was asked yet."""
        self.replies, self.kind, self.warnings = replies, kind, warnings
        self.asked.clear()

    async def __call__(self, query: Any, asked: Asked) -> Mapping[str, Any]:
        """Answer any question."""
        self.asked.append((asked.cluster, query))
        reply = self.replies.get(asked.cluster, [])
        if callable(reply):
            made: Any = reply(query)
            reply = await made if isawaitable(made) else made
        if isinstance(reply, Exception):
            raise reply
        await asked.send(reply if isinstance(reply, bytes) else msgspec.json.encode(reply))
        return {"kind": self.kind, "count": 1, "warnings": self.warnings, "took_ms": 1.0}


def unreachable() -> Refused:
    """What a collector says of a backend that is down."""
    return Refused(Code.CLUSTER_UNREACHABLE, "nothing listens there; look after it")


@asynccontextmanager
async def collecting(platform: Platform, *questions: type[Query]) -> AsyncGenerator[FakeCollector]:
    """A collector for these questions; the platform's own workers, who would answer too, stop."""
    await platform.workers.stop()
    runtime, fake = platform.gate.runtime, FakeCollector()
    routes = dict.fromkeys(questions, fake)
    worker = Answering(
        "hub",
        "test",
        routes,
        runtime.bus,
        runtime.log,
        platform.settings,
        UNTRACED,
        NOTHING_OUTSIDE,
    )
    async with running(worker.run):
        await runtime.bus.client.flush()
        yield fake
