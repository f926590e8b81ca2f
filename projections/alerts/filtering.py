"""Which alerts are asked for, as SQL: over the rows, or over the tally of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from projections.alerts.view import INDEXED
from services.runtime.queries import Where, contains

OPEN = ("FIRING", "PENDING")
STATES = ("FIRING", "PENDING", "RESOLVED")

_MUTED_BY = f"""m.cluster_id = a.cluster_id and m.fingerprint = a.fingerprint
    and left(m.fingerprint, {INDEXED}) = left(a.fingerprint, {INDEXED}) and a.state <> 'RESOLVED'"""
MUTING = f"alerts.muting m on {_MUTED_BY}"
"""What mutes an alert, for a join; an occurrence that has ended is not muted."""
_MUTED = f"exists (select from alerts.muting m where {_MUTED_BY} and m.{{}} <> '[]'::jsonb)"
# To leave a few out, all alerts are looked up in a hash of them: as a join, which "is true"
# prevents, the planner would have to guess how many remain, and guesses badly.
_NOT_MUTED = """not (a.state <> 'RESOLVED' and ((a.cluster_id, a.fingerprint) in (
    select cluster_id, fingerprint from alerts.muting where {} <> '[]'::jsonb)) is true)"""
# As the table of open ones has it ready.
_WORDS = """lower(a.alertname || E'\\n' || coalesce(a.annotations->>'summary', '')
    || E'\\n' || coalesce(a.annotations->>'description', ''))"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; empty fields do not restrict."""

    state: Sequence[str] = OPEN
    severity: Sequence[str] = ()
    cluster_id: Sequence[UUID] = ()
    namespace: Sequence[str] = ()
    """An empty text: those that have none."""
    alertname: Sequence[str] = ()
    labels: Sequence[tuple[str, str]] = ()
    q: str | None = None
    """Text in the name, the summary or the description."""
    silenced: bool | None = None
    inhibited: bool | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    """When they began, inclusive."""
    until: datetime | None = None
    """Exclusive."""

    @property
    def tallied(self) -> bool:
        """True if the tally can count them."""
        others = (self.q, self.silenced, self.inhibited, self.fingerprint, self.since, self.until)
        texts = (*self.namespace, *self.alertname)
        return (
            not self.labels
            and all(other is None for other in others)
            and all(len(text) < INDEXED for text in texts)
        )

    @property
    def source(self) -> str:
        """The table to look in."""
        if "RESOLVED" not in self.state:
            return "alerts.open"
        return "alerts.past" if set(self.state) == {"RESOLVED"} else "alerts.occurrence"

    def where(self) -> Where:
        """Conditions on the rows."""
        where = Where()
        self._of_tally(where)
        _of_text(where, "a.namespace", self.namespace)
        _of_text(where, "a.alertname", self.alertname)
        for name, value in self.labels:
            where.add("a.labels @> %s::jsonb", msgspec.json.encode({name: value}).decode())
        if self.q:
            words = "a.words" if self.source == "alerts.open" else _WORDS
            where.add(f"{words} like lower(%s)", contains(self.q))
        if self.fingerprint is not None:
            fingerprint_is(where, self.fingerprint)
        for condition, moment in (
            ("a.starts_at >= %s", self.since),
            ("a.starts_at < %s", self.until),
        ):
            if moment is not None:
                where.add(condition, moment)
        for column, wanted in (("silenced_by", self.silenced), ("inhibited_by", self.inhibited)):
            if wanted is not None:
                where.add((_MUTED if wanted else _NOT_MUTED).format(column))
        return where

    def tally_where(self) -> Where:
        """Conditions on the tally, which has no others than these."""
        where = Where()
        self._of_tally(where)
        where.one_of("a.namespace", self.namespace)
        where.one_of("a.alertname", self.alertname)
        return where

    def _of_tally(self, where: Where) -> None:
        where.add("a.state = any(%s)", [state for state in STATES if state in self.state])
        where.one_of("a.severity", self.severity)
        where.one_of("a.cluster_id", self.cluster_id)


def fingerprint_is(where: Where, fingerprint: str) -> None:
    """Of this fingerprint, by the index."""
    condition = f"left(a.fingerprint, {INDEXED}) = %s and a.fingerprint = %s"
    where.add(condition, fingerprint[:INDEXED], fingerprint)


def _of_text(where: Where, column: str, texts: Sequence[str]) -> None:
    if texts:
        where.add(f"coalesce({column}, '') = any(%s)", list(texts))
