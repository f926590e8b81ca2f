"""Random histories of a few alerts."""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.alerts import AlertFired, pending_id
from contracts.envelope import Event
from tests.kit import builders

CLUSTERS = (builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID)
FINGERPRINTS = ("a" * 16, "b" * 16, "e" * 5000)
_SEVERITIES = ("CRITICAL", "WARNING", "INFO")


@dataclass
class Life:
    """Random events of a few alerts, each one that the log would take after those before it."""

    chance: random.Random
    open_ones: dict[tuple[UUID, str], dict[str, Any]] = field(
        default_factory=dict[tuple[UUID, str], dict[str, Any]]
    )
    ended: dict[tuple[UUID, str], dict[str, Any]] = field(
        default_factory=dict[tuple[UUID, str], dict[str, Any]]
    )
    pending: dict[tuple[UUID, str], dict[str, Any]] = field(
        default_factory=dict[tuple[UUID, str], dict[str, Any]]
    )
    number: int = 0

    def next(self) -> Event:
        """Mostly of alerts that fire and end, sometimes of what hardly ever happens."""
        self.number += 1
        chance, of = self.chance, (self.chance.choice(CLUSTERS), self.chance.choice(FINGERPRINTS))
        kind = chance.choices(
            ("occurrence", "again", "pending", "pended", "muted", "unmuted"), (8, 3, 2, 2, 1, 1)
        )[0]
        same = {"cluster_id": of[0], "fingerprint": of[1]}
        match kind:
            case "occurrence":
                return self._ends(of) if of in self.open_ones else self._fires(of)
            case "again":
                return self._again(of)
            case "muted":
                return builders.silenced(silenced_by=chance.choice([("s",), ("t", "s")]), **same)
            case "unmuted":
                return builders.unsilenced(**same)
            case _:
                return self._pends(of, ended=kind == "pended")

    def _pends(self, of: tuple[UUID, str], *, ended: bool) -> Event:
        told = self._told(of) | {"id": pending_id(*of)}
        if ended:
            return builders.pending_ended(**self.pending.get(of, told))
        self.pending[of] = told
        return builders.pending(**told)

    def _fires(self, of: tuple[UUID, str]) -> Event:
        """A new occurrence, or one that had ended."""
        told = self.ended.get(of)
        if told is None or self.chance.random() < 0.8:
            told = self._told(of)
        self.open_ones[of] = told
        return AlertFired(alert=builders.alert(**told))

    def _ends(self, of: tuple[UUID, str]) -> Event:
        told = self.ended[of] = self.open_ones.pop(of)
        if self.chance.random() < 0.2:
            told = self._told(of) | {"id": told["id"]}
        return builders.resolved(**told)

    def _again(self, of: tuple[UUID, str]) -> Event:
        """It is renewed, and may have changed; or it ends again, or ends and never fired."""
        if of in self.open_ones:
            told = self.open_ones[of]
            if self.chance.random() < 0.5:
                told = self.open_ones[of] = self._told(of) | {"id": told["id"]}
            return AlertFired(alert=builders.alert(**told), renewed=True)
        told = self.ended.get(of)
        if told is None or self.chance.random() < 0.5:
            told = self.ended[of] = self._told(of)
        return builders.resolved(**told)

    def _told(self, of: tuple[UUID, str]) -> dict[str, Any]:
        chance, name = self.chance, self.chance.choice(["One", "Two"])
        labels = {"alertname": name, "node": chance.choice("xy")}
        if chance.random() < 0.7:
            labels["namespace"] = chance.choice("nm")
        return {
            "id": UUID(int=self.number),
            "cluster_id": of[0],
            "fingerprint": of[1],
            "alertname": name,
            "severity": chance.choice(_SEVERITIES),
            "labels": labels,
            "annotations": {"summary": f"alert {self.number}"},
            # Several begin at once, and some long after they were told.
            "starts_at": builders.at(chance.choice([self.number // 5 * 5, self.number + 70_000])),
        }
