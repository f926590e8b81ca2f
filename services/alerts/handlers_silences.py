"""Silences through the platform: put into a cluster's Alertmanager, then told in the log.

The event names who has asked for it: it is the record of the change. What else the silence mutes,
and when it ends by itself, Alertmanager knows; the poll tells it.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, ValidationError

from contracts.alerts import (
    Alert,
    AlertEvent,
    AlertPending,
    AlertState,
    MutingEvent,
    OpenAlerts,
    SilenceAlert,
    UnsilenceAlert,
    alert_key,
    muting_key,
    pending_key,
)
from contracts.envelope import Query
from contracts.refusals import Code, Refused, TryLater
from contracts.telemetry import ExpireSilence, PutSilence
from services.alerts import silencing
from services.alerts.asking import NoAnswer, open_alerts
from services.alerts.places import place_of
from services.alerts.service import service
from services.runtime.asking import Asker, Unanswered
from services.runtime.log import Conflict, Head as LogHead
from services.runtime.logging import logger
from services.runtime.store import Accepted, Store

_SECONDS = 20.0
_MOST = 10_000
"""Open alerts of a cluster that are looked at for those that a silence mutes."""
_LONGEST_NAME = 256
_TRIES = 8


class _Put(BaseModel):
    silenceID: str  # noqa: N815 - Alertmanager's spelling


@service.handles(SilenceAlert, one_at_a_time=lambda told: (told.cluster_id, told.fingerprint))
async def silence(command: SilenceAlert, store: Store) -> Accepted:
    """Silence an alert in its cluster's Alertmanager; one that has ended may be silenced, too.

    The command's id marks the silence, so that a repeat finds the one that is there.
    """
    alert = await _current(command, store)
    silencing.require(command, alert, store.at)
    silence_id = await _put(command, store)
    key = muting_key(alert.cluster_id, alert.fingerprint)

    async def attempt() -> Accepted:
        loaded = await store.load(key, _last)
        event = silencing.silenced(alert, loaded.state, silence_id)
        return await store.append([event], {key: loaded.head})

    told = {
        "silence_id": silence_id,
        "state": alert.state.value,
        **command.model_dump(mode="json", include={"labels", "ends_at", "comment"}),
    }
    return replace(await store.settle(attempt), details=told)


@service.handles(UnsilenceAlert)
async def unsilence(command: UnsilenceAlert, store: Store) -> Accepted:
    """End a silence in its cluster's Alertmanager."""
    question = ExpireSilence(silence_id=command.silence_id)
    await _answer(store, command.cluster_id, question)
    sequence = await _tell_ended(command, await _silenced_by(command, store), store)
    return Accepted(sequence=sequence, details={"silence_id": command.silence_id})


def _last(before: MutingEvent | None, event: MutingEvent) -> MutingEvent:
    del before
    return event


async def _current(command: SilenceAlert, store: Store) -> Alert:
    """The alert as it is now: firing, else pending, else as it has ended."""
    fires = alert_key(command.cluster_id, command.fingerprint)
    waits = pending_key(command.cluster_id, command.fingerprint)
    found = await store.log.heads((fires, waits))
    last = cast(AlertEvent, found[fires].event).alert if fires in found else None
    if last is not None and last.state is AlertState.FIRING:
        return last
    pending = found[waits].event if waits in found else None
    current = pending.alert if isinstance(pending, AlertPending) else last
    if current is None:
        raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {command.alert_id}")
    return current


async def _put(command: SilenceAlert, store: Store) -> str:
    question = PutSilence(
        mark=store.context.command_id,
        labels=command.labels,
        ends_at=command.ends_at,
        created_by=store.context.actor[:_LONGEST_NAME],
        comment=command.comment,
    )
    body = await _answer(store, command.cluster_id, question)
    try:
        return _Put.model_validate_json(body).silenceID
    except ValidationError:
        text = "its Alertmanager has not said which silence it made; look at its silences"
        raise Refused(Code.UPSTREAM_FAILED, text) from None


async def _silenced_by(command: UnsilenceAlert, store: Store) -> list[str]:
    """Fingerprints of open alerts that it muted, as far as is known; the poll settles the rest."""
    question = OpenAlerts(cluster_id=command.cluster_id, limit=_MOST)
    try:
        found = await open_alerts(question, store)
    except NoAnswer as nothing:
        logger("silences").warning("muted_alerts_not_known", reason=str(nothing))
        return []
    return [each.fingerprint for each in found if command.silence_id in each.silenced_by]


async def _tell_ended(
    command: UnsilenceAlert, fingerprints: Iterable[str], store: Store
) -> int | None:
    """The last sequence; None if no alert was muted by it, as far as is known."""
    keys = [muting_key(command.cluster_id, each) for each in fingerprints]
    last = 0
    for number in range(_TRIES):
        changes: list[tuple[MutingEvent, LogHead]] = []
        for entry in (await store.log.heads(keys)).values():
            left = silencing.without(cast(MutingEvent, entry.event), command.silence_id)
            if left is not None:
                changes.append((left, LogHead(entry.sequence)))
        if not changes:
            break
        last = max(last, *await _appended(changes, store))
        await asyncio.sleep(store.log.random.random() * 0.005 * 2**number)
    return last or None


async def _appended(changes: Sequence[tuple[MutingEvent, LogHead]], store: Store) -> list[int]:
    """Their sequences; 0 where somebody else was first."""
    answers = await store.log.append_each(changes, store.context, store.at)
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return [answer if isinstance(answer, int) else 0 for answer in answers]


async def _answer(store: Store, cluster_id: UUID, question: Query) -> bytes:
    """What the cluster's collector answers; Refused for a reason that whoever has asked is told."""
    place = await place_of(store.log, cluster_id)
    asker, trace = Asker(store.log.bus, store.outside.clock), store.context.traceparent
    try:
        async with asker.ask(place, question, seconds=_SECONDS, traceparent=trace) as answer:
            return b"".join([part async for part in answer])
    except Unanswered as nothing:
        if nothing.code is Code.BUS_UNAVAILABLE:
            raise TryLater(nothing.message) from None
        raise _refusal(nothing.code, nothing.message) from None
    except Refused as refused:
        raise _refusal(refused.code, refused.message, refused.details) from None


def _refusal(code: Code, message: str, details: Mapping[str, Any] | None = None) -> Refused:
    if code is Code.QUERY_TIMEOUT:
        message += "; it may have done it all the same: look at its silences before you try again"
    return Refused(code, message, details)
