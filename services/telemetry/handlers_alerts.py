"""Answers questions about a cluster's Alertmanager, and changes its silences."""

from collections.abc import Mapping
from typing import Any

from contracts.clusters import Checked
from contracts.telemetry import ExpireSilence, PutSilence, ReadAlerts, ReadSilences
from services.runtime.replies import Asked
from services.telemetry.alertmanager import Alertmanager
from services.telemetry.answering import answered
from services.telemetry.service import service


@service.answers(ReadAlerts)
async def read_alerts(query: ReadAlerts, asked: Asked) -> Mapping[str, Any]:
    """Tell all alerts of the cluster's Alertmanager, and how it is itself."""
    return await answered(
        asked,
        Checked.ALERTMANAGER,
        query.budget,
        lambda backend: Alertmanager(backend, query.budget.series).alerts(),
    )


@service.answers(ReadSilences)
async def read_silences(query: ReadSilences, asked: Asked) -> Mapping[str, Any]:
    """Tell the silences of the cluster's Alertmanager."""
    return await answered(
        asked,
        Checked.ALERTMANAGER,
        query.budget,
        lambda backend: Alertmanager(backend, query.budget.series).silences(),
    )


@service.answers(PutSilence)
async def put_silence(query: PutSilence, asked: Asked) -> Mapping[str, Any]:
    """Make a silence in the cluster's Alertmanager, once for each mark."""
    return await answered(
        asked,
        Checked.ALERTMANAGER,
        query.budget,
        lambda backend: Alertmanager(backend, query.budget.series).put(query),
    )


@service.answers(ExpireSilence)
async def expire_silence(query: ExpireSilence, asked: Asked) -> Mapping[str, Any]:
    """End a silence in the cluster's Alertmanager."""
    return await answered(
        asked,
        Checked.ALERTMANAGER,
        query.budget,
        lambda backend: Alertmanager(backend, query.budget.series).expire(query),
    )
