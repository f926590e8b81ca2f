"""Answers questions about a cluster's traces."""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from services.runtime.replies import Asked
from services.telemetry.answering import answered
from services.telemetry.service import service
from services.telemetry.tempo import Tempo


@service.answers(SearchTraces)
async def search_traces(query: SearchTraces, asked: Asked) -> Mapping[str, Any]:
    """Find traces in the cluster's Tempo."""
    return await answered(
        asked,
        Checked.TEMPO,
        query.budget,
        lambda backend: Tempo(backend, query.budget.series).search(query),
    )


@service.answers(GetTrace)
async def get_trace(query: GetTrace, asked: Asked) -> Mapping[str, Any]:
    """Give one whole trace of the cluster's Tempo."""
    return await answered(
        asked,
        Checked.TEMPO,
        query.budget,
        lambda backend: Tempo(backend, query.budget.series).trace(query),
    )


@service.answers(DescribeTraces)
async def describe_traces(query: DescribeTraces, asked: Asked) -> Mapping[str, Any]:
    """Say which values an attribute of the cluster's traces has."""
    return await answered(
        asked,
        Checked.TEMPO,
        query.budget,
        lambda backend: Tempo(backend, query.budget.series).describe(query),
    )
