"""Restarts and failures to start, with programs of one line."""

import asyncio
import sys
from pathlib import Path

import pytest

from deploy.local.child import Program
from deploy.local.errors import CannotStart
from deploy.local.keeper import Backoff, Charge, Keeper

pytestmark = pytest.mark.anyio


def program(tmp_path: Path, code: str) -> Program:
    return Program("part", (sys.executable, "-c", code), {}, tmp_path / "logs" / "part.log")


def test_the_first_restart_is_at_once_and_later_ones_wait_up_to_five_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(1) for _ in range(8)] == [0, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]


def test_half_a_minute_of_life_is_forgiven() -> None:
    backoff = Backoff(next_delay=5.0)
    assert [backoff.after(31), backoff.after(1)] == [0, 0.2]


async def test_a_part_that_always_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    keeper = Keeper(lambda _: None, lambda: None)
    charge = Charge(program(tmp_path, "raise SystemExit('no such thing')"), is_ready=lambda: False)
    with pytest.raises(CannotStart, match="no such thing"):
        await keeper.start(charge, within=20)
    await keeper.stop(["part"], 1)


async def test_the_time_to_be_ready_begins_with_what_a_part_waits_for(tmp_path: Path) -> None:
    keeper, after = Keeper(lambda _: None, lambda: None), asyncio.Event()
    charge = Charge(program(tmp_path, "import time; time.sleep(60)"), is_ready=lambda: False)
    starting = asyncio.create_task(keeper.start(charge, within=0.2, after=after))
    done, _ = await asyncio.wait({starting}, timeout=1)
    assert not done
    after.set()
    with pytest.raises(CannotStart, match=r"is not ready after 0\.2 s"):
        await starting
    await keeper.stop(["part"], 1)


async def test_a_part_that_ignores_the_signal_is_killed_in_time(tmp_path: Path) -> None:
    lines: list[str] = []
    flag = tmp_path / "deaf"
    deaf = (
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(flag)!r}).touch(); time.sleep(60)"
    )
    keeper = Keeper(lines.append, lambda: None)
    await keeper.start(Charge(program(tmp_path, deaf), is_ready=flag.exists), within=20)
    async with asyncio.timeout(20):
        await keeper.stop(["part"], 0.2)
    assert lines == ["part did not end within 0.2 s and was killed"]
    assert keeper.pids == {}


async def test_a_log_over_ten_megabytes_is_put_aside_at_a_start(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "part.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * 10_000_001)
    keeper = Keeper(lambda _: None, lambda: None)
    await keeper.start(Charge(program(tmp_path, "import time; time.sleep(60)")), within=20)
    await keeper.stop(["part"], 1)
    assert log.stat().st_size == 0
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.with_name("part.log.1").stat().st_size == 10_000_001
