"""Readiness of endpoints over real HTTP, each within its own time."""

import pytest

from contracts.clusters import Check, Checked
from services.clusters.probes import Probes
from services.runtime.clock import SystemClock
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.targets import Target
from tests.kit.backends import backend

pytestmark = pytest.mark.anyio


async def _one(name: Checked, url: str, *, seconds: float = 5.0) -> Check:
    clock = SystemClock()
    outbound = Outbound(clock)
    try:
        (check,) = await Probes(outbound, clock).round({name: Target(base_url=url)}, seconds)
    finally:
        await outbound.close()
    return check


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (Checked.PROMETHEUS, "/-/ready"),
        (Checked.ALERTMANAGER, "/-/ready"),
        (Checked.TEMPO, "/ready"),
        (Checked.LOKI, "/ready"),
        (Checked.KORREL8R, "/api/v1alpha1/domains"),
    ],
)
async def test_each_backend_is_asked_where_it_says_that_it_is_ready(
    name: Checked, path: str
) -> None:
    async with backend() as asked:
        check = await _one(name, asked.url)
        below = await _one(name, f"{asked.url}/proxy/")
    assert (check.healthy, check.error, check.advice) == (True, None, None)
    assert below.healthy
    assert asked.asked == [path, f"/proxy{path}"]


@pytest.mark.parametrize(
    ("status", "advice"), [(503, "pods"), (401, "token"), (404, "URL"), (302, "redirects")]
)
async def test_any_other_answer_is_an_error_with_advice(status: int, advice: str) -> None:
    async with backend() as ill:
        ill.status = status
        check = await _one(Checked.LOKI, ill.url)
    assert not check.healthy
    assert check.error == f"Loki answered {status}"
    assert advice in (check.advice or "")


async def test_a_port_where_nobody_listens_is_told_as_such() -> None:
    async with backend() as gone:
        url = gone.url
    check = await _one(Checked.TEMPO, url)
    assert not check.healthy
    assert (check.error or "").startswith("Tempo: ")
    assert "port" in (check.advice or "")


async def test_one_that_hangs_ends_in_time_and_delays_no_other() -> None:
    clock = SystemClock()
    outbound = Outbound(clock)
    async with backend() as slow, backend() as quick:
        slow.hangs = True
        targets = {
            Checked.PROMETHEUS: Target(base_url=slow.url),
            Checked.LOKI: Target(base_url=quick.url),
        }
        # Long enough for the quick one on a busy machine.
        first, second = await Probes(outbound, clock).round(targets, 3)
        await outbound.close()
    assert (first.healthy, second.healthy) == (False, True)
    assert "within 3 s" in (first.error or "")
    assert second.latency_ms < 3000
