"""What `aiops doctor` finds: each likely mistake, made for real, and what it says to do."""

import base64
import json
import os
import resource
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from deploy.doctor import bus as buses, database, machine, models
from deploy.doctor.findings import Finding
from deploy.doctor.gateway import Doctor
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.outside import vault_keys
from services.runtime.settings import Settings
from services.runtime.settings_llm import LlmSettings
from services.runtime.vault.table import TableSecrets
from tests.runtime.outbound.origins import answer, says, serving

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def found(findings: AsyncIterator[Finding]) -> dict[str, Finding]:
    return by_name([each async for each in findings])


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {each["what"]: each for each in findings}


def wrong(findings: dict[str, Finding]) -> set[str]:
    return {name for name, each in findings.items() if not each["ok"]}


async def test_a_sound_installation_has_nothing_to_mend(settings: Settings, bus: Bus) -> None:
    assert bus.connected
    assert wrong(await found(buses.examine(settings))) == set()
    assert wrong(await found(database.examine(settings, SystemClock()))) == set()
    assert wrong(await found(models.examine(settings.llm))) == set()


def test_too_few_open_files(settings: Settings) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        limit = by_name(machine.examine(settings))["open files"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (limit["ok"], limit["detail"], limit["do"]) == (
        False,
        "limit 1024",
        "raise `ulimit -n`",
    )


def test_a_data_directory_that_others_may_read(settings: Settings, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    here = settings.model_copy(update={"data_dir": tmp_path})
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "run.json").chmod(0o644)
    told = by_name(machine.examine(here))["data directory"]
    assert not told["ok"]
    assert f"chmod go-rwx {tmp_path / 'run.json'}" in told["do"]
    (tmp_path / "run.json").chmod(0o600)
    assert by_name(machine.examine(here))["data directory"]["ok"]


async def test_a_bus_that_is_not_there(settings: Settings) -> None:
    nats = settings.nats.model_copy(update={"url": "nats://127.0.0.1:1"})
    findings = await found(buses.examine(settings.model_copy(update={"nats": nats})))
    assert wrong(findings) == {"bus"}
    assert "AIOPS_NATS__URL" in findings["bus"]["do"]


async def test_a_stream_that_somebody_has_changed(settings: Settings, bus: Bus) -> None:
    config = (await bus.api("STREAM.INFO.CMD"))["config"]
    await bus.api("STREAM.UPDATE.CMD", config | {"max_bytes": 123_456_789})
    findings = await found(buses.examine(settings))
    assert wrong(findings) == {"stream CMD"}
    assert findings["stream CMD"]["do"] == "run `aiops run setup`"


async def test_one_copy_of_the_log_on_a_cluster_is_too_few() -> None:
    info: dict[str, Any] = {"config": {"num_replicas": 1}, "cluster": {"name": "hub"}}
    assert not buses.copies(info)["ok"]
    assert buses.copies(info | {"config": {"num_replicas": 3}})["ok"]
    assert buses.copies({"config": {"num_replicas": 1}})["ok"]


async def test_little_room_and_small_messages_on_the_bus() -> None:
    limits = {"max_storage": 1000}
    assert not buses.room({"storage": 950, "limits": limits})["ok"]
    assert buses.room({"storage": 500, "limits": limits})["ok"]
    assert buses.room({"storage": 500, "limits": {"max_storage": -1}})["ok"]
    assert not buses.payload(1024 * 1024)["ok"]


async def test_a_database_that_is_not_there(settings: Settings) -> None:
    away = settings.database.model_copy(update={"url": SecretStr("postgresql://127.0.0.1:1/none")})
    here = settings.model_copy(update={"database": away})
    findings = await found(database.examine(here, SystemClock()))
    assert wrong(findings) == {"database"}
    assert findings["database"]["do"] == "is PostgreSQL running?"


async def test_more_connections_wanted_than_there_are(settings: Settings) -> None:
    many = settings.database.model_copy(update={"pool_size": 100})
    here = settings.model_copy(update={"database": many})
    findings = await found(database.examine(here, SystemClock()))
    assert wrong(findings) == {"connections"}
    assert "300 wanted" in findings["connections"]["detail"]


class Late(SystemClock):
    """A clock that was not set."""

    def now(self) -> Any:
        return SystemClock().now() - timedelta(minutes=3)


async def test_a_clock_that_is_behind(settings: Settings) -> None:
    findings = await found(database.examine(settings, Late()))
    assert wrong(findings) == {"clock"}
    assert findings["clock"]["detail"].startswith("the database's is 180.")


async def test_a_vault_key_that_was_lost(settings: Settings) -> None:
    kept_in = Database(settings.database, "test")
    await kept_in.open()
    secrets = TableSecrets(kept_in, vault_keys(settings), SystemClock())
    await secrets.put(new_id(), "kubernetes", b"hunter2hunter2")
    await kept_in.close()
    other = SecretStr(base64.b64encode(os.urandom(32)).decode())
    vault = settings.vault.model_copy(update={"keys": (other,)})
    here = settings.model_copy(update={"vault": vault})
    findings = await found(database.examine(here, SystemClock()))
    assert wrong(findings) == {"vault"}
    assert "AIOPS_VAULT__KEYS" in findings["vault"]["do"]
    assert "hunter2" not in str(findings)


async def test_a_model_that_its_server_does_not_have() -> None:
    body = json.dumps({"data": [{"id": "qwen3-8b"}]}).encode()
    async with serving(says(answer(body))) as origin:
        url = f"http://127.0.0.1:{origin.port}/v1"
        right = await found(models.examine(LlmSettings(base_url=url, model="qwen3-8b")))
        other = await found(models.examine(LlmSettings(base_url=url, model="llama")))
    assert right["model"]["ok"]
    assert not other["model"]["ok"]
    assert other["model"]["do"] == "AIOPS_LLM__MODEL is one of: qwen3-8b"
    away = await found(models.examine(LlmSettings(base_url="http://127.0.0.1:1/v1", model="x")))
    assert not away["model"]["ok"]


def asking(answers: dict[str, tuple[int, Any]]) -> httpx.AsyncClient:
    def handle(request: httpx.Request) -> httpx.Response:
        status, body = answers[request.url.path]
        return httpx.Response(status, json=body)

    return httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://hub.test")


READY = {"checks": {"bus": {"ready": True}}}
WELL: dict[str, tuple[int, Any]] = {
    "/ready": (200, READY),
    "/health/detailed": (200, {"parts": [], "projections": []}),
    "/api/v1/dead-letters": (200, {"items": []}),
    "/api/v1/fleet/health": (200, {"items": []}),
}


async def test_a_gateway_that_does_not_know_its_own_name() -> None:
    async with asking(WELL | {"/ready": (400, {"error": {"code": "INVALID_HOST"}})}) as client:
        findings = await found(Doctor(client).examine(known=False))
    assert findings["gateway"]["do"] == "add the name to AIOPS_GATEWAY__ALLOWED_HOSTS"


async def test_letters_that_wait_and_clusters_that_cannot_be_asked() -> None:
    clusters = [{"name": f"c-{number}", "state": "OFFLINE"} for number in range(5)]
    told: dict[str, tuple[int, Any]] = {
        "/api/v1/dead-letters": (200, {"items": [{}] * 2}),
        "/api/v1/fleet/health": (200, {"items": [*clusters, {"name": "up", "state": "ONLINE"}]}),
    }
    async with asking(WELL | told) as client:
        findings = await found(Doctor(client).examine(known=True))
    assert findings["dead letters"]["detail"] == "2 wait"
    assert findings["clusters"]["detail"] == "6 known, offline: c-0, c-1, c-2 and 2 more"
    assert {"dead letters", "clusters"} <= wrong(findings)
