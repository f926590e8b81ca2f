"""What a Prometheus tells the hub itself ends when it is not told again until it expires."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertFired, AlertResolved, Ending, OpenAlerts, alert_key
from contracts.envelope import Event
from services.alerts import handlers_expiry, repeats
from services.alerts.asking import open_alerts
from services.alerts.normalize import fingerprint
from services.alerts.polled import Margins, Sweeps
from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.principals import Role
from tests.kit.gateway import Platform
from tests.kit.runtime import eventually
from tests.kit.worker import come_due, told, working

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.timeout(60),
]
DOOR = "/alertmanager/api/v2/alerts"
CLOCK = SystemClock()
SOON = 2.0
"""Seconds: an alert that ends then has been taken in before, on a busy machine too."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has been sweeping for long, and whose repeats show at once."""
    margins = Margins(expiry=timedelta(seconds=0.3), start=timedelta(0))
    monkeypatch.setattr(handlers_expiry, "_margins", margins)
    monkeypatch.setattr(handlers_expiry, "_sweeps", Sweeps())
    monkeypatch.setattr(repeats, "_EVERY", timedelta(0))


def at(seconds: float) -> datetime:
    return CLOCK.now() + timedelta(seconds=seconds)


def name_of(alertname: str) -> str:
    return fingerprint({"alertname": alertname})


class Source:
    """A Prometheus of a cluster."""

    def __init__(self, platform: Platform, cluster: str, token: str) -> None:
        self.platform, self.cluster = platform, cluster
        self.client = platform.client(token)
        self.starts_at = at(-60)

    async def tell(self, name: str, ends_at: datetime, **changes: Any) -> None:
        body = {"labels": {"alertname": name}, "annotations": {}, **changes}
        times = {"startsAt": self.starts_at.isoformat(), "endsAt": ends_at.isoformat()}
        answer = await self.client.post(DOOR, json=[body | times])
        assert answer.status_code == 200, answer.text
        await self.platform.settle()

    async def expires(self) -> dict[str, datetime | None]:
        """Until when its alerts are believed to fire, by fingerprint, as far as that is shown."""
        async with working(self.platform.settings) as worker:
            question = OpenAlerts(cluster_id=UUID(self.cluster))
            found = await open_alerts(question, worker.store())
        return {each.fingerprint: each.expires_at for each in found}

    async def events(self, name: str) -> list[Event]:
        key = alert_key(UUID(self.cluster), name_of(name))
        return await told(self.platform, key)

    async def swept(self, name: str, count: int) -> list[Event]:
        """The alert's events, once there are so many."""

        async def enough() -> list[Event]:
            await come_due(self.platform, handlers_expiry.EXPIRY, "all")
            found = await self.events(name)
            return found if len(found) >= count else []

        return await eventually(enough)


@pytest.fixture
async def source(platform: Platform) -> Source:
    return await source_of(platform)


async def source_of(platform: Platform) -> Source:
    cluster: str = (await platform.register())["id"]
    return Source(platform, cluster, await platform.token(Role.INGEST, cluster))


async def test_an_alert_ends_when_it_expired(source: Source) -> None:
    ends_at = at(SOON)
    await source.tell("Once", ends_at)
    fired, ended = await source.swept("Once", 2)
    assert isinstance(fired, AlertFired)
    assert isinstance(ended, AlertResolved)
    assert (ended.ending, ended.alert.ends_at) == (Ending.EXPIRED, ends_at)
    assert CLOCK.now() > ends_at + timedelta(seconds=0.3)


async def test_who_is_told_again_goes_on(source: Source) -> None:
    later = at(600)
    await source.tell("Kept", at(SOON))
    await source.tell("Kept", later)

    async def shown() -> bool:
        await come_due(source.platform, handlers_expiry.EXPIRY, "all")
        return (await source.expires()).get(name_of("Kept")) == later

    await eventually(shown)
    await source.tell("Marker", at(SOON))
    await source.swept("Marker", 2)
    (fired,) = await source.events("Kept")
    assert isinstance(fired, AlertFired)


async def test_who_is_told_again_after_that_is_another_occurrence(source: Source) -> None:
    await source.tell("Late", at(SOON))
    await source.swept("Late", 2)

    async def again() -> list[Event]:
        await source.tell("Late", at(600))
        found = await source.events("Late")
        return found if len(found) == 3 else []

    _, ended, fired = await eventually(again)
    assert isinstance(ended, AlertResolved)
    assert isinstance(fired, AlertFired)
    assert fired.alert.id != ended.alert.id
    assert ended.alert.ends_at is not None
    assert fired.alert.starts_at > ended.alert.ends_at
    assert fired.expires_at is not None


async def test_only_the_cluster_that_falls_silent_loses_its_alert(platform: Platform) -> None:
    silent, other = await source_of(platform), await source_of(platform)
    await silent.tell("Both", at(SOON))
    await other.tell("Both", at(600))
    await silent.swept("Both", 2)
    assert len(await other.events("Both")) == 1


async def test_an_end_that_is_told_is_no_end_of_ours(source: Source) -> None:
    await source.tell("Told", at(SOON))
    await source.tell("Told", at(-0.001))
    await source.tell("Marker", at(SOON))
    await source.swept("Marker", 2)
    _, ended = await source.events("Told")
    assert isinstance(ended, AlertResolved)
    assert ended.ending is Ending.REPORTED


async def test_what_alertmanager_tells_does_not_expire(platform: Platform, source: Source) -> None:
    told_firing = {"status": "firing", "labels": {"alertname": "Open"}}
    await platform.report(source.cluster, told_firing | {"endsAt": at(SOON).isoformat()})
    await source.tell("Marker", at(SOON))
    await source.swept("Marker", 2)
    assert len(await source.events("Open")) == 1


async def test_after_an_outage_every_source_has_its_time(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    margins = Margins(expiry=timedelta(seconds=0.3), start=timedelta(seconds=600))
    monkeypatch.setattr(handlers_expiry, "_margins", margins)
    ends_at = at(SOON)
    await source.tell("Spared", ends_at)
    await eventually(lambda: _passed(ends_at + timedelta(seconds=0.5)))
    await come_due(source.platform, handlers_expiry.EXPIRY, "all")
    assert len(await source.events("Spared")) == 1


async def _passed(moment: datetime) -> bool:
    return CLOCK.now() > moment


async def test_there_is_one_schedule_for_all(source: Source) -> None:
    bus = source.platform.gate.runtime.bus

    async def rule() -> str | None:
        return await schedules.scheduled(bus, handlers_expiry.EXPIRY, "all")

    assert await eventually(rule) == "0,30 * * * * *"
