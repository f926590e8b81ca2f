"""While what was taken in waits to be worked on, alerts are sent away and nothing is lost."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.refusals import Code, Refused
from gateway.backlog import Backlog
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.ids import new_id
from services.runtime.principals import Role
from services.runtime.settings import RetentionSettings, Settings
from tests.kit.alertmanager import Shape, alert as real_alert, alertmanager
from tests.kit.gateway import API, Platform, alert, on_the_wire, platform_on, refused, webhook
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

MOST = 1_000_000
"""Bytes of commands."""
NOBODYS = "cmd.gateway.nothing.wait"
"""A command that nobody handles, so that it stays."""


class _Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """With a small queue of commands."""
    changed = platform_settings.model_copy(
        update={
            "retention": RetentionSettings(commands_bytes=MOST),
        }
    )
    async with platform_on(changed) as running:
        await streams.ensure(running.gate.runtime.bus, changed)
        yield running
        await running.gate.runtime.bus.api(f"STREAM.PURGE.{streams.COMMANDS}")


async def _fill(bus: Bus, size: int) -> None:
    for _ in range(size // 50_000):
        await bus.publish(NOBODYS, b"x" * 50_000, {"Nats-Msg-Id": str(new_id())})


async def _stored(bus: Bus) -> dict[str, Any]:
    return (await bus.api(f"STREAM.INFO.{streams.COMMANDS}"))["state"]


async def _post(platform: Platform, cluster: str, *alerts: Any) -> httpx.Response:
    return await platform.http.post(f"{API}/alerts/webhook/{cluster}", json=webhook(*alerts))


async def test_what_waits_is_looked_at_once_a_second(platform: Platform) -> None:
    bus, clock = platform.gate.runtime.bus, _Clock()
    backlog = Backlog(bus, clock, MOST // 2)
    await backlog.require_room()
    await _fill(bus, 600_000)
    await backlog.require_room()
    clock.seconds = 1.0
    with pytest.raises(Refused) as told:
        await backlog.require_room()
    assert told.value.code is Code.OVERLOADED
    await bus.api(f"STREAM.PURGE.{streams.COMMANDS}")
    clock.seconds = 2.0
    await backlog.require_room()


async def test_people_go_on_while_alerts_are_sent_away(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await _fill(platform.gate.runtime.bus, 800_000)

    async def _sent_away() -> httpx.Response | None:
        answer = await _post(platform, cluster, alert(1))
        return answer if answer.status_code != 202 else None

    answer = await eventually(_sent_away)
    assert answer is not None
    refused(answer, "OVERLOADED")
    assert answer.headers["retry-after"] == "1"
    assert (await platform.register())["version"] == 1


async def test_a_full_queue_drops_nothing_and_says_so(platform: Platform) -> None:
    bus, cluster = platform.gate.runtime.bus, (await platform.register())["id"]
    with pytest.raises(BusUnavailable):
        await _fill(bus, MOST * 2)
    before = await _stored(bus)
    large = alert(1, annotations={"text": "x" * 60_000})
    answer = await _post(platform, cluster, large)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    many = [alert(number, annotations={"text": "x" * 60_000}) for number in range(20)]
    answer = await _post(platform, cluster, *many)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    after = await _stored(bus)
    assert (after["first_seq"], after["messages"]) == (before["first_seq"], before["messages"])


async def test_what_was_taken_before_the_queue_was_full_is_worked_on(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.workers.stop()
    answers = [
        await _post(platform, cluster, alert(number, annotations={"text": "x" * 50_000}))
        for number in range(30)
    ]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {202, 503}
    for answer in answers:
        assert answer.status_code == 202 or answer.headers["retry-after"] == "1"
    await platform.workers.start()

    async def _again() -> bool:
        """A source sends again what was sent away."""
        left = [number for number, status in enumerate(statuses) if status != 202]
        for number in left:
            statuses[number] = (await _post(platform, cluster, alert(number))).status_code
        return not left

    await eventually(_again, within=20)
    await platform.settle()
    assert (await platform.list("/alerts", cluster_id=cluster))["total"] == 30


async def test_an_alertmanager_that_was_sent_away_comes_again(
    platform: Platform, tmp_path: Path
) -> None:
    """A real one, which takes a 503 for a reason to post once more."""
    cluster = (await platform.register())["id"]
    token = tmp_path / "token"
    token.write_text(await platform.token(Role.INGEST, cluster))
    bus, away = platform.gate.runtime.bus, _sent_away()
    await _fill(bus, 800_000)
    async with on_the_wire(platform) as url:
        shape = Shape(webhook=f"{url}{API}/alerts/webhook", token_file=token)
        async with alertmanager(tmp_path / "am", shape) as source:
            await source.post([real_alert({"alertname": "NodeDown"})])
            await until(lambda: _sent_away() > away, within=30)
            assert (await platform.list("/alerts", cluster_id=cluster))["total"] == 0
            await bus.api(f"STREAM.PURGE.{streams.COMMANDS}")

            async def _shown() -> bool:
                return (await platform.list("/alerts", cluster_id=cluster))["total"] == 1

            await eventually(_shown, within=30)


def _sent_away() -> float:
    name = "aiops_alert_posts_sent_away_total"
    return metrics.REGISTRY.get_sample_value(name, {"door": "webhook"}) or 0.0
