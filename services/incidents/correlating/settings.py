"""How correlation is set; times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides when something is told, what is kept, and how alike is alike enough."""

    settle: float = 30.0
    """So long a warning waits for company before it opens an incident: sources tell in groups,
    half a minute apart, and not in order."""
    settle_critical: float = 10.0
    pace: float = 5.0
    """Additions to an incident are told together, at most once in this time."""
    hold: float = 5.0
    """So long the end or the return of a signal is held back; doubled each time that it flaps."""
    most_hold: float = 300.0
    steady: float = 1_800.0
    """A signal that did not change for so long has flapped never."""
    quiet: float = 300.0
    """An incident of which everything has ended for so long is resolved."""
    remembered: float = 1_800.0
    """So long a resolved incident is known, and what returns re-opens it."""
    waiting: float = 900.0
    """So long a signal that opens nothing waits for an incident to join."""
    momentary: float = 900.0
    """A signal of which no end is ever told has ended after this time."""
    learnt: float = 86_400.0
    """So long it is known where a pod was seen."""
    muted: float = 604_800.0
    """So long it is known that an alert is silenced, unless it is told again."""
    sweep: float = 60.0

    join: float = 1.0
    """From so much evidence on (natural logarithm of odds) a signal joins."""
    absorb: float = 1.0
    """The same of signals that came together, into an incident that is open."""
    reopen: float = 3.0
    """The same of a new signal and an incident that is resolved."""
    merge: float = 2.5
    """The same of two incidents."""
    fleet_window: float = 240.0
    """Within so long the same has to begin in many clusters to be of one cause."""
    fleet_clusters: int = 4
    """In so many clusters at least."""

    most_open: int = 2_000
    """Incidents; beyond, signals wait."""
    most_members: int = 20_000
    """Signals of one incident; beyond, they belong to none."""
    most_ended: int = 30_000
    """Signals of all incidents that have ended and were told to have; beyond, those that ended
    first are let go, and are but counted. A signal takes 2.4 KB."""
    most_known: int = 100_000
    """Signals of all incidents; beyond, new ones wait."""
    most_waiting: int = 20_000
    """Beyond, those that wait longest are forgotten."""
    most_learnt: int = 50_000
    most_muted: int = 20_000
    most_events: int = 4
    """Of one incident by one decision; the rest is told by the next."""
