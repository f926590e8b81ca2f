"""Which anomalies are asked for, as the parameters of an address tell it."""

from datetime import datetime
from typing import Annotated

from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from contracts.anomalies import AnomalySeverity, AnomalyType, DetectionType
from gateway.auth.guards import Mine
from gateway.rest.shared import Several, States, choices, field_error, ids, label_pairs, zoned
from projections.anomalies import anomaly_queries as queries
from projections.anomalies.anomaly_queries import AnomalyFilter

_SEVERITIES, _TYPES, _DETECTIONS = tuple(AnomalySeverity), tuple(AnomalyType), tuple(DetectionType)
Verdicts = Annotated[
    list[str] | None,
    QueryParameter(description="What was said last, `NONE` for nothing; may be repeated."),
]
LabelPairs = Annotated[
    list[str] | None,
    QueryParameter(description="`name=value` of its series; may be repeated, all must be so."),
]
From = Annotated[datetime | None, QueryParameter(name="from", description="Had not ended before.")]
To = Annotated[datetime | None, QueryParameter(name="to", description="Began before.")]
Sort = Annotated[
    str,
    QueryParameter(
        description="`-detected_at`: the newest first; `severity`: the worst first, of these the"
        " newest."
    ),
]
Wanted = NamedDependency[SkipValidation[AnomalyFilter]]


def wanted(
    mine: Mine,
    cluster_id: Several = None,
    watch_id: Several = None,
    metric: Several = None,
    severity: Several = None,
    anomaly_type: Several = None,
    detection_type: Several = None,
    states: States = None,
    verdict: Verdicts = None,
    label: LabelPairs = None,
    since: From = None,
    until: To = None,
    sort: Sort = queries.NEWEST,
) -> AnomalyFilter:
    """Of the parameters of a list."""
    if sort not in queries.SORTABLE:
        raise field_error("sort", f"must be one of {', '.join(queries.SORTABLE)}")
    return AnomalyFilter(
        mine=mine,
        cluster_id=ids("cluster_id", cluster_id),
        watch_id=watch_id or (),
        metric=metric or (),
        severity=choices("severity", severity, _SEVERITIES),
        anomaly_type=choices("anomaly_type", anomaly_type, _TYPES),
        detection_type=choices("detection_type", detection_type, _DETECTIONS),
        state=choices("state", states, queries.STATES),
        verdict=choices("verdict", verdict, queries.VERDICTS),
        labels=label_pairs(label),
        since=zoned("from", since),
        until=zoned("to", until),
        sort=sort,
    )


FILTERS = {"wanted": Provide(wanted, sync_to_thread=False)}
