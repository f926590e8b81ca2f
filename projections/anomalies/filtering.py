"""Which anomalies are asked for, as SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.anomalies import Verdict
from projections.anomalies.sources import Sources, sources
from projections.anomalies.view import INDEXED, LASTED, RANK, SEVERITIES, AnomalyState
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Cursor, Where

NEWEST = "-detected_at"
SORTABLE = {
    NEWEST: "a.detected_at desc, a.id desc",
    "severity": f"{RANK}, a.detected_at desc, a.id desc",
}
"""Orders of a list: the newest first, or the worst and of these the newest."""
STATES = tuple(AnomalyState)
UNJUDGED = "NONE"
"""Of whom nobody has said anything."""
VERDICTS = (*Verdict, UNJUDGED)


@dataclass(frozen=True, slots=True)
class AnomalyFilter:
    """Which anomalies are asked for; empty fields do not restrict."""

    mine: Scope
    """Whose anomalies are seen."""
    cluster_id: Sequence[UUID] = ()
    watch_id: Sequence[str] = ()
    metric: Sequence[str] = ()
    severity: Sequence[str] = ()
    anomaly_type: Sequence[str] = ()
    detection_type: Sequence[str] = ()
    state: Sequence[str] = ()
    verdict: Sequence[str] = ()
    """`UNJUDGED` among them: also those without."""
    labels: Sequence[tuple[str, str]] = ()
    since: datetime | None = None
    """They had not ended before."""
    until: datetime | None = None
    """They began before."""
    sort: str = NEWEST
    """A name of `SORTABLE`."""
    as_of: AsOf | None = None
    """After which event; None for now."""

    @property
    def sources(self) -> Sources:
        """The tables, as of the time asked for."""
        return sources(self.as_of)

    @property
    def order(self) -> str:
        """Of anomalies ``a``."""
        return f"order by {SORTABLE[self.sort]}"

    @property
    def ordering(self) -> str:
        """The columns of the order but the id; no more, so that an index alone tells them."""
        return "a.detected_at" if self.sort == NEWEST else "a.detected_at, a.severity"

    def first(self, columns: str, most: int, after: Cursor | None = None) -> tuple[str, list[Any]]:
        """These columns of the first rows, those of the order among them, and all parameters.

        Each part is looked through for itself: over all of them no index tells the order.
        """
        each, parameters = list[str](), list[Any]()
        for part in self.sources.parts:
            for where in self._looks():
                if after is not None:
                    where.add("(a.detected_at, a.id) < (%s, %s)", after.at, after.id)
                rows = f"{part} a{where.sql}"
                if not all(_has_column(*label) for label in self.labels):
                    # How many have a label the planner cannot tell; an index that tells the order
                    # would be read to its end for a rare one.
                    rows = f"(select a.* from {rows} offset 0) a"  # noqa: S608
                each.append(f"select {columns} from {rows} {self.order} limit {most}")  # noqa: S608
                parameters += where.parameters
        if len(each) == 1:
            return each[0], parameters
        together = " union all ".join(f"({one})" for one in each)
        return f"select a.* from ({together}) a {self.order} limit {most}", parameters  # noqa: S608

    def where(self) -> Where:
        """Conditions on an anomaly ``a``."""
        where = self._but_since()
        if self.since is not None:
            where.add(f"{LASTED} && tstzrange(%s, null, '[)')", self.since)
        return where

    def _looks(self) -> Iterator[Where]:
        """The same in parts: those that began since then, and the few that lasted at that time."""
        if self.since is None:
            yield self._but_since()
            return
        where = self._but_since()
        where.add("a.detected_at >= %s", self.since)
        yield where
        where = self._but_since()
        where.add(f"a.detected_at < %s and {LASTED} @> %s::timestamptz", self.since, self.since)
        yield where

    def _but_since(self) -> Where:
        where = Where()
        _one_of(where, "a.cluster_id", self.mine.narrow(self.cluster_id))
        _one_of(where, "a.watch_id", self.watch_id)
        _one_of(where, "a.metric_name", self.metric)
        _one_of(where, RANK, [SEVERITIES.index(each) + 1 for each in self.severity])
        _one_of(where, "a.anomaly_type", self.anomaly_type)
        _one_of(where, "a.detection_type", self.detection_type)
        for name, value in self.labels:
            if _has_column(name, value):
                where.add("a.namespace = %s", value)
            else:
                where.add("a.labels @> %s::jsonb", msgspec.json.encode({name: value}).decode())
        if len(set(self.state)) == 1:
            still = self.state[0] == AnomalyState.OPEN
            where.add(f"a.ended_at is {'' if still else 'not '}null")
        self._judged(where)
        if self.until is not None:
            where.add("a.detected_at < %s", self.until)
            if self.since is not None and self.until <= self.since:
                where.add("false")
        return where

    def _judged(self, where: Where) -> None:
        """Not as joins, whose order the planner would choose by guesses of how many remain."""
        said = [each for each in self.verdict if each != UNJUDGED]
        judged = f"select f.anomaly_id from {self.sources.feedback} f where f.verdict"  # noqa: S608
        if UNJUDGED in self.verdict:
            # Whoever is left out has said something else.
            where.add(f"a.id not in ({judged} <> all(%s))", said)
        elif said:
            where.add(f"a.id = any(array({judged} = any(%s)))", said)


def _has_column(name: str, value: str) -> bool:
    """True for the label that many anomalies have in common."""
    return name == "namespace" and len(value) < INDEXED


def _one_of(where: Where, column: str, values: Sequence[Any]) -> None:
    """One value alone is told as such: of several no index tells the order."""
    if len(values) == 1:
        where.add(f"{column} = %s", values[0])
    else:
        where.one_of(column, values)
