"""What goes wrong in a simulated cluster by itself, and when: by the clock, or as it is ordered."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Incident(StrEnum):
    """What can go wrong."""

    GPU_HOT = "gpu_hot"
    """A GPU gets hotter than is good for it, and slows down."""
    GPU_LOST = "gpu_lost"
    """A GPU falls off its bus (XID 79), vanishes, and is back after a reset."""
    GPU_MEMORY = "gpu_memory"
    """Memory of a GPU fails: a row is to be remapped (XID 63), then a double bit error (XID 48)."""
    PTP_DRIFT = "ptp_drift"
    """A node loses its grandmaster: LOCKED, HOLDOVER, FREERUN, and LOCKED again."""
    VF_SHORTAGE = "vf_shortage"
    """A node has no more virtual functions to give than are in use."""
    DPDK_DROPS = "dpdk_drops"
    """A port gets more packets than there are buffers for."""
    POD_CRASH = "pod_crash"
    """A pod of a network function fails again and again."""
    BAD_ROLLOUT = "bad_rollout"
    """A new version of an application answers with errors, and so do all that ask it."""


_MINUTE = 60.0
_SCRIPT = {
    Incident.GPU_HOT: (60 * _MINUTE, 10 * _MINUTE),
    Incident.GPU_LOST: (240 * _MINUTE, 20 * _MINUTE),
    Incident.GPU_MEMORY: (180 * _MINUTE, 15 * _MINUTE),
    Incident.PTP_DRIFT: (60 * _MINUTE, 10 * _MINUTE),
    Incident.VF_SHORTAGE: (120 * _MINUTE, 30 * _MINUTE),
    Incident.DPDK_DROPS: (60 * _MINUTE, 8 * _MINUTE),
    Incident.POD_CRASH: (120 * _MINUTE, 12 * _MINUTE),
    Incident.BAD_ROLLOUT: (180 * _MINUTE, 25 * _MINUTE),
}
"""How often each comes, and how long it lasts."""
_WEEK = 7 * 86_400
_SHIFT = 7 * _MINUTE
"""By so much later than in the cluster before."""
_MOST_ORDERS = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """One time that something goes wrong; in seconds of unix time."""

    began: float
    seconds: float
    until: float
    """Before it would be over by itself, where something else was ordered."""

    def progress(self, at: float) -> float:
        """How much of it is over: from 0 to 1."""
        return (at - self.began) / self.seconds

    def elapsed(self, at: float) -> float:
        """For how many seconds it has been under way until a moment."""
        return max(0.0, min(at, self.until) - self.began)


@dataclass
class Stage:
    """What goes wrong in one cluster: the script, and what somebody has ordered instead."""

    scripted: bool = False
    """False: nothing goes wrong unless it is ordered."""
    version: int = 0
    """Changes with every order."""
    _orders: dict[Incident, list[Happening]] = field(
        default_factory=dict[Incident, list[Happening]]
    )

    def order(self, incident: Incident, began: float, seconds: float) -> None:
        """Let something happen from a moment on; none of it for 0 seconds.

        What is scripted of this incident does not happen any more from then on.
        """
        known = self._orders.setdefault(incident, [])
        if known and known[-1].until > began:
            known[-1] = Happening(known[-1].began, known[-1].seconds, max(began, known[-1].began))
        known.append(Happening(began, seconds, began + seconds))
        # The first one says when the script has ended.
        del known[1:-_MOST_ORDERS]
        self.version += 1

    def ordered(self, incident: Incident) -> list[Happening]:
        """All orders of an incident, in their order."""
        return self._orders.get(incident, [])


class Staged(Protocol):
    """A cluster, as far as it matters here."""

    @property
    def number(self) -> int:
        """Its place in the fleet."""
        ...

    @property
    def stage(self) -> Stage:
        """What goes wrong in it."""
        ...


def happening(cluster: Staged, incident: Incident, at: float) -> Happening | None:
    """What is under way of an incident at a moment; None for nothing."""
    orders = cluster.stage.ordered(incident)
    if orders and at >= orders[0].began:
        return next((each for each in reversed(orders) if each.began <= at < each.until), None)
    if not cluster.stage.scripted:
        return None
    period, seconds = _SCRIPT[incident]
    since = (at - cluster.number * _SHIFT) % period
    return Happening(at - since, seconds, at - since + seconds) if since < seconds else None


def progress(cluster: Staged, incident: Incident, at: float) -> float | None:
    """How much is over of an incident that is under way at a moment; None for nothing."""
    found = happening(cluster, incident, at)
    return None if found is None else found.progress(at)


def suffered(cluster: Staged, incident: Incident, at: float) -> float:
    """For how many seconds of its week it has been under way until a moment: for counters."""
    orders = cluster.stage.ordered(incident)
    found = sum(each.elapsed(at) for each in orders)
    if not cluster.stage.scripted:
        return found
    period, seconds = _SCRIPT[incident]
    last = min(at, orders[0].began) if orders else at

    def until(moment: float) -> float:
        whole, part = divmod(moment - cluster.number * _SHIFT, period)
        return whole * seconds + min(part, seconds)

    return found + max(0.0, until(last) - until(at - at % _WEEK))
