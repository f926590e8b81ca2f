"""One poll of a cluster: what it has is compared with what is known, and the difference appended.

What is known to be open the projection tells, and that may be behind; so it only says where to
look. What is written is decided on the log's own heads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from contracts.alerts import (
    AlertEvent,
    MutingEvent,
    OpenAlert,
    PendingEvent,
    alert_key,
    muting_key,
    pending_key,
)
from contracts.envelope import Event, Recorded
from services.alerts import answers, domain, polled
from services.alerts.answers import Had
from services.alerts.normalize import Observation
from services.alerts.polled import Margins, Muted, Mutes, Pended, Poll
from services.alerts.settling import append_each, settle, standing
from services.runtime.log import NOTHING, Head as LogHead
from services.runtime.store import Store

MOST = 10_000
"""Alerts of each kind of change that one poll writes about; what is left is found by the next."""
_AT_ONCE = 1_000
"""Alerts that are decided in one go: others have their turn in between."""


@dataclass(frozen=True, slots=True)
class Round:
    """One poll, and all that is known when it has its answers."""

    cluster_id: UUID
    asked_at: datetime
    """By our clock, before anything was asked."""
    opened: list[OpenAlert]
    """What is known to be open; asked after the cluster."""
    poll: Poll
    margins: Margins
    store: Store

    async def compare(self, had: Had) -> None:
        """Settle what its Alertmanager has and has not."""
        await self._fire(had)
        await self._end(had)
        await self._mute(polled.to_mute(had, self.opened, self._old))

    @property
    def _before(self) -> datetime:
        """Whoever wrote after this may have known more than this poll."""
        return self.asked_at - self.margins.clocks

    @property
    def _old(self) -> datetime:
        """What was written before has to be renewed."""
        return self.store.at - timedelta(hours=self.store.settings.retention.facts_hours) / 2

    async def _fire(self, had: Had) -> None:
        wanted = polled.to_decide(had, self.opened, self._old)[:MOST]
        for start in range(0, len(wanted), _AT_ONCE):
            shown = (had.shown[name] for name in wanted[start : start + _AT_ONCE])
            told = domain.by_fingerprint(answers.firing(shown, self.cluster_id, self.asked_at))
            await settle(self.cluster_id, told, self.store)

    async def _end(self, had: Had) -> None:
        """End what was missing for the second time, and that it is muted."""
        if not polled.concludes(had, self.asked_at, self.margins):
            self.poll.missing.clear()
            return
        missing = polled.missing(had, self.opened)
        since = self.poll.missed(missing, self.asked_at)
        twice = {each.fingerprint: each for each in missing if each.id in since}
        keys = {alert_key(self.cluster_id, name): name for name in [*twice][:MOST]}
        before, ends = self.asked_at - self.margins.settled, list[tuple[Event, LogHead]]()
        for key, each in (await standing(keys, self.store)).items():
            missed = twice[keys[key]]
            end = polled.gone(each.head, missed, since[missed.id], before)
            if end is not None:
                ends.append((end, each.position))
        await append_each(ends, self.store)
        await self._mute(dict.fromkeys(keys.values(), polled.NOT_MUTED))

    async def _mute(self, wanted: Mapping[str, Mutes]) -> None:
        """Tell how these are muted, if that is not told; of what never fired here, nothing."""
        names = [*wanted][:MOST]
        alerts = {name: alert_key(self.cluster_id, name) for name in names}
        mutings = {name: muting_key(self.cluster_id, name) for name in names}
        found = await self.store.log.heads([*alerts.values(), *mutings.values()])
        changes: list[tuple[Event, LogHead]] = []
        for name in names:
            fired, last = found.get(alerts[name]), found.get(mutings[name])
            if fired is None:
                continue
            event = polled.muting(
                None if last is None else Muted(cast(MutingEvent, last.event), last.logged_at),
                cast(AlertEvent, fired.event).alert,
                wanted[name],
                before=self._before,
                renew_before=self._old,
            )
            changes += _change(event, last)
        await append_each(changes, self.store)

    async def pend(self, pending: Mapping[str, Observation]) -> None:
        """Settle what its Prometheus has that is pending."""
        names = polled.to_pend(pending, self.opened, self.poll.pending)[:MOST]
        keys = {name: pending_key(self.cluster_id, name) for name in names}
        found = await self.store.log.heads(keys.values())
        changes: list[tuple[Event, LogHead]] = []
        for name, key in keys.items():
            last = found.get(key)
            before = (
                None if last is None else Pended(cast(PendingEvent, last.event), last.logged_at)
            )
            event = polled.pending(before, pending.get(name), before=self._before)
            changes += _change(event, last)
        await append_each(changes, self.store)
        self.poll.pending = frozenset(pending)


def _change(event: Event | None, last: Recorded | None) -> Iterable[tuple[Event, LogHead]]:
    if event is None:
        return ()
    return ((event, NOTHING if last is None else LogHead(last.sequence)),)
