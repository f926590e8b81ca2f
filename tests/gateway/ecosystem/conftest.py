"""Three real Prometheuses: one of each of two clusters, and one that holds the data of both."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.gateway import Platform
from tests.kit.prometheus import INSTALLED, Line, line, prometheus, register

T0 = 1_767_225_600
"""When the data begins: 2026-01-01, in the middle of which queries are evaluated."""
STEPS = range(0, 3_600, 60)
NOON = T0 + 1_800
_RULES = """
groups:
- name: always
  rules:
  - alert: Always
    expr: vector(1)
    labels: {severity: page}
  - record: one
    expr: vector(1)
"""


@dataclass(frozen=True)
class TwoClusters:
    """What is asked, and what it is compared with."""

    platform: Platform
    union: str
    """The address of a Prometheus with all series, each with its ``cluster``."""


def _of(number: int) -> list[Line]:
    ups = {T0 + at: 1 - (number + at // 60) % 7 // 6 for at in STEPS}
    counts = {T0 + at: at * (number + 1) for at in STEPS}
    return [
        line("up", ups, job="node", instance=f"worker-{number}"),
        line("up", dict.fromkeys(ups, 1), job="api", instance="master"),
        line("requests_total", counts, job="api", code="200"),
        line("requests_total", {at: value / 3 for at, value in counts.items()}, code="500"),
        line("temperature", {T0 + at: number - at / 7 for at in STEPS}, job="node"),
        line("odd", {T0 + at: "NaN" if at % 120 else "+Inf" for at in STEPS}, job="node"),
    ]


CLUSTERS = {"door-1": _of(0), "door-2": [*_of(1), line("own", {NOON: 7}, cluster="inner")]}


@pytest.fixture(scope="module")
async def two_clusters(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[TwoClusters]:
    """The platform with two clusters, and what both together have."""
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    directory: Path = tmp_path_factory.mktemp("prometheus")
    whole = [
        each.more(cluster=name, **_exported(each)) for name, told in CLUSTERS.items()
        for each in told
    ]  # fmt: skip
    async with AsyncExitStack() as stack:
        for name, told in CLUSTERS.items():
            url = await stack.enter_async_context(prometheus(directory / name, told, _RULES))
            await register(platform, name, url)
        union = await stack.enter_async_context(prometheus(directory / "union", whole))
        yield TwoClusters(platform, union)


def _exported(told: Line) -> dict[str, str]:
    own = told.labels.get("cluster")
    return {} if own is None else {"exported_cluster": own}
