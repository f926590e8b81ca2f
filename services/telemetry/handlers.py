"""Answers questions about a cluster's metrics, by asking its Prometheus.

Those about logs, traces and alerts belong to the same service, and come with it.
"""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import DescribeMetrics, QueryMetrics
from services.runtime.backends.prometheus import Prometheus
from services.runtime.replies import Asked
from services.telemetry import (
    handlers_alerts,
    handlers_checks,
    handlers_error_traces,
    handlers_logs,
    handlers_related,
    handlers_traces,
)
from services.telemetry.answering import answered
from services.telemetry.service import service

__all__ = [
    "handlers_alerts",
    "handlers_checks",
    "handlers_error_traces",
    "handlers_logs",
    "handlers_related",
    "handlers_traces",
    "service",
]


@service.answers(QueryMetrics)
async def query_metrics(query: QueryMetrics, asked: Asked) -> Mapping[str, Any]:
    """Evaluate PromQL on a cluster's Prometheus, at a moment or over a range."""
    return await answered(
        asked,
        Checked.PROMETHEUS,
        query.budget,
        lambda backend: Prometheus(backend, query.budget.series).query(query),
    )


@service.answers(DescribeMetrics)
async def describe_metrics(query: DescribeMetrics, asked: Asked) -> Mapping[str, Any]:
    """Tell what series, labels, values, metadata, rules or alerts a cluster's Prometheus has."""
    return await answered(
        asked,
        Checked.PROMETHEUS,
        query.budget,
        lambda backend: Prometheus(backend, query.budget.series).describe(query),
    )
