"""What the backends of a cluster say to any question about metrics, logs and traces."""

from typing import Any

from contracts.envelope import Query
from contracts.telemetry import (
    Described,
    DescribeMetrics,
    GetTrace,
    QueryLogs,
    QueryMetrics,
    SearchTraces,
)

NOW = 1_767_225_600
"""2026-01-01T00:00:00Z."""
_DESCRIBED: dict[Described, Any] = {
    Described.SERIES: [{"__name__": "up"}],
    Described.METADATA: {"up": [{"type": "gauge", "help": "", "unit": ""}]},
    Described.RULES: {"groups": []},
    Described.ALERTS: {"alerts": []},
}


def reply(query: Query) -> Any:
    """What a cluster's backend says."""
    told: Any = ["name"]
    match query:
        case QueryMetrics():
            one = query.start is None
            samples = {"value": [NOW, "1"]} if one else {"values": [[NOW, "1"]]}
            told = [{"metric": {"job": "a"}, **samples}]
        case DescribeMetrics():
            told = _DESCRIBED.get(query.what, told)
        case QueryLogs():
            told = [{"stream": {"app": "a"}, "values": [[str(NOW * 10**9), "line"]]}]
        case SearchTraces():
            told = [{"traceID": "a1", "startTimeUnixNano": str(NOW * 10**9), "durationMs": 5}]
        case GetTrace():
            told = {"batches": [{"scopeSpans": [{"spans": [_span(1), _span(2), _span(3)]}]}]}
        case _:
            pass
    return told


def _span(number: int) -> dict[str, Any]:
    ns = NOW * 10**9 + number
    times = {"startTimeUnixNano": str(ns), "endTimeUnixNano": str(ns + 100)}
    return {"spanId": f"{number:016x}", "name": "work", **times}
