"""Answers questions about a cluster's metrics, by asking its Prometheus.

Those about logs and traces belong to the same service, and come with it.
"""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import DescribeMetrics, QueryMetrics, Told
from services.runtime.replies import Asked
from services.telemetry import handlers_logs, handlers_traces
from services.telemetry.backend import backend_of
from services.telemetry.prometheus import Found, Prometheus
from services.telemetry.service import service

__all__ = ["handlers_logs", "handlers_traces", "service"]


@service.answers(QueryMetrics)
async def query_metrics(query: QueryMetrics, asked: Asked) -> Mapping[str, Any]:
    """Evaluate PromQL on a cluster's Prometheus, at a moment or over a range."""
    began = asked.outside.clock.monotonic()
    async with backend_of(asked, Checked.PROMETHEUS, query.budget) as backend:
        found = await Prometheus(backend, query.budget.series).query(query)
        return await _sent(found, asked, asked.outside.clock.monotonic() - began)


@service.answers(DescribeMetrics)
async def describe_metrics(query: DescribeMetrics, asked: Asked) -> Mapping[str, Any]:
    """Tell what series, labels, values, metadata, rules or alerts a cluster's Prometheus has."""
    began = asked.outside.clock.monotonic()
    async with backend_of(asked, Checked.PROMETHEUS, query.budget) as backend:
        found = await Prometheus(backend, query.budget.series).describe(query)
        return await _sent(found, asked, asked.outside.clock.monotonic() - began)


async def _sent(found: Found, asked: Asked, seconds: float) -> Mapping[str, Any]:
    await asked.send(found.data)
    told = Told(
        kind=found.kind,
        count=found.count,
        warnings=found.warnings,
        took_ms=round(seconds * 1000, 3),
    )
    return told.model_dump()
