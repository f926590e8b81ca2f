"""A real Alertmanager that tells the hub of its alerts and is asked for them, on ways to be cut."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.alerts import handlers_polling
from services.runtime import streams
from services.runtime.clock import SystemClock
from services.runtime.principals import Role
from tests.kit.alertmanager import Alertmanager, Shape, alert, alertmanager
from tests.kit.gateway import Platform, on_the_wire
from tests.kit.ways import Way, way_to
from tests.kit.worker import come_due

INHIBITION = "[{source_matchers: [kind=source], target_matchers: [kind=target]}]"
"""An alert of the kind ``source`` stands for those of the kind ``target``."""

Muted = dict[str, tuple[bool, bool]]
"""By fingerprint: silenced, inhibited."""


@dataclass
class Cluster:
    """A cluster with an Alertmanager."""

    platform: Platform
    id: str
    alertmanager: Alertmanager
    telling: Way
    """From its Alertmanager to the hub."""
    asking: Way
    """From the hub to its Alertmanager."""
    clock: SystemClock = field(default_factory=SystemClock)

    def at(self, seconds: float = 0) -> datetime:
        """So many seconds from now."""
        return self.clock.now() + timedelta(seconds=seconds)

    async def fire(
        self, name: str, kind: str = "any", *, since: float = -1, until: float = 3600
    ) -> None:
        """Its Prometheus says that an alert fires."""
        labels = {"alertname": name, "kind": kind}
        told = alert(labels, starts_at=self.at(since), ends_at=self.at(until))
        await self.alertmanager.post([told])

    async def resolve(self, name: str, kind: str = "any", *, since: float = -1) -> None:
        """Its Prometheus says that it is over."""
        await self.fire(name, kind, since=since, until=-0.001)

    async def poll(self) -> None:
        """The hub asks, and concludes what it can; what it wrote shows."""
        await come_due(self.platform, handlers_polling.POLL, self.id)
        await self.shown()

    async def shown(self) -> None:
        """Wait until people see what is known."""
        gate = self.platform.gate
        for kind in ("alert", "alert_muting", "pending_alert"):
            subject = f"evt.{self.id}.{kind}.>"
            last = await gate.runtime.bus.get(streams.EVENTS, {"last_by_subj": subject})
            assert last is None or await gate.positions.wait("alerts", last.sequence, 20)

    async def there(self) -> Muted:
        """What its Alertmanager has."""
        return {
            each["fingerprint"]: (
                bool(each["status"]["silencedBy"]),
                bool(each["status"]["inhibitedBy"]),
            )
            for each in await self.alertmanager.alerts()
        }

    async def listed(self, *states: str) -> list[dict[str, Any]]:
        """Its alerts as people see them."""
        found = await self.platform.list(
            "/alerts", cluster_id=self.id, state=list(states or ("FIRING",)), page_size=100
        )
        return found["items"]

    async def here(self) -> Muted:
        """What people see to be firing."""
        return {
            each["fingerprint"]: (each["silenced"], each["inhibited"])
            for each in await self.listed()
        }


@asynccontextmanager
async def cluster_on(platform: Platform, directory: Path, **more: str) -> AsyncGenerator[Cluster]:
    """A cluster with an Alertmanager for the time of a block; nobody asks it but the test."""
    async with (
        on_the_wire(platform) as hub,
        alertmanager(directory / "alertmanager") as running,
        way_to(hub) as telling,
        way_to(running.url) as asking,
    ):
        endpoints = {"alertmanager_url": asking.url, **more}
        cluster: str = (await platform.register(endpoints=endpoints))["id"]
        token = directory / "token"
        token.write_text(await platform.token(Role.INGEST, cluster))
        webhook = f"{telling.url}/api/v1/alerts/webhook"
        shape = Shape(webhook=webhook, token_file=token, inhibit_rules=INHIBITION)
        await running.reshape(shape)
        yield Cluster(platform, cluster, running, telling, asking)
