"""Answers questions about a cluster's logs."""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import DescribeLogs, QueryLogs, TailLogs
from services.runtime.backends.bodies import told
from services.runtime.replies import Asked
from services.telemetry.answering import answered
from services.telemetry.loki import Loki
from services.telemetry.loki_tail import Following
from services.telemetry.service import service


@service.answers(QueryLogs)
async def query_logs(query: QueryLogs, asked: Asked) -> Mapping[str, Any]:
    """Evaluate LogQL on the cluster's Loki."""
    return await answered(
        asked,
        Checked.LOKI,
        query.budget,
        lambda backend: Loki(backend, query.budget.series).query(query),
    )


@service.answers(DescribeLogs)
async def describe_logs(query: DescribeLogs, asked: Asked) -> Mapping[str, Any]:
    """Say which labels, values or series the cluster's Loki has."""
    return await answered(
        asked,
        Checked.LOKI,
        query.budget,
        lambda backend: Loki(backend, query.budget.series).describe(query),
    )


@service.answers(TailLogs)
async def tail_logs(query: TailLogs, asked: Asked) -> Mapping[str, Any]:
    """Pass on the lines of the cluster's Loki as they come."""
    clock = asked.outside.clock
    began = clock.monotonic()
    return told(await Following(query, asked).run(), clock.monotonic() - began)
