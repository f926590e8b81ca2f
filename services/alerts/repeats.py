"""Repeats are telemetry: counted here, told at most once a minute."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.alerts import AlertRepeat, AlertRepeats
from services.alerts.domain import Fold
from services.runtime.store import Store

_EVERY = timedelta(minutes=1)
_MOST_PER_MESSAGE = 2000
_MOST_KEPT = 200_000


@dataclass
class RepeatCounter:
    """Repeats of open alerts that were not told yet, of all clusters.

    Approximate on purpose: what a stopped process had not told is lost.
    """

    _kept: dict[tuple[UUID, UUID], AlertRepeat] = field(
        default_factory=dict[tuple[UUID, UUID], AlertRepeat]
    )
    _told_at: datetime | None = None

    def count(self, cluster_id: UUID, folds: Iterable[Fold]) -> None:
        """Add the repeats that these decisions found."""
        for fold in folds:
            for repeat in fold.repeats:
                key = (cluster_id, repeat.alert_id)
                before = self._kept.get(key)
                if before is None and len(self._kept) >= _MOST_KEPT:
                    continue
                self._kept[key] = _sum(before, repeat)

    def due(self, at: datetime) -> list[AlertRepeats]:
        """What is to be told now: nothing within a minute of the last time."""
        if self._told_at is None:
            self._told_at = at
        if not self._kept or at - self._told_at < _EVERY:
            return []
        self._told_at = at
        kept, self._kept = self._kept, {}
        by_cluster: dict[UUID, list[AlertRepeat]] = {}
        for (cluster_id, _), repeat in kept.items():
            by_cluster.setdefault(cluster_id, []).append(repeat)
        return [
            AlertRepeats(cluster_id=cluster_id, repeats=tuple(part))
            for cluster_id, repeats in by_cluster.items()
            for part in _parts(repeats)
        ]


def _sum(before: AlertRepeat | None, repeat: AlertRepeat) -> AlertRepeat:
    if before is None:
        return repeat
    expiries = [each.expires_at for each in (before, repeat) if each.expires_at is not None]
    return repeat.model_copy(
        update={
            "count": before.count + repeat.count,
            "last_seen_at": max(before.last_seen_at, repeat.last_seen_at),
            "expires_at": max(expiries, default=None),
        }
    )


def _parts(repeats: list[AlertRepeat]) -> Iterable[list[AlertRepeat]]:
    return (
        repeats[start : start + _MOST_PER_MESSAGE]
        for start in range(0, len(repeats), _MOST_PER_MESSAGE)
    )


waiting = RepeatCounter()
"""Those that this process has not told yet."""


async def tell(store: Store) -> None:
    """Tell of the repeats of this process, if it is time."""
    for message in waiting.due(store.at):
        await store.measure("alert_repeats", str(message.cluster_id), message)
