"""Decides on what is told of a cluster's alerts and appends it, each alert for itself."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from contracts.alerts import AlertEvent, alert_key
from contracts.envelope import Event
from contracts.refusals import TryLater
from contracts.subjects import EntityKey
from services.alerts import domain
from services.alerts.normalize import Observation
from services.runtime.log import NOTHING, Conflict, Head as LogHead
from services.runtime.store import Store

_TRIES = 8
_AT_ONCE = 1_000

Told = dict[str, list[Observation]]
Among = Callable[[Iterable[EntityKey]], list[EntityKey]]
"""Which alerts' heads are read; the others are taken for new."""


async def settle(
    cluster_id: UUID,
    told: Told,
    store: Store,
    *,
    among: Among = list,
    repeats: Callable[[UUID, Iterable[domain.Fold]], None] | None = None,
) -> int:
    """Decide on a cluster's reports by fingerprint and append that; the last position, or 0.

    An alert that was taken for a new one, or was changed by another, is decided again on its head.
    """
    last = 0
    for number in range(_TRIES):
        sequence, folds, lost = await _decide_and_append(cluster_id, told, store, among)
        last = max(last, sequence)
        if repeats is not None:
            repeats(cluster_id, (fold for name, fold in folds.items() if name not in lost))
        told = {name: told[name] for name in lost}
        if not told:
            return last
        if number:
            await asyncio.sleep(store.log.random.random() * 0.005 * 2**number)
    raise TryLater("these alerts are being changed by many at once", delay=0.5)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands, and where in the log that was written."""

    head: domain.Head
    position: LogHead


async def standing(keys: Iterable[EntityKey], store: Store) -> dict[EntityKey, Standing]:
    """How alerts stand; those that never were are absent."""
    return {
        key: Standing(
            domain.head_of(cast(AlertEvent, entry.event), entry.logged_at), LogHead(entry.sequence)
        )
        for key, entry in (await store.log.heads(keys)).items()
    }


async def append_each(changes: Iterable[tuple[Event, LogHead]], store: Store) -> int:
    """Append events of different entities; those of which others were first are left out.

    Whoever found out what they say finds it out again. Gives how many were appended.
    """
    wanted, appended = list(changes), 0
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        answers = await store.log.append_each(part, store.context, store.at)
        appended += sum(isinstance(answer, int) for answer in _all_settled(answers))
    return appended


async def _decide_and_append(
    cluster_id: UUID, told: Told, store: Store, among: Among
) -> tuple[int, Mapping[str, domain.Fold], set[str]]:
    """The last sequence, the decisions, and of which alerts somebody else was first."""
    keys = {alert_key(cluster_id, name): name for name in told}
    found = {keys[key]: each for key, each in (await standing(among(keys), store)).items()}
    retention = timedelta(hours=store.settings.retention.facts_hours)
    folds = {
        name: domain.fold(_head(found.get(name)), reports, at=store.at, retention=retention)
        for name, reports in told.items()
    }
    last, lost = await _append(folds, {name: each.position for name, each in found.items()}, store)
    return last, folds, lost


def _head(found: Standing | None) -> domain.Head | None:
    return None if found is None else found.head


async def _append(
    folds: Mapping[str, domain.Fold], positions: dict[str, LogHead], store: Store
) -> tuple[int, set[str]]:
    last, lost = 0, set[str]()
    for wave in domain.rounds(folds.values()):
        events = [event for event in wave if event.alert.fingerprint not in lost]
        names = [event.alert.fingerprint for event in events]
        changes = [(event, positions.get(event.alert.fingerprint, NOTHING)) for event in events]
        answers = await store.log.append_each(changes, store.context, store.at)
        for name, answer in zip(names, _all_settled(answers), strict=True):
            if isinstance(answer, int):
                positions[name] = LogHead(answer)
                last = max(last, answer)
            else:
                lost.add(name)
    return last, lost


def _all_settled(answers: Sequence[int | Exception]) -> Sequence[int | Conflict]:
    """Anything but an append or a conflict fails the whole message, which is then tried again."""
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return cast("Sequence[int | Conflict]", answers)
