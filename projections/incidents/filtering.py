"""Which incidents are asked for, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.incidents.sources import Sources, sources
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Where, contains

OPEN = ("OPEN", "ACKNOWLEDGED")
WORST = "array_position('{{CRITICAL,WARNING,INFO}}'::text[], {})"
"""The rank of a severity."""
SORTABLE = {
    "severity": f"{WORST.format('i.severity')}, i.opened_at desc, i.id desc",
    "-opened_at": "i.opened_at desc, i.id desc",
    "-last_signal_at": "i.last_signal_at desc, i.id desc",
    "impact": f"{WORST.format('i.severity')}, $lasting > 0 desc, $clusters desc, $lasting desc,"
    " i.opened_at desc, i.id desc",
}
"""Orders of a list: the worst first and of these the newest, or the newest, or what matters most
now: of the worst those that last, in most clusters, by most signals."""


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents are asked for; empty fields do not restrict.

    One that has ended in another is in no list: its signals are that one's.
    """

    mine: Scope
    """Whose incidents are seen."""
    state: Sequence[str] = OPEN
    severity: Sequence[str] = ()
    cluster_id: Sequence[UUID] = ()
    q: str | None = None
    """Text in the title. A title that is not seen has none."""
    since: datetime | None = None
    """When they began, inclusive."""
    until: datetime | None = None
    """Exclusive."""
    sort: str = "severity"
    """A name of `SORTABLE`."""
    with_reach: bool = False
    """Each is told with how far it reaches."""
    with_names: bool = False
    """The list is told with what lasts in all of them, by cluster and name."""
    as_of: AsOf | None = None
    """After which event; None for now."""

    @property
    def sources(self) -> Sources:
        """The tables, as of the time asked for."""
        return sources(self.mine, self.as_of)

    @property
    def order(self) -> str:
        """The order of incidents ``i``; by nothing that tells of clusters that are not seen."""
        seen = f"case when {self.sources.redacts('i.cluster_ids')} then 1 else {{}} end"
        order = SORTABLE[self.sort].replace("$lasting", f"({seen.format('i.lasting')})")
        clusters = seen.format("jsonb_array_length(i.cluster_ids)")
        return order.replace("$clusters", f"({clusters})")

    def where(self) -> Where:
        """Conditions on an incident ``i``, all but those on state and severity."""
        where, read = Where(), self.sources
        where.add("i.merged_into is null")
        where.add(read.sees("i.cluster_ids"))
        if self.cluster_id:
            # One that is not seen is in no incident.
            wanted = self.mine.narrow(self.cluster_id)
            where.add("i.cluster_ids ?| %s", [str(cluster) for cluster in wanted])
        if self.q:
            where.add("i.title ilike %s", contains(self.q))
            where.add(f"not ({read.redacts('i.cluster_ids')})")
        for condition, moment in (
            ("i.opened_at >= %s", self.since),
            ("i.opened_at < %s", self.until),
        ):
            if moment is not None:
                where.add(condition, moment)
        return where

    def of_state(self) -> Where:
        """The condition on the state."""
        where = Where()
        where.one_of("i.state", self.state)
        return where

    def of_severity(self) -> Where:
        """The condition on the severity."""
        where = Where()
        where.one_of("i.severity", self.severity)
        return where
