"""What clusters do not send, the hub asks for: missed, muted, pending and forgotten alerts."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from contracts.alerts import (
    AlertEvent,
    AlertFired,
    AlertPending,
    AlertPendingEnded,
    AlertResolved,
    AlertSilenced,
    AlertUnsilenced,
    Ending,
    alert_key,
    muting_key,
    pending_key,
)
from contracts.envelope import Event
from services.alerts import handlers_polling
from services.alerts.normalize import fingerprint
from services.alerts.polled import Margins, Polls
from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.settings import CollectorSettings
from tests.gateway.polling import Cluster, cluster_on
from tests.kit import builders, prometheus
from tests.kit.alertmanager import alert, alertmanager
from tests.kit.backends import backend
from tests.kit.gateway import Platform
from tests.kit.runtime import eventually
from tests.kit.worker import told, working

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.timeout(120),
]
AT_ONCE = Margins(clocks=timedelta(0), uptime=timedelta(0), settled=timedelta(0))


@pytest.fixture
async def cluster(platform: Platform, tmp_path: Path) -> AsyncGenerator[Cluster]:
    async with cluster_on(platform, tmp_path) as found:
        yield found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing twice is gone, however young all of it is."""
    monkeypatch.setattr(handlers_polling, "_margins", AT_ONCE)


def name_of(alertname: str, kind: str = "any") -> str:
    return fingerprint({"alertname": alertname, "kind": kind})


async def alert_events(cluster: Cluster, alertname: str, kind: str = "any") -> list[Event]:
    key = alert_key(UUID(cluster.id), name_of(alertname, kind))
    return await told(cluster.platform, key)


async def mutings(cluster: Cluster, alertname: str, kind: str = "any") -> list[Event]:
    key = muting_key(UUID(cluster.id), name_of(alertname, kind))
    return await told(cluster.platform, key)


async def test_what_was_not_sent_is_found(cluster: Cluster) -> None:
    cluster.telling.cut()
    await cluster.fire("Lost", since=-600)

    async def found() -> list[Event]:
        await cluster.poll()  # One that takes too long on a busy machine comes to nothing.
        return await alert_events(cluster, "Lost")

    (fired,) = await eventually(found)
    assert isinstance(fired, AlertFired)
    assert fired.alert.labels == {"alertname": "Lost", "kind": "any"}
    (there,) = await cluster.alertmanager.alerts()
    assert there["fingerprint"] == fired.alert.fingerprint
    (shown,) = await cluster.listed()
    assert shown["starts_at"][:19] == there["startsAt"][:19]


async def test_while_nothing_changes_nothing_is_written(cluster: Cluster) -> None:
    await cluster.fire("Same")
    await cluster.alertmanager.silence({"alertname": "Same"}, cluster.at(), cluster.at(600))
    await cluster.poll()
    before = await cluster.platform.last_sequence()
    await cluster.poll()
    await cluster.poll()
    assert await cluster.platform.last_sequence() == before


@pytest.mark.usefixtures("at_once")
async def test_a_silence_shows_and_so_does_its_end(cluster: Cluster) -> None:
    await cluster.fire("Loud")
    manager = cluster.alertmanager
    silence = await manager.silence({"alertname": "Loud"}, cluster.at(), cluster.at(600))
    await cluster.poll()
    assert await cluster.here() == {name_of("Loud"): (True, False)}
    await manager.unsilence(silence)
    await cluster.poll()
    assert await cluster.here() == {name_of("Loud"): (False, False)}
    first, last = await mutings(cluster, "Loud")
    assert isinstance(first, AlertSilenced)
    assert first.silenced_by == (silence,)
    assert isinstance(last, AlertUnsilenced)


async def test_an_alert_that_another_stands_for_is_inhibited(cluster: Cluster) -> None:
    await cluster.fire("Cause", "source")
    await cluster.fire("Effect", "target")
    await cluster.poll()
    source, target = name_of("Cause", "source"), name_of("Effect", "target")
    assert await cluster.here() == {source: (False, False), target: (False, True)}
    (muted,) = await mutings(cluster, "Effect", "target")
    assert isinstance(muted, AlertSilenced)
    assert muted.inhibited_by == (source,)


@pytest.mark.usefixtures("at_once")
async def test_what_alertmanager_has_forgotten_is_gone_when_it_is_missing_twice(
    cluster: Cluster,
) -> None:
    await cluster.fire("Forgotten")
    await cluster.alertmanager.silence({"alertname": "Forgotten"}, cluster.at(), cluster.at(600))
    await cluster.poll()
    await cluster.alertmanager.restart()
    await cluster.poll()
    assert await cluster.here() == {name_of("Forgotten"): (True, False)}
    await cluster.poll()
    assert await cluster.here() == {}
    _, gone = await alert_events(cluster, "Forgotten")
    assert isinstance(gone, AlertResolved)
    assert gone.ending is Ending.GONE
    assert isinstance((await mutings(cluster, "Forgotten"))[-1], AlertUnsilenced)


async def test_an_alertmanager_that_has_just_started_ends_nothing(cluster: Cluster) -> None:
    await cluster.fire("Young")
    await cluster.poll()
    await cluster.alertmanager.restart()
    for _ in range(3):
        await cluster.poll()
    assert [*await cluster.here()] == [name_of("Young")]


@pytest.mark.usefixtures("at_once")
async def test_a_worker_that_remembers_nothing_waits_one_poll_more(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.fire("Missed")
    await cluster.poll()
    await cluster.alertmanager.restart()
    for _ in range(3):
        await cluster.poll()
        monkeypatch.setattr(handlers_polling, "_polls", Polls())
    assert [*await cluster.here()] == [name_of("Missed")]
    await cluster.poll()
    await cluster.poll()
    assert await cluster.here() == {}


@pytest.mark.usefixtures("at_once")
async def test_twins_that_are_asked_in_turn_tell_the_same_alerts(
    cluster: Cluster, tmp_path: Path
) -> None:
    one = cluster.alertmanager
    one.clustered = True
    await one.restart()
    async with alertmanager(tmp_path / "twin", one.shape, twin=one) as other:
        labels = {"alertname": "Twins"}
        told_firing = [alert(labels, starts_at=cluster.at(-1), ends_at=cluster.at(600))]
        for each in (one, other):
            await each.post(told_firing)
        await one.silence(labels, cluster.at(), cluster.at(600))

        async def both_silent() -> bool:
            shown = [await each.alerts(silenced="false") for each in (one, other)]
            return shown == [[], []]

        await eventually(both_silent)

        async def ask_in_turn() -> None:
            for each in (one, other, one, other):
                cluster.asking.lead_to(each.port)
                await cluster.poll()

        await ask_in_turn()
        assert await cluster.here() == {fingerprint(labels): (True, False)}
        before = await cluster.platform.last_sequence()
        await ask_in_turn()
        assert await cluster.platform.last_sequence() == before


@pytest.mark.usefixtures("at_once")
async def test_who_does_not_answer_ends_nothing(cluster: Cluster) -> None:
    await cluster.fire("Unknown")
    await cluster.poll()
    cluster.asking.cut()
    for _ in range(3):
        await cluster.poll()
    assert [*await cluster.here()] == [name_of("Unknown")]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_an_answer_of_something_else_ends_nothing(platform: Platform, status: int) -> None:
    async with backend() as odd:
        odd.status = status
        body = {"alertmanager_url": odd.url, "prometheus_url": odd.url}
        cluster = await platform.register(endpoints=body)
        await platform.report(cluster["id"], {"labels": {"alertname": "Kept"}, "status": "firing"})
        async with working(platform.settings) as worker:
            for _ in range(3):
                await handlers_polling.poll(worker.due(cluster["id"]), worker.store())
    found = await platform.list("/alerts", cluster_id=cluster["id"])
    assert [each["alertname"] for each in found["items"]] == ["Kept"]


@pytest.mark.usefixtures("at_once")
async def test_workers_that_race_tell_each_change_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.telling.cut()
    await cluster.fire("Raced")
    await cluster.alertmanager.silence({"alertname": "Raced"}, cluster.at(), cluster.at(600))
    async with working(cluster.platform.settings) as worker:

        async def poll() -> None:
            await handlers_polling.poll(worker.due(cluster.id), worker.store())

        await asyncio.gather(*(poll() for _ in range(4)))
        await cluster.shown()
        assert len(await alert_events(cluster, "Raced")) == 1
        assert len(await mutings(cluster, "Raced")) == 1
        await cluster.alertmanager.restart()
        await poll()
        await asyncio.gather(*(poll() for _ in range(4)))
        assert len(await alert_events(cluster, "Raced")) == 2
        assert len(await mutings(cluster, "Raced")) == 2
        monkeypatch.setattr(handlers_polling, "_polls", Polls())
        await poll()
    assert len(await alert_events(cluster, "Raced")) == 2


@pytest.mark.usefixtures("at_once")
async def test_what_was_due_and_comes_again_has_no_second_effect(cluster: Cluster) -> None:
    cluster.telling.cut()
    await cluster.fire("Again")
    async with working(cluster.platform.settings) as worker:
        store = worker.store()
        await handlers_polling.poll(worker.due(cluster.id), store)
        await handlers_polling.poll(worker.due(cluster.id), store)
    assert len(await alert_events(cluster, "Again")) == 1


@pytest.mark.usefixtures("at_once")
async def test_what_fires_after_it_was_taken_for_gone_is_another_occurrence(
    cluster: Cluster,
) -> None:
    await cluster.fire("Back", since=-600)
    await cluster.poll()
    await cluster.alertmanager.restart()
    await cluster.poll()
    await cluster.poll()
    assert await cluster.here() == {}

    async def back() -> bool:
        await cluster.fire("Back", since=-600)
        await cluster.poll()
        return bool(await cluster.here())

    await eventually(back)
    fired, gone, again = (
        each for each in await alert_events(cluster, "Back") if isinstance(each, AlertEvent)
    )
    assert again.alert.id != fired.alert.id
    assert gone.alert.ends_at is not None
    assert again.alert.starts_at > gone.alert.ends_at


async def test_what_resumes_with_its_old_start_is_found(cluster: Cluster) -> None:
    """A webhook that tells so is late for all that is known; what is asked for is not."""
    await cluster.fire("Resumed", since=-600)
    await eventually(cluster.here)
    await cluster.resolve("Resumed", since=-600)

    async def over() -> bool:
        return not await cluster.here()

    await eventually(over)
    fired, ended = await alert_events(cluster, "Resumed")
    assert isinstance(ended, AlertResolved)
    assert ended.ending is Ending.REPORTED

    async def resumed() -> bool:
        await cluster.fire("Resumed", since=-600)
        await cluster.poll()
        return bool(await cluster.here())

    await eventually(resumed)
    assert isinstance(fired, AlertFired)
    assert await cluster.here() == {fired.alert.fingerprint: (False, False)}
    (*_, again) = await alert_events(cluster, "Resumed")
    assert isinstance(again, AlertFired)
    assert again.alert.starts_at > (ended.alert.ends_at or again.alert.starts_at)


async def test_what_is_pending_shows_until_it_is_not(platform: Platform, tmp_path: Path) -> None:
    ends = SystemClock().now() + timedelta(seconds=8)
    rules = f"""
groups:
- name: soon
  interval: 1s
  rules:
  - alert: Soon
    expr: vector(time()) < {ends.timestamp()}
    for: 1h
    labels: {{severity: critical}}
"""
    async with prometheus.prometheus(tmp_path, [prometheus.line("up", {1: 1})], rules) as url:
        cluster = await prometheus.register(platform, "soon", url)
        key = pending_key(UUID(cluster), fingerprint({"alertname": "Soon", "severity": "critical"}))
        async with working(platform.settings) as worker:

            async def events(count: int) -> list[Event]:
                await handlers_polling.poll(worker.due(cluster), worker.store())
                found = await told(platform, key)
                return found if len(found) == count else []

            (pending,) = await eventually(lambda: events(1), within=20)
            assert isinstance(pending, AlertPending)

            async def shown() -> list[str]:
                found = await platform.list("/alerts", cluster_id=cluster, state="PENDING")
                return [each["alertname"] for each in found["items"]]

            assert await eventually(shown) == ["Soon"]
            _, ended = await eventually(lambda: events(2), within=20)
            assert isinstance(ended, AlertPendingEnded)
            assert ended.alert.id == pending.alert.id

            async def hidden() -> bool:
                return not await shown()

            await eventually(hidden)


async def test_a_cluster_is_asked_from_its_registration_on_and_seldom_after_its_end(
    platform: Platform,
) -> None:
    bus = platform.gate.runtime.bus
    url = "http://127.0.0.1:1"
    found = await platform.register(watched=True, endpoints={"alertmanager_url": url})
    cluster = found["id"]

    async def rule() -> str | None:
        return await schedules.scheduled(bus, handlers_polling.POLL, cluster)

    assert await eventually(rule) == schedules.spread(UUID(cluster), 60)
    answer = await platform.http.delete(f"/api/v1/clusters/{cluster}")
    assert answer.status_code < 300, answer.text

    async def seldom() -> bool:
        return await rule() == schedules.spread(UUID(cluster), 300)

    await eventually(seldom)


@pytest.mark.parametrize(
    ("kind", "url", "seconds", "every"),
    [
        ("SPOKE", "http://127.0.0.1:1", 60, 60),
        ("HUB", "http://127.0.0.1:1", 15, 15),
        ("EDGE", "http://127.0.0.1:1", 60, 120),
        ("FAR_EDGE", "http://127.0.0.1:1", 180, 180),
        ("SPOKE", None, 60, 300),
        ("SPOKE", "http://127.0.0.1:1", 0, 300),
    ],
)
def test_how_often_depends_on_the_way(
    platform: Platform, kind: str, url: str | None, seconds: int, every: int
) -> None:
    collector = CollectorSettings(alerts_seconds=seconds)
    settings = platform.settings.model_copy(update={"collector": collector})
    cluster = builders.cluster(cluster_type=kind, endpoints={"alertmanager_url": url})
    schedule = handlers_polling.poll_schedule(cluster, settings)
    assert schedule.rule == schedules.spread(cluster.id, every)
