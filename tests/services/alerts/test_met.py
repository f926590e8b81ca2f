"""Alerts that a process has not met are taken for new; what is decided is the same."""

import pytest

from contracts.alerts import AlertEvent, alert_key
from services.alerts import handlers
from services.alerts.met import Met
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders

KEYS = [alert_key(builders.CLUSTER_ID, f"{number:016x}") for number in range(4)]


def test_an_alert_is_met_the_first_time_that_it_is_asked_for() -> None:
    met = Met()
    assert met.among(KEYS[:2]) == []
    assert met.among(KEYS) == KEYS[:2]
    assert met.among(KEYS) == KEYS


def test_the_memory_is_bounded() -> None:
    met = Met(most=3)
    met.among(KEYS[:3])
    assert met.among([KEYS[3]]) == []
    assert met.among(KEYS[:1]) == [], "forgotten to make room"


@pytest.mark.anyio
@pytest.mark.nats
async def test_who_has_forgotten_decides_as_who_remembers(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(status: str, starts: float, ends: float | None = None) -> list[str]:
        """Report to a worker that has just been started; gives all that has happened since."""
        monkeypatch.setattr(handlers, "_met", Met())
        times = {
            "startsAt": builders.at(starts),
            "endsAt": None if ends is None else builders.at(ends),
        }
        report = builders.report(status=status, fingerprint="0123456789abcdef", **times)
        store = Store(log, builders.context(command_id=new_id()), builders.at(), bus_settings)
        await handlers.ingest(builders.ingest(report, received_at=builders.at(1000)), store)
        stored = await log.read(1, 100)
        return [each.subject.split(".")[4] for each in stored]

    assert await told("firing", 0) == ["fired"]
    assert await told("firing", 0) == ["fired"]
    assert await told("resolved", 0, 60) == ["fired", "resolved"]
    assert await told("firing", 30) == ["fired", "resolved"]
    assert await told("resolved", 0, 60) == ["fired", "resolved"]
    assert await told("firing", 90) == ["fired", "resolved", "fired"]
    heads = await log.heads([alert_key(builders.CLUSTER_ID, "0123456789abcdef")])
    (head,) = heads.values()
    assert isinstance(head.event, AlertEvent)
    assert head.event.alert.starts_at == builders.at(90)
