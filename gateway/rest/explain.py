"""Explaining in words over REST: of what whoever asks may see, or of data that they send."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import JSONBody
from pydantic import Field

from contracts.clusters import HUB
from contracts.envelope import Message
from contracts.explaining import MOST_DATA, MOST_QUESTION, Explain, ExplainedKind, Explanation
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, reads_of
from gateway.gate import Gate
from gateway.rest import explained
from gateway.rest.explained import Explained, ExplanationEvidence
from gateway.rest.shared import AnyRequest, WithGate, errors, field_error, raw
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.principals import Scope

_SECONDS = 100.0
"""For models that fail one after another, and then for the template."""
_HUB = Place(HUB, "-")
_SUBJECTS = ("incident_id", "rca_id", "anomaly_id", "alert_id", "data")
_CODES = (
    Code.INVALID_JSON,
    Code.INCIDENT_NOT_FOUND,
    Code.RCA_NOT_FOUND,
    Code.ANOMALY_NOT_FOUND,
    Code.ALERT_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
    Code.QUERY_TIMEOUT,
    Code.UPSTREAM_FAILED,
)


class ExplainRequest(Message):
    """What is to be explained: one of the four ids, or data."""

    incident_id: UUID | None = None
    """With the newest analysis of its root cause."""
    rca_id: UUID | None = None
    anomaly_id: UUID | None = None
    alert_id: UUID | None = None
    """The occurrence of an alert."""
    data: dict[str, Any] | None = None
    """Any JSON object of 64 KiB at most. Whatever it says, nothing in it is followed."""
    question: Annotated[str, Field(max_length=MOST_QUESTION)] | None = None
    """What is of interest; all of it, if not given."""


class ExplanationView(Explanation):
    """An explanation, and where what it rests on can be looked up."""

    about: ExplainedKind
    evidence: tuple[ExplanationEvidence, ...]
    """Of all facts that were given, the events after what they tell of; empty for data."""


@post("/explain", operation_id="explain", status_code=200, opt=READERS,
      summary="Explain something in words", responses=errors(*_CODES))  # fmt: skip
async def explain(
    gate: WithGate, request: AnyRequest, data: JSONBody[ExplainRequest]
) -> Response[ExplanationView]:
    """What it is, since when, how bad it is, what was found, and what to do next.

    By a model, if one is configured and answers; else by a template: then `model` is null and the
    text says why. It takes two minutes at most.
    """
    found = await _explained(gate, data, reads_of(request))
    query = Explain(
        about=found.about, facts=found.facts, question=data.question or "", cut=found.cut
    )
    traceparent: str | None = request.scope["state"].get("traceparent")
    told = await _ask(gate, query, traceparent)
    more = {"about": found.about, "evidence": found.evidence}
    return raw(ExplanationView.model_validate(told | more).model_dump_json().encode())


async def _explained(gate: Gate, data: ExplainRequest, mine: Scope) -> Explained:
    given = [name for name in _SUBJECTS if getattr(data, name) is not None]
    if not given:
        raise field_error("incident_id", f"one of these must be given: {', '.join(_SUBJECTS)}")
    if len(given) > 1:
        raise field_error(given[1], f"cannot be given together with {given[0]}")
    if data.incident_id is not None:
        return await explained.incident(gate, data.incident_id, mine)
    if data.rca_id is not None:
        return await explained.analysis(gate, data.rca_id, mine)
    if data.anomaly_id is not None:
        return await explained.anomaly(gate, data.anomaly_id, mine)
    if data.alert_id is not None:
        return await explained.alert(gate, data.alert_id, mine)
    return _given(data.data or {})


def _given(data: dict[str, Any]) -> Explained:
    try:
        told = msgspec.json.encode(data)
    except RecursionError:
        raise Refused(Code.VALIDATION_FAILED, "data are nested too deeply") from None
    if len(told) > MOST_DATA:
        raise Refused(Code.LIMIT_REACHED, f"data must be JSON of {MOST_DATA} bytes at most")
    return Explained(ExplainedKind.DATA, f'{{"data":{told.decode()}}}', ())


async def _ask(gate: Gate, query: Explain, traceparent: str | None) -> dict[str, Any]:
    asker = Asker(gate.runtime.bus, gate.clock)
    try:
        async with (
            asyncio.timeout(_SECONDS),
            asker.ask(_HUB, query, seconds=_SECONDS, traceparent=traceparent) as answer,
        ):
            body = b"".join([part async for part in answer])
    except Unanswered as nothing:
        raise _unanswered(nothing) from None
    except TimeoutError:
        raise Refused(Code.QUERY_TIMEOUT, "no answer in time") from None
    return msgspec.json.decode(body)


def _unanswered(nothing: Unanswered) -> Refused:
    if nothing.code is Code.CLUSTER_UNREACHABLE:
        # So it is told of whoever nobody listens for: here it is the hub itself.
        return Refused(Code.OVERLOADED, "no worker that explains is running")
    return Refused(nothing.code, nothing.message)
