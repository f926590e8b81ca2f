"""Logs of the fleet over REST: LogQL for many clusters at once."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.refusals import Code
from contracts.telemetry import Described, DescribeLogs, QueryLogs
from gateway.auth.guards import READERS
from gateway.federation import logs as federation, sharing
from gateway.federation.answers import Made, fielded
from gateway.federation.outcome import ClusterAnswer
from gateway.federation.sharing import Matter
from gateway.gate import Gate
from gateway.rest.documented_logs import LogQuery, LogRangeQuery, LogsAnswer, NamesAnswer
from gateway.rest.federated import (
    HEADERS,
    Clusters,
    End,
    Start,
    answers_of,
    asking,
    cluster_ids,
    duration_seconds,
    span_of,
    telling,
    window,
)
from gateway.rest.shared import AnyRequest, WithGate, field_error

_MOST_NAME = 1_024
_QUERY = answers_of(LogsAnswer, Code.INVALID_JSON, Code.INVALID_LOGQL, Code.BODY_TOO_LARGE)
Selector = Annotated[
    str | None,
    QueryParameter(name="query", max_length=4_096, description="Only of streams it selects."),
]
"""``query`` as a parameter's name belongs to Litestar. Of any characters it fits into a head."""
_NAMES = answers_of(NamesAnswer, Code.INVALID_LOGQL)


@post("/query", operation_id="queryLogs", opt=READERS, summary="Search log lines", status_code=200,
      response_headers=HEADERS, responses=_QUERY)  # fmt: skip
async def query_logs(
    gate: WithGate, request: AnyRequest, data: JSONBody[LogQuery]
) -> Response[LogsAnswer]:
    """Lines of all chosen clusters in time order; LogQL that counts gives metrics by cluster."""
    return await _query(gate, request, data, None)


@post("/query_range", operation_id="queryLogsRange", summary="Search log lines, in steps",
      opt=READERS, status_code=200, response_headers=HEADERS, responses=_QUERY)  # fmt: skip
async def query_logs_range(
    gate: WithGate, request: AnyRequest, data: JSONBody[LogRangeQuery]
) -> Response[LogsAnswer]:
    """As above; metrics of lines are told in steps."""
    return await _query(gate, request, data, duration_seconds(data.step))


@get("/labels", operation_id="listLogLabels", opt=READERS, summary="Labels of log streams",
     response_headers=HEADERS, responses=_NAMES)  # fmt: skip
async def log_labels(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: Clusters = None,
    selector: Selector = None,
    start_time: Start = None,
    end_time: End = None,
) -> Response[NamesAnswer]:
    """Labels that streams of any cluster have; ``query`` selects streams."""
    since, until = span_of(gate, start_time, end_time)
    question = DescribeLogs(what=Described.LABELS, query=selector or None, start=since, end=until)
    round_ = await asking(gate, request, cluster_ids(cluster_id), "loki")
    return await round_.names("log_names", question, start_time, end_time)


@get("/label/{name:str}/values", operation_id="listLogLabelValues",
     opt=READERS, summary="Values of a label of log streams", response_headers=HEADERS,
     responses=_NAMES)  # fmt: skip
async def log_label_values(
    gate: WithGate,
    request: AnyRequest,
    name: FromPath[str],
    cluster_id: Clusters = None,
    selector: Selector = None,
    start_time: Start = None,
    end_time: End = None,
) -> Response[NamesAnswer]:
    """Values that a label has in any cluster; ``query`` selects streams."""
    since, until = span_of(gate, start_time, end_time)
    if len(name) > _MOST_NAME:
        raise field_error("name", f"has at most {_MOST_NAME} characters")
    question = DescribeLogs(
        what=Described.LABEL_VALUES, label=name, query=selector or None, start=since, end=until
    )
    round_ = await asking(gate, request, cluster_ids(cluster_id), "loki")
    return await round_.names("log_names", question, start_time, end_time)


async def _query(
    gate: Gate, request: AnyRequest, wanted: LogQuery, step: float | None
) -> Response[Any]:
    start, end = window(gate, wanted.start_time, wanted.end_time)
    round_ = await asking(gate, request, wanted.cluster_ids, "loki")
    question = QueryLogs(
        query=wanted.query,
        start=start,
        end=end,
        limit=wanted.limit,
        direction=wanted.direction,
        step_seconds=step,
    )
    told = (wanted.model_dump_json(exclude={"cluster_ids"}), step)
    keep = sharing.INSTANT if step is None else sharing.kept_for(start, end)
    put = partial(_lines, wanted)
    return telling(gate, await round_.about(Matter("logs", told, keep), question, put))


def _lines(wanted: LogQuery, answers: Sequence[ClusterAnswer]) -> Made:
    read, found = federation.gathered(answers, wanted.direction, wanted.limit)
    return fielded({"entries": found.entries, "results": found.results}, read)


logs = Router(
    "/logs",
    route_handlers=[query_logs, query_logs_range, log_labels, log_label_values],
    tags=["Observability"],
)
