"""Ends the alerts of a cluster that has left the fleet: nobody will tell that they are over."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from contracts.alerts import (
    AlertPending,
    AlertPendingEnded,
    AlertState,
    Ending,
    OpenAlert,
    alert_key,
    pending_key,
)
from contracts.envelope import Event
from contracts.subjects import EntityKey
from services.alerts import domain
from services.alerts.settling import append_each, standing
from services.runtime.log import Head as LogHead
from services.runtime.store import Store

LATE = timedelta(days=1)
"""So long after the last event of a cluster that has left, nothing more is expected of it."""


async def end_all(opened: Iterable[OpenAlert], store: Store) -> int:
    """End what of these still fires or is pending; how many that were.

    What was written about one of them meanwhile stays: whoever asks again finds it.
    """
    known = list(opened)
    firing = [alert_key(each.cluster_id, each.fingerprint) for each in known]
    ends: list[tuple[Event, LogHead]] = [
        (domain.resolved(each.head.alert, store.at, Ending.GONE), each.position)
        for each in (await standing(firing, store)).values()
        if each.head.alert.state is AlertState.FIRING
    ]
    pending = [
        pending_key(each.cluster_id, each.fingerprint)
        for each in known
        if each.state is AlertState.PENDING
    ]
    ends += [
        (AlertPendingEnded(alert=last.event.alert), LogHead(last.sequence))
        for last in (await store.log.heads(pending)).values()
        if isinstance(last.event, AlertPending)
    ]
    return await append_each(ends, store)


async def at_rest(cluster_id: UUID, store: Store) -> bool:
    """True if nothing has been written of a cluster, nor of its alerts, for long.

    Only then the projection, which may be behind, has surely shown all of its alerts that are open.
    """
    last = await store.log.head(EntityKey(str(cluster_id), "*", "*"))
    return last is None or last.logged_at < store.at - LATE
