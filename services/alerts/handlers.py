"""Joins the alert rules with the log: heads in bulk, decide, append each for itself.

An alert that this process has never met is taken for a new one: if that is wrong the log refuses
the append, as for any other race, and the alert is decided again on its head.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from contracts.alerts import AlertEvent, IngestAlerts, alert_key
from contracts.refusals import TryLater
from services.alerts import domain
from services.alerts.met import Met
from services.alerts.normalize import Observation, normalize
from services.alerts.repeats import RepeatCounter
from services.runtime.log import NOTHING, Conflict, Head as LogHead
from services.runtime.service import Service
from services.runtime.store import Accepted, Store

service = Service("alerts")

_TRIES = 8
_repeats = RepeatCounter()
_met = Met()

Told = dict[str, list[Observation]]


@service.handles(IngestAlerts, repeatable=True)
async def ingest(command: IngestAlerts, store: Store) -> Accepted:
    """Take in reports of a cluster's alerts: new, repeated and resolved ones."""
    told = domain.by_fingerprint(
        normalize(report, command.cluster_id, command.received_at) for report in command.reports
    )
    last = 0
    for number in range(_TRIES):
        sequence, told = await _decide_and_append(command, told, store)
        last = max(last, sequence)
        if not told:
            await _tell_repeats(store)
            return Accepted(sequence=last or None)
        if number:
            await asyncio.sleep(store.log.random.random() * 0.005 * 2**number)
    raise TryLater("these alerts are being changed by many at once", delay=0.5)


async def _decide_and_append(command: IngestAlerts, told: Told, store: Store) -> tuple[int, Told]:
    """The last sequence, and what is to be decided again because somebody else was first."""
    keys = [alert_key(command.cluster_id, name) for name in told]
    recorded = await store.log.heads(_met.among(keys))
    positions: dict[str, LogHead] = {}
    heads: dict[str, domain.Head] = {}
    for entry in recorded.values():
        alert = cast(AlertEvent, entry.event).alert
        heads[alert.fingerprint] = domain.Head(alert, entry.logged_at)
        positions[alert.fingerprint] = LogHead(entry.sequence)
    retention = timedelta(hours=store.settings.retention.facts_hours)
    folds = {
        name: domain.fold(heads.get(name), reports, at=store.at, retention=retention)
        for name, reports in told.items()
    }
    last, lost = await _append(folds, positions, store)
    _repeats.count(command.cluster_id, (fold for name, fold in folds.items() if name not in lost))
    return last, {name: told[name] for name in lost}


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
    """Anything but an append or a conflict fails the whole command, which is then tried again."""
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return cast("Sequence[int | Conflict]", answers)


async def _tell_repeats(store: Store) -> None:
    for message in _repeats.due(store.at):
        await store.measure("alert_repeats", str(message.cluster_id), message)
