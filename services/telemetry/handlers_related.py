"""Answers what a cluster's Korrel8r relates to its alerts."""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import FindRelated
from services.runtime.replies import Asked
from services.telemetry.answering import answered
from services.telemetry.korrel8r import Korrel8r
from services.telemetry.service import service


@service.answers(FindRelated)
async def find_related(query: FindRelated, asked: Asked) -> Mapping[str, Any]:
    """Ask the cluster's Korrel8r what belongs to an alert."""
    return await answered(
        asked,
        Checked.KORREL8R,
        query.budget,
        lambda backend: Korrel8r(backend, query.budget.series).related(query),
    )
