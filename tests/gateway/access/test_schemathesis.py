"""What the gateway answers is what its OpenAPI document says, as Schemathesis tries it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from services.runtime.principals import Role
from tests.gateway.access.described import serving
from tests.gateway.access.world import World
from tests.kit.gateway import Platform

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.timeout(1_300),
]

HERE = Path(__file__).parent
CHECKS, SETTINGS = HERE / "schemathesis_checks.py", HERE / "schemathesis.toml"
ENDLESS = "/api/v1/events/stream"
"""Has its own tests: Schemathesis would wait for the end of its answer."""
OURS = "positive_data_acceptance,negative_data_rejection"
"""Checks in whose place stand those of `schemathesis_checks`, which call them."""
SECONDS = 1_200.0
"""Two minutes on a quiet machine, and many times that on a busy one: it stops no hang of ours."""


async def _tried(url: str, token: str, folder: Path, *options: str) -> tuple[str, dict[str, Any]]:
    """What it says, and its report; the examples are the same at every run."""
    report = folder / "report.json"
    asked = [
        *("--config-file", SETTINGS, "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", "--request-timeout", "10"),
        *("--checks", "all", "--exclude-checks", OURS, "--exclude-path", ENDLESS),
        *("--generation-deterministic", "--no-color", "--warnings", "off"),
        *("--report", "json", "--report-json-path", report, *options),
    ]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *asked,
        cwd=folder,
        env={"SCHEMATHESIS_HOOKS": str(CHECKS), "PATH": "", "LC_ALL": "C.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode(), json.loads(report.read_bytes())


async def test_no_answer_is_other_than_the_document_says(
    platform: Platform, world: World, tmp_path: Path
) -> None:
    async with serving(platform) as url:
        said, report = await _tried(
            url, platform.admin, tmp_path, "--phases", "examples,coverage,fuzzing", "-n", "3"
        )
    assert report["failures"] == [], said[-20_000:]
    assert report["errors"] == [], said[-20_000:]
    operations, cases = report["operations"], report["test_cases"]
    assert operations["tested"] == operations["total"] - 1, operations
    assert operations["errored"] == 0
    assert cases["generated"] > 10 * operations["tested"], cases


async def test_what_a_viewer_is_refused_is_as_the_document_says(
    platform: Platform, world: World, tmp_path: Path
) -> None:
    token = await platform.token(Role.VIEWER, world.mine.id)
    async with serving(platform) as url:
        said, report = await _tried(
            url, token, tmp_path, "--phases", "examples,coverage,fuzzing", "-n", "1",
            "--mode", "positive",
        )  # fmt: skip
    assert report["failures"] == [], said[-20_000:]
    assert report["operations"]["tested"] > 80
