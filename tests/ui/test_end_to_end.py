"""The web UI in a real browser against whole platforms, as `gateway/ui/e2e` tells it."""

from pathlib import Path

import pytest

from tests.kit.browser import browser, node
from tests.kit.hub import Hub, running_hub, until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(1_900)]

_SAMPLED = ("/api/v1/gpu/nodes", "/api/v1/cnf/ptp/status")
_WITHIN = 1_500.0
"""Seconds; two cores that have nothing else to do need about four minutes."""


def test_the_ui_does_in_a_browser_what_it_says(tmp_path: Path) -> None:
    chromium = browser()
    with (
        running_hub(tmp_path / "demo", "--demo", AIOPS_COLLECTOR__CNF_SECONDS="15") as demo,
        running_hub(tmp_path / "empty") as empty,
    ):
        until(lambda: _online(demo) == 12, within=240, every=0.5)
        # Pages of these want something to show.
        until(lambda: all(_total(demo, path) for path in _SAMPLED), within=240, every=0.5)
        ran = node(
            *("node_modules/vitest/vitest.mjs", "run", "--config", "e2e/vitest.config.ts"),
            told={
                "AIOPS_E2E_DEMO": str(demo.directory),
                "AIOPS_E2E_EMPTY": str(empty.directory),
                "AIOPS_CHROMIUM": chromium,
                "PATH": demo.environment["PATH"],
            },
            within=_WITHIN,
        )
    if ran.returncode:
        pytest.fail(ran.stdout, pytrace=False)


def _online(hub: Hub) -> int:
    with hub.client() as client:
        answer = client.get("/api/v1/fleet/summary")
    return answer.json()["by_state"].get("ONLINE", 0)


def _total(hub: Hub, path: str) -> int:
    with hub.client() as client:
        return client.get(path, params={"page_size": 1}).json()["total"]
