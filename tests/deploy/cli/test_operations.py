"""`aiops projections`, `aiops dlq` and `aiops doctor` on a real bus and database."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import psycopg
import pytest

from deploy.cli import doctor, operations
from deploy.platform import PROJECTIONS
from projections.alerts.projector import projection as alerts
from services.operations.handlers import service
from services.runtime import dead_letters, process
from services.runtime.bus import Bus
from services.runtime.dead_letters import Failure
from services.runtime.projections import catalog
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.gateway import on_the_wire, platform_on
from tests.kit.runtime import eventually, letters, running

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

FAILURE = Failure(
    stream="CMD",
    consumer="clusters",
    subject="cmd.gateway.clusters.refresh_cluster",
    headers={"ce-actor": "ada"},
    data=b'{"cluster_id": "c", "token": "hunter2hunter2"}',
    error="no way to https://ada:hunter2hunter2@host",
    message_id=str(builders.COMMAND_ID),
    sequence=7,
)


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The environment of a command that is to find the servers of this test."""
    monkeypatch.setenv("AIOPS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("AIOPS_NATS__URL", settings.nats.url)
    monkeypatch.setenv("AIOPS_DATABASE__URL", settings.database.url.get_secret_value())
    return settings


@pytest.fixture
async def workers(here: Settings) -> AsyncGenerator[None]:
    """The service that answers these commands."""
    runtime = await process.start("workers", here)
    (handling,) = process.service_loops(runtime, [service])
    async with running(handling):
        yield
    await runtime.close()


async def _buried(bus: Bus) -> int:
    await dead_letters.bury(bus, FAILURE, builders.at())
    return (await letters(bus))[0].sequence


def _said(capsys: pytest.CaptureFixture[str]) -> Any:
    out = capsys.readouterr().out
    assert "hunter2" not in out
    # The platform of a test logs to the same place.
    return json.loads("".join(line for line in out.splitlines() if not line.startswith("level=")))


async def test_a_letter_is_listed_and_shown_without_secrets(
    here: Settings, bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = await _buried(bus)
    await operations.letters(as_json=True, with_retried=False)
    (row,) = _said(capsys)
    assert (row["id"], row["from"], row["error"]) == (
        letter,
        "CMD/clusters",
        "no way to https://***@host",
    )
    await operations.show(letter)
    told = _said(capsys)
    assert told["body"] == {"cluster_id": "c", "token": "***"}
    assert (told["sequence"], told["original_sequence"]) == (letter, 7)
    assert told["body_bytes"] == len(FAILURE.data)


async def test_a_letter_is_dropped_once(
    workers: None, bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = await _buried(bus)
    await operations.drop(letter)
    assert f"dead letter {letter} was dropped" in capsys.readouterr().out
    assert await letters(bus) == []
    with pytest.raises(SystemExit):
        await operations.drop(letter)
    assert "DEAD_LETTER_NOT_FOUND" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        await operations.show(letter)
    assert f"there is no dead letter {letter}" in capsys.readouterr().err


async def test_a_letter_is_retried(
    workers: None, bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = await _buried(bus)
    await operations.retry(letter)
    assert f"dead letter {letter} was published again" in capsys.readouterr().out
    await operations.letters(as_json=True, with_retried=False)
    assert _said(capsys) == []


async def test_a_table_of_projections_shows_each_partition(
    here: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    url = here.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await catalog.create(connection, alerts, "live", 2)
        await connection.execute("update aiops.projection_partition set sequence = 70 + partition")
    await operations.projections(as_json=False)
    rows = [line.split()[:4] for line in capsys.readouterr().out.splitlines()]
    assert ["alerts", "live", "stopped", "0"] in rows
    assert [row[:2] for row in rows if row[0].isdecimal()] == [["0", "70"], ["1", "71"]]


async def test_projections_and_processes_are_looked_at(
    here: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with platform_on(here) as platform, on_the_wire(platform) as address:
        run = {"gateway": address, "token": platform.admin, "nats": "", "database": ""}
        (here.data_dir / "run.json").write_text(json.dumps(run))

        async def is_live() -> bool:
            await operations.projections(as_json=True)
            rows = {row["name"]: row for row in _said(capsys)}
            assert set(rows) == set(PROJECTIONS)
            # On a busy machine one may have been silent for longer than the hub waits for it.
            return {row["state"] for row in rows.values()} == {"live"}

        assert await eventually(is_live, within=20)
        await doctor.examine(as_json=True)
        findings = {each["what"]: each for each in _said(capsys)}
        for what in ("bus", "database", "gateway", "part workers", "part projector"):
            assert findings[what]["ok"], findings[what]
        assert findings["projection fleet"]["ok"]
        assert "events behind" in findings["projection fleet"]["detail"]
        await platform.projector.stop()
        platform.gate.parts._heard.clear()  # As after five seconds.
        assert await doctor.examine(as_json=True) == 1
        findings = {each["what"]: each for each in _said(capsys)}
        assert findings["part projector"] == {
            "what": "part projector",
            "ok": False,
            "detail": "not heard of",
            "do": "see DIR/logs/projector.log",
        }
        assert not findings["projection fleet"]["ok"]
