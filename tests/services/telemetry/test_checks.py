"""Whether a cluster's backends are there, told by whom can reach them."""

import pytest
from pydantic import TypeAdapter

from contracts.clusters import Check, Checked
from contracts.refusals import Code
from contracts.telemetry import CheckBackends
from deploy.local.ports import free_port
from services.runtime.ids import new_id
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector, prometheus
from tests.services.telemetry.test_handlers import answering, ask, refusal

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

CHECKS: TypeAdapter[list[Check]] = TypeAdapter(list[Check])
READY = answer(b"Prometheus Server is Ready.\n")
NOT_YET = answer(b"", "503 Service Unavailable")


async def test_each_backend_is_told_of(collector: Collector) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    async with (
        prometheus(says(READY)) as ready,
        prometheus(says(NOT_YET)) as unready,
        answering(collector) as asker,
    ):
        cluster = await collector.cluster(
            ready.origin.url(), alertmanager_url=unready.origin.url(), loki_url=gone
        )
        body, told = await ask(asker, cluster, CheckBackends())
    found = {check.name: check for check in CHECKS.validate_json(body)}
    assert told["count"] == len(found) == 3
    assert found[Checked.PROMETHEUS].healthy
    assert ready.origin.heads[0].startswith("GET /-/ready ")
    assert (found[Checked.ALERTMANAGER].healthy, found[Checked.ALERTMANAGER].answered) == (
        False,
        True,
    )
    assert (found[Checked.LOKI].healthy, found[Checked.LOKI].answered) == (False, False)
    assert "Loki" in (found[Checked.LOKI].error or "")


async def test_a_far_edge_has_its_metrics_and_alerts_checked_alone(collector: Collector) -> None:
    async with prometheus(says(READY)) as asking, answering(collector) as asker:
        url = asking.origin.url()
        cluster = await collector.cluster(url, kind="FAR_EDGE", loki_url=url, tempo_url=url)
        body, _ = await ask(asker, cluster, CheckBackends())
    assert [check.name for check in CHECKS.validate_json(body)] == [Checked.PROMETHEUS]


async def test_of_an_unknown_cluster_nothing_is_told(collector: Collector) -> None:
    async with answering(collector) as asker:
        refused = await refusal(asker, new_id(), CheckBackends())
    assert refused.code is Code.CLUSTER_NOT_FOUND
