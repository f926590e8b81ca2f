"""Where anomalies are read from: as they are now, or as they were after an event."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.anomalies.view import ABSORBED, ANOMALY, BELONGING, CLUSTER_NAME, FEEDBACK
from services.runtime.projections.columns import names
from services.runtime.queries import AsOf

_SCHEMA = "anomalies"
_COLUMNS = names(column for column in ANOMALY.columns if column.name != "seq")


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    parts: Sequence[str]
    """An anomaly is in one of these, each with indexes of its own."""
    anomaly: str
    """All of them together."""
    feedback: str
    cluster_name: str
    belonging: str
    absorbed: str

    @property
    def incident(self) -> str:
        """The incident that the anomaly ``a`` belongs to, through all that it has ended in."""
        return (
            "(with recursive up (id) as (select b.incident_id"  # noqa: S608 - our own names
            f" from {self.belonging} b where b.anomaly_id = a.id union"
            f" select x.into_id from {self.absorbed} x join up on x.incident_id = up.id)"
            " select id from up where not exists"
            f" (select from {self.absorbed} x where x.incident_id = up.id))"
        )


def sources(as_of: AsOf | None = None) -> Sources:
    """The tables themselves, or their rows as they were."""
    at = None if as_of is None else as_of.sequence
    return Sources(
        parts=("anomalies.anomaly",) if at is None else _then(at),
        anomaly=ANOMALY.source(_SCHEMA, at),
        feedback=FEEDBACK.source(_SCHEMA, at),
        cluster_name=CLUSTER_NAME.source(_SCHEMA, at),
        belonging=BELONGING.source(_SCHEMA, at),
        absorbed=ABSORBED.source(_SCHEMA, at),
    )


def _then(at: int) -> tuple[str, str]:
    """Those that are still as they were then, and those that have changed since."""
    return (
        f"(select {_COLUMNS} from anomalies.anomaly where seq <= {at})",  # noqa: S608
        f"(select {_COLUMNS} from anomalies.anomaly_past"  # noqa: S608
        f" where int8range(valid_from, valid_to) @> {at}::int8)",
    )
