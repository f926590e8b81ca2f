"""Anomalies that are looked for because somebody asks."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from litestar import Response, Router, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from pydantic import Field

from contracts.analysis import (
    AnomaliesFound,
    DetectAnomalies,
    GpusToSearch,
    MetricsToSearch,
)
from contracts.anomalies import Bound, DetectionType, Sensitivity
from contracts.clusters import HUB
from contracts.envelope import Message, Timestamp
from contracts.refusals import Code, Refused
from contracts.telemetry import Text
from gateway.auth.guards import READERS, reads_of
from gateway.federation.fleet import chosen
from gateway.federation.metrics import MOST_STEPS, Steps
from gateway.federation.promql import over_steps, parse
from gateway.gate import Gate
from gateway.rest.documented_metrics import DURATION, NO_FLAG, ClusterIds
from gateway.rest.explain import explain
from gateway.rest.federated import duration_seconds, window
from gateway.rest.shared import AnyRequest, WithGate, errors, field_error, raw
from gateway.slots import Slots
from services.runtime.asking import Asker, Place, Unanswered

_LOOKING = 45.0
"""Seconds for the search itself, after all clusters have answered."""
_GPU_SECONDS = 75.0
_JUDGING = 60.0
"""More where a model says what it takes of what was found."""
_HUB = Place(HUB, "-")
_BACKEND = "prometheus"
_SLOTS = Slots(2)
"""Each takes a core of a worker for as long as it runs."""
_CODES = (
    Code.INVALID_JSON,
    Code.INVALID_PROMQL,
    Code.CLUSTER_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.ANOMALY_DETECTION_FAILED,
    Code.UPSTREAM_FAILED,
    Code.BUS_UNAVAILABLE,
    Code.MODEL_NOT_AVAILABLE,
    Code.QUERY_TIMEOUT,
)
_ANSWERS = {
    206: ResponseSpec(
        AnomaliesFound,
        generate_examples=False,
        description="Some clusters have not answered: see missing.",
    )
} | errors(*_CODES)


class AnomalySearch(Message):
    """Where anomalies are looked for, and how; either `query` or `gpu` is given."""

    query: Text | None = None
    """PromQL; each series of its answer is looked at."""
    cluster_ids: ClusterIds = ()
    """Of the query. Empty: every cluster that has a Prometheus and is not OFFLINE."""
    step: Annotated[str, Field(pattern=DURATION, examples=["1m"])] = "1m"
    """Of the query."""
    timeout: Annotated[int, Field(ge=1, le=60), NO_FLAG] = 30
    """Seconds after which whoever has not answered the query is named as missing."""
    gpu: GpusToSearch | None = None
    """GPU telemetry that is stored, in place of a query."""
    start_time: Timestamp | None = None
    """Only anomalies that begin here or later are told; an hour before the end, if not given."""
    end_time: Timestamp | None = None
    """Now, if not given."""
    learn_from: Timestamp | None = None
    """From when on it is learnt what is usual; if not given, as long before the start as the end is
    after it."""
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    """With LLM_ASSISTED it is told to the model: candidates are always those of EXTREME."""
    detection_type: DetectionType | None = None
    """Null: STATISTICAL and ML_BASED together. LLM_ASSISTED needs a model that is configured, which
    says which of the candidates of STATISTICAL are worth attention, and why."""
    above: Bound | None = None
    """A value over it is an anomaly, whatever was usual, and whatever a model would say."""
    below: Bound | None = None


@post("/anomaly", operation_id="detectAnomalies", status_code=200, opt=READERS,
      summary="Look for anomalies", responses=_ANSWERS)  # fmt: skip
async def detect_anomalies(
    gate: WithGate, request: AnyRequest, data: JSONBody[AnomalySearch]
) -> Response[AnomaliesFound]:
    """Whether series behave as they did not before; nothing found is an answer.

    Of 5,000 series and 2,000,000 rows at most; what was left out is told. 206 where not all
    clusters answered. An answer takes up to two minutes, with LLM_ASSISTED up to three: a model is
    asked about the 100 surest candidates at most, and severity and figures are never its own.
    """
    question = await _question(gate, request, data)
    seconds = _GPU_SECONDS if data.gpu is not None else data.timeout + _LOOKING
    if data.detection_type is DetectionType.LLM_ASSISTED:
        seconds += _JUDGING
    traceparent: str | None = request.scope["state"].get("traceparent")
    body, missing = await _ask(gate, question, seconds, traceparent)
    return raw(body, status=206 if missing else 200)


async def _question(gate: Gate, request: AnyRequest, data: AnomalySearch) -> DetectAnomalies:
    if data.query is None and data.gpu is None:
        raise field_error("query", "one of these must be given: query, gpu")
    if data.query is not None and data.gpu is not None:
        raise field_error("query", "cannot be given together with gpu")
    if data.gpu is not None and data.cluster_ids:
        raise field_error("cluster_ids", "cannot be given together with gpu")
    if data.query is not None:
        over_steps(parse(data.query))
    start, end, learn_from = _times(gate, data)
    wanted = data.cluster_ids if data.gpu is None else (data.gpu.cluster_id,)
    clusters = await chosen(gate, wanted, _BACKEND, reads_of(request))
    return DetectAnomalies(
        metrics=_metrics(data, tuple(each.id for each in clusters)),
        gpus=data.gpu,
        start=start,
        end=end,
        learn_from=learn_from,
        sensitivity=data.sensitivity,
        detection_type=data.detection_type,
        above=data.above,
        below=data.below,
    )


def _metrics(data: AnomalySearch, clusters: tuple[object, ...]) -> MetricsToSearch | None:
    if data.query is None:
        return None
    told = {"query": data.query, "cluster_ids": clusters, "seconds": data.timeout}
    return MetricsToSearch.model_validate(told | {"step_seconds": _step(data)})


def _times(gate: Gate, data: AnomalySearch) -> tuple[datetime, datetime, datetime]:
    """Start, end, and from when on is learnt."""
    if data.gpu is not None:
        start, end = window(gate, data.start_time, data.end_time)
        most = end - start
    else:
        start, end = _stepped(gate, data)
        most = timedelta(seconds=(MOST_STEPS - 1) * _step(data)) - (end - start)
    learn_from = data.learn_from
    if learn_from is None:
        return start, end, _before(start, min(end - start, most), data)
    if learn_from > start:
        raise field_error("start_time", "must not be earlier than learn_from")
    if data.gpu is None and start - learn_from > most:
        text = f"must cut the range into fewer than {MOST_STEPS} steps, from learn_from on"
        raise field_error("step", text)
    return start, end, learn_from


def _stepped(gate: Gate, data: AnomalySearch) -> tuple[datetime, datetime]:
    given = data.start_time, data.end_time
    if None not in given and data.start_time == data.end_time:
        raise field_error("start_time", "must be before end_time")
    start, end = Steps(_step(data), *given).at(gate.clock.now())
    if start > end:
        raise field_error("start_time", "must be before end_time")
    return start, end


def _before(start: datetime, past: timedelta, data: AnomalySearch) -> datetime:
    """As long before the start, in whole steps of a query, so that one falls on the start."""
    if data.gpu is None:
        step = timedelta(seconds=_step(data))
        past = max(past // step, 0) * step
    try:
        return start - past
    except OverflowError:
        return start


def _step(data: AnomalySearch) -> float:
    seconds = duration_seconds(data.step)
    if seconds == 0:
        raise field_error("step", "must be a duration such as 15s, 1m or 1h")
    return seconds


async def _ask(
    gate: Gate, question: DetectAnomalies, seconds: float, traceparent: str | None
) -> tuple[bytes, int]:
    """The answer, and how many clusters are missing from it."""
    if not _SLOTS.take():
        raise Refused(Code.OVERLOADED, "two searches are running already; try again later")
    asker = Asker(gate.runtime.bus, gate.clock)
    try:
        async with (
            asyncio.timeout(seconds),
            asker.ask(_HUB, question, seconds=seconds, traceparent=traceparent) as answer,
        ):
            body = b"".join([part async for part in answer])
            return body, int(answer.trailer.get("missing", 0))
    except Unanswered as nothing:
        raise _unanswered(nothing) from None
    except TimeoutError:
        raise Refused(Code.QUERY_TIMEOUT, "no answer in time; take a shorter time") from None
    except Refused as refused:
        if refused.code is not Code.INTERNAL_ERROR:
            raise
        raise Refused(Code.ANOMALY_DETECTION_FAILED, refused.message) from None
    finally:
        _SLOTS.give_back()


def _unanswered(nothing: Unanswered) -> Refused:
    if nothing.code is Code.CLUSTER_UNREACHABLE:
        # So it is told of whoever nobody listens for: here it is the hub itself.
        return Refused(Code.OVERLOADED, "no worker that looks for anomalies is running")
    return Refused(nothing.code, nothing.message)


analysis = Router("/analysis", route_handlers=[detect_anomalies, explain], tags=["Intelligence"])
