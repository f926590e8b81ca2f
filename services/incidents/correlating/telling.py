"""What an incident is called, and what its events say: pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

from contracts.incidents import MOST_CLUSTERS, Incident, IncidentState, Signal
from services.incidents.correlating.cases import Case
from services.incidents.correlating.groups import RANKS, Group, Item, worst

_LOOKED_AT = 300
_MOST_WHERE = 16
_ORDER = ("pod", "workload", "gpu", "pvc", "service", "node", "namespace")


def moment(at: float) -> datetime:
    """Seconds since 1970 as a moment."""
    return datetime.fromtimestamp(at, UTC)


def telling(items: Iterable[Item]) -> Item:
    """The signal that says most of why: wide rather than narrow, bad rather than not, early."""
    return min(islice(items, _LOOKED_AT), key=_tells)


def _tells(one: Item) -> tuple[bool, int, int, float, str]:
    wide = 0 if one.at.of_cluster else 1 if one.at.of_node else 2
    if RANKS[one.signal.severity]:
        wide = 2
    return not one.may_open, wide, RANKS[one.signal.severity], one.started, one.id.hex


def title(items: Iterable[Item], group: Group, more: int) -> str:
    """``KubeNodeNotReady on worker-3 and 412 more``; clusters have no names here."""
    first = telling(items).signal
    place = _place(first) if len(group.insides) == 1 else f" in {len(group.insides)} clusters"
    rest = f" and {more} more" if more else ""
    return f"{first.name[:200]}{place[:250]}{rest}"


def _place(signal: Signal) -> str:
    by_kind = {one.partition("/")[0]: one.partition("/")[2] for one in reversed(signal.where)}
    for kind in ("workload", "pod", "pvc", "service", "gpu"):
        if kind == "gpu" and "node" in by_kind:
            break
        if kind in by_kind:
            return f" of {by_kind[kind]}"
    if "node" in by_kind:
        return f" on {by_kind['node']}"
    if signal.where:
        return f" in {signal.where[-1].partition('/')[2]}"
    return ""


def shared(group: Group) -> tuple[str, ...]:
    """What at least half of its signals have in common, the most particular first."""
    if len(group.insides) != 1:
        return ()
    (inside,) = group.insides.values()
    found = [
        token
        for tally in (inside.things, inside.nodes, inside.namespaces)
        for token, count in tally.counts.items()
        if count * 2 >= inside.signals
    ]
    return tuple(sorted(found, key=_particular)[:_MOST_WHERE])


def _particular(token: str) -> tuple[int, str]:
    kind = token.partition("/")[0]
    return (_ORDER.index(kind) if kind in _ORDER else 4), token


def opened(incident_id: object, items: Sequence[Item], group: Group) -> Incident:
    """The head of an incident that these signals make."""
    return Incident.model_validate(
        {
            "id": incident_id,
            "title": title(items, group, len(items) - 1),
            "state": IncidentState.OPEN,
            "severity": worst(one.signal.severity for one in items),
            "cluster_ids": clusters(group),
            "where": shared(group),
            "signals": len(items),
            "lasting": len(items),
            "opened_at": min(one.signal.started_at for one in items),
            "last_signal_at": max(one.signal.started_at for one in items),
        }
    )


def clusters(group: Group) -> tuple[object, ...]:
    """The clusters that it is about, in order."""
    return tuple(sorted(group.insides, key=lambda one: one.hex))[:MOST_CLUSTERS]


def grown(case: Case, head: Incident, added: Sequence[Item], lasting: int) -> Incident:
    """The head after signals were added, and so many more or fewer last."""
    items = [*islice(case.items.values(), _LOOKED_AT), *added]
    starts = [one.signal.started_at for one in added]
    return head.model_copy(
        update={
            "title": title(items, case, head.signals + len(added) - 1) if items else head.title,
            "severity": worst([head.severity, *(one.signal.severity for one in added)]),
            "cluster_ids": clusters(case),
            "where": shared(case),
            "signals": head.signals + len(added),
            "lasting": max(head.lasting + lasting, 0),
            "opened_at": min([head.opened_at, *starts]),
            "last_signal_at": max([head.last_signal_at, *starts]),
        }
    )


def counted(head: Incident, items: Sequence[Item]) -> Incident:
    """The head after signals came or left: these are all that there are; as it was of none."""
    if not items:
        return head.model_copy(update={"signals": 0, "lasting": 0})
    group = Group(head.id)
    for one in items:
        group.add(one)
    starts = [one.signal.started_at for one in items]
    return head.model_copy(
        update={
            "title": title(items, group, len(items) - 1),
            "severity": worst(one.signal.severity for one in items),
            "cluster_ids": clusters(group),
            "where": shared(group),
            "signals": len(items),
            "lasting": sum(one.told for one in items),
            "opened_at": min(starts),
            "last_signal_at": max(starts),
        }
    )
