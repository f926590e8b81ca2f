"""Answers questions about a cluster's traces."""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from services.runtime.replies import Asked
from services.telemetry.backend import backend_of
from services.telemetry.bodies import pass_on
from services.telemetry.service import service
from services.telemetry.tempo import Tempo


@service.answers(SearchTraces)
async def search_traces(query: SearchTraces, asked: Asked) -> Mapping[str, Any]:
    """Find traces in the cluster's Tempo."""
    clock = asked.outside.clock
    async with backend_of(asked, Checked.TEMPO, query.budget) as backend:
        began = clock.monotonic()
        found = await Tempo(backend, query.budget.series).search(query)
        return await pass_on(asked, found, clock.monotonic() - began)


@service.answers(GetTrace)
async def get_trace(query: GetTrace, asked: Asked) -> Mapping[str, Any]:
    """Give one whole trace of the cluster's Tempo."""
    clock = asked.outside.clock
    async with backend_of(asked, Checked.TEMPO, query.budget) as backend:
        began = clock.monotonic()
        found = await Tempo(backend, query.budget.series).trace(query)
        return await pass_on(asked, found, clock.monotonic() - began)


@service.answers(DescribeTraces)
async def describe_traces(query: DescribeTraces, asked: Asked) -> Mapping[str, Any]:
    """Say which values an attribute of the cluster's traces has."""
    clock = asked.outside.clock
    async with backend_of(asked, Checked.TEMPO, query.budget) as backend:
        began = clock.monotonic()
        found = await Tempo(backend, query.budget.series).describe(query)
        return await pass_on(asked, found, clock.monotonic() - began)
