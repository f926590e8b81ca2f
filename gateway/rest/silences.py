"""Silences over REST: in the clusters' own Alertmanagers, read live and changed by commands."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, cast
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.alerts import AlertState, SilenceAlert, UnsilenceAlert
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from contracts.telemetry import ReadSilences
from gateway.auth.guards import READERS, giving, reads_of
from gateway.federation.answers import Federated, Made, fielded
from gateway.federation.outcome import ClusterAnswer
from gateway.federation.sharing import Matter, Put
from gateway.federation.silences import Silences, SilenceState, gathered
from gateway.gate import Gate
from gateway.rest.documented_silences import SilenceList, SilenceMade, SilenceRequest
from gateway.rest.federated import (
    Clusters,
    answers_of,
    asking,
    cluster_ids,
    duration_seconds,
    telling,
)
from gateway.rest.shared import AnyRequest, States, WithGate, choices, errors, field_error, raw
from gateway.rest.writes import Done, Pending, write
from projections.alerts import queries
from services.runtime.ids import new_id

_PATIENCE = 30.0
"""Seconds: a cluster's Alertmanager may be slow."""
_MOST_LABELS = 64
_ID = re.compile(r"[0-9a-fA-F-]{1,64}\Z")
_NOW = (SilenceState.ACTIVE, SilenceState.PENDING)
_STATES = tuple(SilenceState)
_ENDED = "the alert has ended; the silence is for when it fires again"
_HEADERS = [
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    )
]
_LATER = ResponseSpec(
    Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
)
_WRITE = {202: _LATER} | errors(
    Code.CLUSTER_NOT_FOUND,
    Code.SILENCE_NOT_FOUND,
    Code.AMBIGUOUS,
    Code.CREDENTIALS_INVALID,
    Code.UPSTREAM_FAILED,
    Code.CLUSTER_UNREACHABLE,
    Code.QUERY_TIMEOUT,
    Code.RATE_LIMITED,
    Code.OVERLOADED,
    Code.BUS_UNAVAILABLE,
)
_MAKE = {202: _LATER} | errors(
    Code.INVALID_JSON,
    Code.ALERT_NOT_FOUND,
    Code.CLUSTER_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.CREDENTIALS_INVALID,
    Code.UPSTREAM_FAILED,
    Code.CLUSTER_UNREACHABLE,
    Code.QUERY_TIMEOUT,
    Code.RATE_LIMITED,
    Code.OVERLOADED,
    Code.BUS_UNAVAILABLE,
)
Limit = Annotated[int, QueryParameter(ge=1, le=5_000, description="Items at most.")]
Only = Annotated[
    UUID | None,
    QueryParameter(name="cluster_id", description="Where it is; without it, all are asked."),
]


class _Alert(msgspec.Struct):
    """What is read of an alert's row."""

    id: UUID
    cluster_id: UUID
    fingerprint: str
    state: AlertState
    labels: dict[str, str]


@post("/{ref:str}/silence", operation_id="silenceAlert", summary="Silence an alert",
      opt=giving(SilenceAlert), status_code=201, response_headers=_HEADERS,
      responses=_MAKE)  # fmt: skip
async def silence_alert(
    gate: WithGate, request: AnyRequest, ref: FromPath[str], data: JSONBody[SilenceRequest]
) -> Response[SilenceMade]:
    """Put a silence into the Alertmanager of the alert's cluster; ``ref`` is the alert's id."""
    alert, _ = await _found(gate, request, ref)
    command = SilenceAlert(
        alert_id=alert.id,
        cluster_id=alert.cluster_id,
        labels=_labels(alert, data.labels),
        fingerprint=alert.fingerprint,
        ends_at=_end(gate, data),
        comment=data.comment,
    )
    done = await write(gate, request, command, "alerts", wait=_PATIENCE)
    if isinstance(done, Pending):
        return done.response()
    _, shown = await _found(gate, request, ref)
    return raw(_made(command, done, shown), status=201, headers=_sequence(done))


@get("/", operation_id="listSilences", opt=READERS, summary="Silences of the clusters",
     responses=answers_of(SilenceList))  # fmt: skip
async def list_silences(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: Clusters = None,
    states: States = None,
    limit: Limit = 500,
) -> Response[SilenceList]:
    """What the clusters' Alertmanagers have now, never from a cache; by default not what ended."""
    wanted = tuple(map(SilenceState, choices("state", states, _STATES))) or _NOW
    put = partial(_listed, frozenset(wanted), limit)
    return telling(gate, await _asked(gate, request, cluster_ids(cluster_id), put))


@delete("/{silence_id:str}", operation_id="removeSilence", summary="End a silence",
        opt=giving(UnsilenceAlert), status_code=204, responses=_WRITE)  # fmt: skip
async def remove_silence(
    gate: WithGate, request: AnyRequest, silence_id: FromPath[str], only: Only = None
) -> Response[None]:
    """End a silence in the Alertmanager that has it; one that has ended already stays so."""
    if not _ID.match(silence_id):
        raise Refused(Code.SILENCE_NOT_FOUND, f"there is no silence {silence_id}")
    if only is None:
        cluster_id = await _where(gate, request, silence_id)
    else:
        cluster_id = (await asking(gate, request, [only], "alertmanager")).clusters[0].id
    command = UnsilenceAlert(cluster_id=cluster_id, silence_id=silence_id)
    done = await write(gate, request, command, "alerts", wait=_PATIENCE)
    if isinstance(done, Pending):
        return cast("Response[None]", done.response())
    return Response(None, status_code=204, headers=_sequence(done))


async def _found(gate: Gate, request: AnyRequest, ref: str) -> tuple[_Alert, bytes]:
    """An alert that whoever asks may see, and its row."""
    mine, now = reads_of(request), gate.clock.now()
    body = await queries.by_id(gate.database, UUID(ref), mine, now) if _is_uuid(ref) else None
    if body is None:
        raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {ref}")
    return msgspec.json.decode(body, type=_Alert), body


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _labels(alert: _Alert, names: tuple[str, ...] | None) -> dict[str, str]:
    """What the silence is to match: these labels as the alert has them."""
    foreign = [name for name in names or () if name not in alert.labels]
    if foreign:
        raise field_error("labels", f"must be names of the alert's labels, {foreign[0]} is none")
    chosen = {name: alert.labels[name] for name in names or alert.labels}
    if len(chosen) > _MOST_LABELS:
        raise field_error("labels", f"must be {_MOST_LABELS} at most: name those that matter")
    return chosen


def _end(gate: Gate, wanted: SilenceRequest) -> datetime:
    if (wanted.duration is None) == (wanted.ends_at is None):
        raise field_error("duration", "must be given, or ends_at in its place")
    if wanted.ends_at is not None:
        return wanted.ends_at
    try:
        return gate.clock.now() + timedelta(seconds=duration_seconds(wanted.duration or ""))
    except OverflowError:
        raise field_error("duration", "is too long") from None


def _made(command: SilenceAlert, done: Done, shown: bytes) -> bytes:
    told = done.outcome.details
    ended = told["state"] == AlertState.RESOLVED
    return msgspec.json.encode(
        {
            "silence_id": told["silence_id"],
            "cluster_id": command.cluster_id,
            "labels": told["labels"],
            "ends_at": told["ends_at"],
            "comment": told["comment"],
            "alert": msgspec.Raw(shown),
            "warnings": [_ENDED] if ended else [],
        }
    )


def _sequence(done: Done) -> dict[str, str]:
    sequence = done.outcome.sequence
    return {} if sequence is None else {"X-Event-Sequence": str(sequence)}


async def _where(gate: Gate, request: AnyRequest, silence_id: str) -> UUID:
    """The one cluster that has the silence, of all that can be asked."""
    found = await _asked(gate, request, (), partial(_only, silence_id))
    having = found.fields_or_refused().fields(Silences).items
    if len(having) == 1:
        return having[0].cluster_id
    if having:
        told = [{"cluster_id": str(s.cluster_id), "cluster_name": s.cluster_name} for s in having]
        text = "several clusters have this silence: add cluster_id"
        raise Refused(Code.AMBIGUOUS, text, {"candidates": told})
    missing = msgspec.to_builtins(found.completeness.missing)
    text = f"there is no silence {silence_id}"
    if missing:
        text += f" in any cluster that has answered; {len(missing)} have not: add cluster_id"
    raise Refused(Code.SILENCE_NOT_FOUND, text, {"missing": missing})


async def _asked(gate: Gate, request: AnyRequest, wanted: Sequence[UUID], put: Put) -> Federated:
    """What the Alertmanagers say now.

    A write must show at once, so that no answer is kept and none is shared with who asked earlier.
    """
    asked = replace(await asking(gate, request, wanted, "alertmanager"), fresh=True)
    return await asked.about(Matter("silences", (new_id(),), 0), ReadSilences(), put)


def _listed(states: frozenset[SilenceState], limit: int, answers: Sequence[ClusterAnswer]) -> Made:
    read, found = gathered(answers)
    chosen = [each for each in found if each.state in states]
    fields = {"items": chosen[:limit], "total": len(chosen)}
    return fielded(fields, read, lasting=False)


def _only(silence_id: str, answers: Sequence[ClusterAnswer]) -> Made:
    read, found = gathered(answers)
    having = [each for each in found if each.id == silence_id.lower()]
    return fielded({"items": having, "total": len(having)}, read, lasting=False)


alert_silence = Router("/alerts", route_handlers=[silence_alert], tags=["Observability"])
silences = Router(
    "/silences", route_handlers=[list_silences, remove_silence], tags=["Observability"]
)
