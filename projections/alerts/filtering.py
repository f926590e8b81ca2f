"""Which alerts are asked for, as SQL: over the rows, or over the tally of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from projections.alerts.sources import Sources, sources
from projections.alerts.view import AHEAD, INDEXED
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Cursor, Where, contains

OPEN = ("FIRING", "PENDING")
NEWEST = "order by a.starts_at desc, a.id desc"
STATES = ("FIRING", "PENDING", "RESOLVED")
_CLOCKS = timedelta(minutes=2)
"""After a time, an alert that was told by then begins only if its source's clock is ahead."""
# To leave a few out, all alerts are looked up in a hash of them: as a join, which "is true"
# prevents, the planner would have to guess how many remain, and guesses badly.
_NOT_MUTED = """not (a.state <> 'RESOLVED' and ((a.cluster_id, a.fingerprint) in (
    select m.cluster_id, m.fingerprint from {} m where m.{} <> '[]'::jsonb)) is true)"""
# As the table of open ones has it ready.
_WORDS = """lower(a.alertname || E'\\n' || coalesce(a.annotations->>'summary', '')
    || E'\\n' || coalesce(a.annotations->>'description', ''))"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; empty fields do not restrict."""

    mine: Scope
    """Whose alerts are seen."""
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
    as_of: AsOf | None = None
    """After which event; None for now."""

    @property
    def tallied(self) -> bool:
        """True if the tally can count them, which it can do as they are now."""
        others = (self.q, self.silenced, self.inhibited, self.fingerprint, self.since, self.until)
        texts = (*self.namespace, *self.alertname)
        return (
            self.as_of is None
            and not self.labels
            and all(other is None for other in others)
            and all(len(text) < INDEXED for text in texts)
        )

    @property
    def sources(self) -> Sources:
        """The tables, as of the time asked for."""
        return sources(self.as_of)

    @property
    def source(self) -> str:
        """The table to look in."""
        return self.sources.of(self.state)

    def newest(
        self, columns: str, most: int, after: Cursor | None = None, told: Sequence[Any] = ()
    ) -> tuple[str, list[Any]]:
        """These columns of the newest rows, time and id among them, and all parameters.

        ``told`` are parameters of the columns. Each part is looked through for itself: over all
        of them no index tells the order.
        """
        each, parameters = list[str](), list[Any]()
        for part in self.sources.parts(self.state):
            for where in self._looks(after):
                found = f"select {columns} from {part} a{where.sql} {NEWEST} limit {most}"  # noqa: S608
                each.append(found)
                parameters += [*told, *where.parameters]
        if len(each) == 1:
            return each[0], parameters
        together = " union all ".join(f"({one})" for one in each)
        return f"select a.* from ({together}) a {NEWEST} limit {most}", parameters  # noqa: S608

    def _looks(self, after: Cursor | None) -> Iterator[Where]:
        """As of a time, an index from the newest on begins there, not with all that came since."""
        at = None if self.as_of is None else self.as_of.at
        for ahead in (False, True) if at is not None else (None,):
            where = self.where()
            if after is not None:
                where.add("(a.starts_at, a.id) < (%s, %s)", after.at, after.id)
            if at is not None:
                where.add(f"a.starts_at {'>' if ahead else '<='} %s", at + _CLOCKS)
            if ahead:
                where.add(AHEAD)
            yield where

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
                where.add(self._muted(column, wanted=wanted))
        return where

    def _muted(self, column: str, *, wanted: bool) -> str:
        read = self.sources
        if not wanted:
            return _NOT_MUTED.format(read.muting, column)
        muting = f"select from {read.muting} m where {read.muted_by}"
        return f"exists ({muting} and m.{column} <> '[]'::jsonb)"

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
        where.within("a.cluster_id", self.mine)


def fingerprint_is(where: Where, fingerprint: str) -> None:
    """Of this fingerprint, by the index."""
    condition = f"left(a.fingerprint, {INDEXED}) = %s and a.fingerprint = %s"
    where.add(condition, fingerprint[:INDEXED], fingerprint)


def _of_text(where: Where, column: str, texts: Sequence[str]) -> None:
    if texts:
        where.add(f"coalesce({column}, '') = any(%s)", list(texts))
