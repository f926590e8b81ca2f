"""Bus or database away or slow: a clear answer in time, and nothing lost or half done."""

import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from services.runtime import metrics, setup
from services.runtime.settings import DatabaseSettings, GatewaySettings, NatsSettings, Settings
from tests.kit.embedded import NatsServer, PostgresServer, start_nats, start_postgres
from tests.kit.gateway import API, Platform, alert, platform_on, refused, registration, webhook
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture
def own_nats(tmp_path: Path) -> NatsServer:
    return start_nats(tmp_path / "nats")


@pytest.fixture
def own_postgres(tmp_path: Path) -> PostgresServer:
    return start_postgres(tmp_path / "postgres")


@pytest.fixture
async def fragile(
    own_nats: NatsServer, own_postgres: PostgresServer, tmp_path: Path
) -> AsyncGenerator[Platform]:
    """A platform on servers of its own, which a test may kill."""
    settings = Settings(
        data_dir=tmp_path,
        nats=NatsSettings(url=own_nats.url),
        database=DatabaseSettings(url=SecretStr(own_postgres.url), timeout=3.0),
        gateway=GatewaySettings(write_timeout=3.0),
    )
    try:
        await setup.run(settings)
        async with platform_on(settings) as platform:
            yield platform
    finally:
        own_nats.stop()
        own_postgres.stop()


async def _in_time(answer: httpx.Response, code: str, started: float) -> None:
    refused(answer, code)
    assert answer.headers["retry-after"] == "1"
    assert time.monotonic() - started < 30, "an answer has to come"


def _sent_away() -> float:
    told = {"door": "webhook"}
    return metrics.REGISTRY.get_sample_value("aiops_alert_posts_sent_away_total", told) or 0.0


async def test_while_the_bus_is_away_writes_are_refused_and_reads_go_on(
    fragile: Platform, own_nats: NatsServer
) -> None:
    cluster = await fragile.register()
    away = _sent_away()
    own_nats.kill()
    for path, body in (
        ("/clusters", registration(name="later")),
        (f"/alerts/webhook/{cluster['id']}", webhook(alert(1))),
    ):
        started = time.monotonic()
        answer = await fragile.http.post(f"{API}{path}", json=body)
        await _in_time(answer, "BUS_UNAVAILABLE", started)
    assert _sent_away() == away + 1, "which the platform's own alerts look at"
    for path in ("/streams", "/dead-letters"):
        started = time.monotonic()
        await _in_time(await fragile.http.get(f"{API}{path}"), "BUS_UNAVAILABLE", started)
    told = (await fragile.list("/projections"))["items"]
    assert {each["log_sequence"] for each in told} == {None}, "what the database knows is told"
    assert await fragile.list(f"/clusters/{cluster['id']}") == cluster
    own_nats.start()

    async def _taken() -> bool:
        path = f"{API}/alerts/webhook/{cluster['id']}"
        return (await fragile.http.post(path, json=webhook(alert(1)))).status_code == 202

    await eventually(_taken)
    await fragile.settle()
    assert (await fragile.list("/alerts", cluster_id=cluster["id"]))["total"] == 1
    assert (await fragile.register(name="later"))["version"] == 1


async def test_while_the_database_is_away_alerts_are_taken_and_shown_afterwards(
    fragile: Platform, own_postgres: PostgresServer
) -> None:
    cluster = (await fragile.register())["id"]
    own_postgres.kill()
    started = time.monotonic()
    await _in_time(await fragile.http.get(f"{API}/alerts"), "DATABASE_UNAVAILABLE", started)
    path = f"{API}/alerts/webhook/{cluster}"
    assert (await fragile.http.post(path, json=webhook(alert(1)))).status_code == 202
    own_postgres.start()

    async def _shown() -> bool:
        answer = await fragile.http.get(f"{API}/alerts", params={"cluster_id": cluster})
        return answer.status_code == 200 and answer.json()["total"] == 1

    await eventually(_shown)


async def test_a_write_while_the_database_is_away_is_taken_and_shown_afterwards(
    fragile: Platform, own_postgres: PostgresServer
) -> None:
    await fragile.register()
    own_postgres.kill()
    started = time.monotonic()
    answer = await fragile.http.post(f"{API}/clusters", json=registration(name="meanwhile"))
    assert answer.status_code == 202
    assert time.monotonic() - started < 30, "an answer has to come"
    outcome = await fragile.http.get(answer.headers["location"])
    assert outcome.json()["outcome"] == "accepted"
    own_postgres.start()

    async def _shown() -> bool:
        return (await fragile.http.get(f"{API}/clusters/by-name/meanwhile")).status_code == 200

    await eventually(_shown)


async def test_a_bus_that_hangs_is_answered_for_in_time(
    fragile: Platform, own_nats: NatsServer
) -> None:
    cluster = (await fragile.register())["id"]
    own_nats.process.send_signal(signal.SIGSTOP)
    try:
        for path, body in (
            ("/clusters", registration(name="hanging")),
            (f"/alerts/webhook/{cluster}", webhook(alert(1))),
        ):
            started = time.monotonic()
            answer = await fragile.http.post(f"{API}{path}", json=body)
            await _in_time(answer, "BUS_UNAVAILABLE", started)
        assert (await fragile.list("/alerts", cluster_id=cluster))["total"] == 0
    finally:
        own_nats.process.send_signal(signal.SIGCONT)
    # What was refused may have been stored all the same: sent again, it is there once.
    assert (await fragile.report(cluster, alert(1)))["accepted"] == 1
    assert (await fragile.list("/alerts", cluster_id=cluster))["total"] == 1
    again = await fragile.http.post(f"{API}/clusters", json=registration(name="hanging"))
    assert again.status_code in {201, 409}
    assert len(await fragile.names(name="hanging")) == 1


async def test_health_tells_what_is_away(
    fragile: Platform, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    async with fragile.client() as anybody:
        assert (await anybody.get("/ready")).status_code == 200
        assert (await fragile.http.get("/health/detailed")).json()["projections"]
        own_postgres.kill()
        own_nats.kill()
        await until(lambda: not fragile.gate.runtime.bus.connected)
        error = refused(await anybody.get("/ready"), "BUS_UNAVAILABLE")
        checks = error["details"]["checks"]
        assert not checks["bus"]["ready"]
        assert not checks["database"]["ready"]
        assert (await anybody.get("/health")).status_code == 200
        told = (await fragile.http.get("/health/detailed")).json()
        assert (told["ready"], told["projections"]) == (False, [])
        own_nats.start()
        own_postgres.start()

        async def _ready() -> bool:
            return (await anybody.get("/ready")).status_code == 200

        await eventually(_ready)


async def test_a_slow_database_is_answered_for_in_time(fragile: Platform) -> None:
    url = fragile.settings.database.url.get_secret_value()
    with psycopg.connect(url) as locking:
        locking.execute("lock table alerts.occurrence in access exclusive mode")
        started = time.monotonic()
        answer = await fragile.http.get(f"{API}/alerts")
        await _in_time(answer, "DATABASE_UNAVAILABLE", started)


async def test_a_write_that_is_not_visible_in_time_is_202_and_not_lost(
    fragile: Platform,
) -> None:
    await fragile.projector.stop()
    slow = fragile.settings.gateway.model_copy(update={"write_timeout": 0.5})
    object.__setattr__(
        fragile.gate.runtime,
        "settings",
        fragile.settings.model_copy(update={"gateway": slow}),
    )
    answer = await fragile.http.post(f"{API}/clusters", json=registration(name="patience"))
    assert answer.status_code == 202
    outcome = (await fragile.http.get(answer.headers["location"])).json()
    assert outcome["outcome"] == "accepted"
    await fragile.projector.start()

    async def _shown() -> bool:
        return (await fragile.http.get(f"{API}/clusters/{outcome['id']}")).status_code == 200

    await eventually(_shown)
