"""Where the fleet is read from: as it is now, or as it was after an event."""

from dataclasses import dataclass
from datetime import datetime

from projections.fleet.view import CAPABILITIES, CLUSTER, CREDENTIALS, STATUS
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, within

_SCHEMA = "fleet"


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    cluster: str
    status: str
    capabilities: str
    credentials: str
    checked: str
    """Joins with the last round of checks (``h``), and the last that was answered (``seen``)."""

    @property
    def clusters(self) -> str:
        """Clusters (``c``), each with its status (``s``)."""
        return f"{self.cluster} c left join {self.status} s on s.cluster_id = c.id"

    @property
    def more(self) -> str:
        """Joins with all else that is known of a cluster ``c``."""
        return (
            f"left join {self.capabilities} a on a.cluster_id = c.id"
            f" left join {self.credentials} k on k.cluster_id = c.id {self.checked}"
        )


def sources(mine: Scope, as_of: AsOf | None = None) -> Sources:
    """The tables themselves, or their rows as they were; of clusters in the scope."""
    sequence = None if as_of is None else as_of.sequence
    return Sources(
        cluster=within(CLUSTER.source(_SCHEMA, sequence), mine, "id"),
        status=STATUS.source(_SCHEMA, sequence),
        capabilities=within(CAPABILITIES.source(_SCHEMA, sequence), mine),
        credentials=CREDENTIALS.source(_SCHEMA, sequence),
        checked=_checked(None if as_of is None else as_of.at),
    )


def _checked(at: datetime | None) -> str:
    """Rounds are telemetry, so time and not a sequence says which of them had been."""
    before, until = "", "until"
    if at is not None:
        moment = f"timestamptz '{at.isoformat()}'"
        before, until = f" and since <= {moment}", f"least(until, {moment})"
    return (
        f"left join lateral (select {until} as until, found from aiops.health_run r"  # noqa: S608 - a time of ours
        f" where r.cluster_id = c.id{before} order by since desc limit 1) h on true"
        f" left join lateral (select {until} as until from aiops.health_run r"
        f" where r.cluster_id = c.id and answered{before} order by since desc limit 1) seen on true"
    )
