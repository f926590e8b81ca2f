"""Where alerts are read from: as they are now, or as they were after an event."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.alerts.view import ABSORBED, BELONGING, CLUSTER_NAME, INDEXED, MUTING, OPEN
from services.runtime.projections.columns import names
from services.runtime.queries import AsOf

_SCHEMA = "alerts"
_TOLD = {"state", "ends_at", "last_seen_at", "expires_at", "occurrences", "ending", "began", "seq"}
_SAME = names(column for column in OPEN.columns if column.name not in _TOLD)
# Repeats are telemetry: what they have told was known at a time, but at no event.
_ROW = (
    f"select {_SAME}, first_seen_at as last_seen_at, 1::int8 as occurrences,"
    " null::timestamptz as expires_at,"
)
_NOT_ENDED = "null::timestamptz as ends_at, null::text as ending"


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands behind ``from`` in the SQL of all queries."""

    opened: Sequence[str]
    """Those that are open are in one of these."""
    ended: Sequence[str]
    both: Sequence[str]
    muting: str
    cluster_name: str
    belonging: str
    absorbed: str

    @property
    def occurrence(self) -> str:
        """All there are."""
        return _either(self.both)

    def parts(self, states: Sequence[str]) -> Sequence[str]:
        """Alerts in these states are in one of these."""
        if "RESOLVED" not in states:
            return self.opened
        return self.ended if set(states) == {"RESOLVED"} else self.both

    def of(self, states: Sequence[str]) -> str:
        """Where alerts in these states are found."""
        return _either(self.parts(states))

    @property
    def muted_by(self) -> str:
        """What of the muting ``m`` mutes the alert ``a``; one that has ended is not muted."""
        return (
            "m.cluster_id = a.cluster_id and m.fingerprint = a.fingerprint and"
            f" left(m.fingerprint, {INDEXED}) = left(a.fingerprint, {INDEXED})"
            " and a.state <> 'RESOLVED'"
        )

    @property
    def incident(self) -> str:
        """The incident that the alert ``a`` belongs to, through all that it has ended in."""
        return (
            "(with recursive up (id) as (select b.incident_id"  # noqa: S608 - our own names
            f" from {self.belonging} b where b.alert_id = a.id union"
            f" select x.into_id from {self.absorbed} x join up on x.incident_id = up.id)"
            " select id from up where not exists"
            f" (select from {self.absorbed} x where x.incident_id = up.id))"
        )

    @property
    def muted(self) -> str:
        """A join of what mutes an alert, ``m``."""
        return f"{self.muting} m on {self.muted_by}"


def sources(as_of: AsOf | None = None) -> Sources:
    """The tables themselves, or their rows as they were."""
    if as_of is None:
        return _NOW
    at = as_of.sequence
    opened, ended = _open(at), _past(at)
    return Sources(
        opened=opened,
        ended=ended,
        both=[*opened, *ended],
        muting=MUTING.source(_SCHEMA, at),
        cluster_name=CLUSTER_NAME.source(_SCHEMA, at),
        belonging=BELONGING.source(_SCHEMA, at),
        absorbed=ABSORBED.source(_SCHEMA, at),
    )


def _either(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return "(" + " union all ".join(f"select * from {part} as part" for part in parts) + ")"  # noqa: S608


def _open(at: int) -> list[str]:
    """Those that still are; those that have ended since; those of which more has changed."""
    then = _stood(at)
    return [
        f"({_ROW} state, {_NOT_ENDED} from alerts.open where seq <= {at})",
        f"({_ROW} 'FIRING'::text as state, {_NOT_ENDED} from alerts.past where {then})",
        f"({_ROW} state, {_NOT_ENDED} from alerts.was where {then} and state <> 'RESOLVED')",
    ]


def _past(at: int) -> list[str]:
    then = _stood(at)
    return [
        f"({_ROW} 'RESOLVED'::text as state, ends_at, ending from alerts.past where seq <= {at})",
        f"({_ROW} state, ends_at, ending from alerts.was where {then} and state = 'RESOLVED')",
    ]


def _stood(at: int) -> str:
    """Twice the same: for the index of all that stood then, and for those of the newest."""
    return f"int8range(began, seq) @> {at}::int8 and began <= {at} and seq > {at}"


_NOW = Sources(
    opened=["alerts.open"],
    ended=["alerts.past"],
    both=["alerts.occurrence"],
    muting="alerts.muting",
    cluster_name="alerts.cluster_name",
    belonging="alerts.belonging",
    absorbed="alerts.absorbed",
)
