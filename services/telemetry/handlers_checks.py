"""Answers whether a cluster's backends are there, for whom cannot reach them otherwise.

Sources: the management APIs of Prometheus and Alertmanager (``/-/ready``), the HTTP APIs of Loki
and Tempo (``/ready``): each answers 200 when it can serve.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.clusters import Check, Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import CheckBackends
from services.runtime.backends.backend import backend_of
from services.runtime.backends.known import backends_of
from services.runtime.replies import Asked
from services.telemetry.service import service

_READY = {
    Checked.PROMETHEUS: "-/ready",
    Checked.TEMPO: "ready",
    Checked.LOKI: "ready",
    Checked.ALERTMANAGER: "-/ready",
}
_NOBODY_THERE = frozenset({Code.CLUSTER_UNREACHABLE, Code.QUERY_TIMEOUT})
_LONGEST = 500


@service.answers(CheckBackends)
async def check_backends(query: CheckBackends, asked: Asked) -> Mapping[str, Any]:
    """Tell of each backend of a cluster whether it is ready for us."""
    which = [each for each in await backends_of(asked) if each in _READY]
    checks = await asyncio.gather(*(_check(each, query, asked) for each in which))
    told = [check.model_dump(mode="json") for check in checks]
    await asked.send(msgspec.json.encode(told))
    return {
        "kind": "",
        "count": len(told),
        "took_ms": max((c.latency_ms for c in checks), default=0.0),
    }


async def _check(which: Checked, query: CheckBackends, asked: Asked) -> Check:
    clock = asked.outside.clock
    began, wrong = clock.monotonic(), None
    try:
        async with backend_of(asked, which, query.budget) as backend:
            await backend.get(_READY[which], read=lambda _: None)
    except Refused as refused:
        wrong = refused
    return Check(
        name=which,
        healthy=wrong is None,
        latency_ms=round((clock.monotonic() - began) * 1000, 1),
        error=wrong and wrong.message[:_LONGEST],
        answered=wrong is None or wrong.code not in _NOBODY_THERE,
    )
