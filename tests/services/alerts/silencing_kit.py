"""An Alertmanager that a test tells what to say, behind a collector, and a worker of alerts."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from contracts.alerts import MutingEvent, OpenAlert, OpenAlerts, muting_key
from contracts.envelope import Event, Query
from contracts.refusals import Code, Refused
from contracts.telemetry import ExpireSilence, PutSilence
from services.runtime import streams
from services.runtime.answering import Answering
from services.runtime.ids import new_id
from services.runtime.log import EventLog, Head
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.replies import Asked
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, running
from tests.kit.samples import CLUSTER_ID, FINGERPRINT, at
from tests.kit.worker import Fated, Step


@dataclass
class FakeAlertmanager:
    """Its silences, and what it says instead."""

    silences: dict[UUID, str] = field(default_factory=dict[UUID, str])
    """Ids by the mark that each was made with."""
    ended: set[str] = field(default_factory=set[str])
    asked: list[Query] = field(default_factory=list[Query])
    says: Any = None
    """An exception to raise or bytes to send instead."""

    async def __call__(self, query: Any, asked: Asked) -> Mapping[str, Any]:
        self.asked.append(query)
        if isinstance(self.says, Exception):
            raise self.says
        if isinstance(self.says, bytes):
            await asked.send(self.says)
        elif isinstance(query, PutSilence):
            silence_id = self.silences.setdefault(query.mark, str(new_id()))
            await asked.send(json.dumps({"silenceID": silence_id}).encode())
        elif isinstance(query, ExpireSilence):
            if query.silence_id not in self.silences.values():
                text = f"Alertmanager has no silence {query.silence_id}"
                raise Refused(Code.SILENCE_NOT_FOUND, text)
            self.ended.add(query.silence_id)
        return {"count": 1, "took_ms": 1.0}


@dataclass
class Alerts:
    """What a worker of alerts works with."""

    log: EventLog
    settings: Settings
    fake: FakeAlertmanager = field(default_factory=FakeAlertmanager)
    open: list[OpenAlert] = field(default_factory=list[OpenAlert])
    """What the projection of alerts knows."""

    def store(
        self,
        command_id: UUID | None = None,
        *,
        before: Step | None = None,
        after: Step | None = None,
    ) -> Store:
        """What a handler is given; ``before`` and ``after`` its first append something happens."""
        log = Fated(self.log.bus, self.log.facts_age, before=before, after=after)
        context = builders.context(command_id=command_id or new_id(), source="/services/fleet")
        return Store(log, context, at(), self.settings)

    async def happened(self, *events: Event, by: str = "alertmanager") -> None:
        """These were appended before, by somebody else."""
        for event in events:
            last = await self.log.head(event.key)
            head = Head(last.sequence, last.version or 0) if last else Head()
            context = builders.context(command_id=new_id(), actor=by)
            await self.log.append([event], {event.key: head}, context, at())

    async def muting(self, fingerprint: str = FINGERPRINT) -> list[tuple[str, MutingEvent]]:
        """Every event of an alert's muting, and by whom."""
        key = muting_key(CLUSTER_ID, fingerprint)
        query = {"seq": 1, "batch": 100, "next_by_subj": key.filter}
        stored = await self.log.bus.get_many(streams.EVENTS, query)
        read = self.log.catalog.decode
        found = [
            (each.headers["ce-actor"], read(each.headers["ce-type"], each.data)) for each in stored
        ]
        return cast("list[tuple[str, MutingEvent]]", found)

    def knows(self, *alerts: tuple[str, tuple[str, ...]]) -> None:
        """The projection has these open alerts: fingerprint, and what silences each."""
        self.open = [
            OpenAlert.model_validate(
                {
                    "id": new_id(),
                    "cluster_id": CLUSTER_ID,
                    "fingerprint": fingerprint,
                    "state": "FIRING",
                    "starts_at": at(),
                    "expires_at": None,
                    "silenced_by": silenced_by,
                    "inhibited_by": (),
                }
            )
            for fingerprint, silenced_by in alerts
        ]

    async def _opened(self, query: Any, asked: Asked) -> Mapping[str, Any]:
        del query
        told = [each.model_dump(mode="json") for each in self.open]
        await asked.send(json.dumps(told).encode())
        return {"count": len(told), "took_ms": 1.0}

    @asynccontextmanager
    async def projector(self) -> AsyncGenerator[None]:
        """Somebody who answers for the projection, for the time of a block."""
        async with self._answering("-", {OpenAlerts: self._opened}):
            yield

    @asynccontextmanager
    async def collector(self, site: str = "hub") -> AsyncGenerator[None]:
        """Somebody who asks the Alertmanager, for the time of a block."""
        async with self._answering(site, dict.fromkeys((PutSilence, ExpireSilence), self.fake)):
            yield

    @asynccontextmanager
    async def _answering(self, site: str, routes: Any) -> AsyncGenerator[None]:
        worker = Answering(
            *(site, "test", routes, self.log.bus, self.log, self.settings),
            *(UNTRACED, NOTHING_OUTSIDE),
        )
        async with running(worker.run):
            await self.log.bus.client.flush()
            yield
