"""Asks a Prometheus or Thanos: PromQL, and what it knows of its series, labels, rules and alerts.

Source: "HTTP API", https://prometheus.io/docs/prometheus/latest/querying/api/, and for Thanos
"Query", https://thanos.io/tip/components/query.md/.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics, QueryMetrics
from services.runtime.backends import prometheus_api
from services.runtime.backends.backend import Backend, Params
from services.runtime.backends.bodies import Found

_ALWAYS = (("dedup", "true"), ("partial_response", "true"))
"""Thanos: one series of several replicas, and what there is if a store is away."""
_ITS_SHARE = 0.95
"""Of the time that there is: then it says itself that it has given up, and stops working on it."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """The Prometheus of one cluster, for the time of one question.

    Refused for whatever is wrong with the question, the answer or the backend.
    """

    backend: Backend
    most: int
    """Series, values or rules of one answer."""

    async def query(self, asked: QueryMetrics) -> Found:
        """Evaluate PromQL."""
        path, form = _query(asked)
        timeout = ("timeout", f"{self.backend.seconds * _ITS_SHARE:.3f}")
        back = asked.lookback_seconds
        lookback = [] if back is None else [("lookback_delta", f"{back:.3f}")]
        return await self.backend.post(
            path,
            [*form, *lookback, timeout, *_ALWAYS],
            read=lambda body: prometheus_api.queried(body, self.most),
        )

    async def describe(self, asked: DescribeMetrics) -> Found:
        """What it knows of its series, labels, values, metadata, rules or alerts."""
        params, path = _params(asked), f"api/v1/{asked.what.value.lower()}"

        def read(body: bytes) -> Found:
            return prometheus_api.described(body, asked.what, self.most)

        match asked.what:
            case Described.SERIES | Described.LABELS:
                return await self.backend.post(path, params, read=read)
            case Described.LABEL_VALUES:
                return await self.backend.get(_values(asked.label or ""), params, read=read)
            case Described.METADATA | Described.RULES | Described.ALERTS:
                return await self.backend.get(path, params, read=read)


def _query(asked: QueryMetrics) -> tuple[str, Params]:
    query = ("query", asked.query)
    if asked.start is None and asked.end is None and asked.step_seconds is None:
        at = [] if asked.time is None else [("time", _unix(asked.time))]
        return "api/v1/query", [query, *at]
    if asked.start is None or asked.end is None or asked.step_seconds is None or asked.time:
        text = "a range needs start, end and step_seconds, and has no time"
        raise Refused(Code.VALIDATION_FAILED, text)
    step = ("step", f"{asked.step_seconds:.3f}")
    return "api/v1/query_range", [query, *_window(asked.start, asked.end), step]


def _params(asked: DescribeMetrics) -> Params:
    if asked.what is Described.SERIES and not asked.match:
        raise Refused(Code.VALIDATION_FAILED, "series are chosen by at least one selector")
    if asked.what is Described.LABEL_VALUES and asked.label is None:
        raise Refused(Code.VALIDATION_FAILED, "values are those of a label: name it")
    matches = [("match[]", each) for each in asked.match]
    metric = [] if asked.metric is None else [("metric", asked.metric)]
    limit = [] if asked.limit is None else [("limit", str(asked.limit))]
    return [*matches, *metric, *limit, *_window(asked.start, asked.end), *_ALWAYS]


def _window(start: datetime | None, end: datetime | None) -> Params:
    named = (("start", start), ("end", end))
    return [(name, _unix(moment)) for name, moment in named if moment is not None]


def _values(label: str) -> str:
    # A name of dots would be taken for a way up.
    return f"api/v1/label/{quote(label, safe='').replace('.', '%2E')}/values"


def _unix(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"
