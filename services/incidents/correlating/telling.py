"""What an incident is called, and what its events say: pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

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


def title(items: Iterable[Item], clusters: int, more: int) -> str:
    """``KubeNodeNotReady on worker-3 and 412 more``; clusters have no names here."""
    first = telling(items).signal
    place = _place(first) if clusters == 1 else f" in {clusters} clusters"
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
            "title": title(items, len(group.insides), len(items) - 1),
            "state": IncidentState.OPEN,
            "severity": worst(one.signal.severity for one in items),
            "cluster_ids": _clusters(group),
            "where": shared(group),
            "signals": len(items),
            "lasting": len(items),
            "opened_at": min(one.signal.started_at for one in items),
            "last_signal_at": max(one.signal.started_at for one in items),
        }
    )


def _clusters(group: Group, known: Iterable[UUID] = ()) -> tuple[UUID, ...]:
    """The clusters that it is about, in order; those that are known anyway included."""
    return tuple(sorted({*group.insides, *known}, key=lambda one: one.hex))[:MOST_CLUSTERS]


def _wide(group: Group, about: Sequence[UUID]) -> int:
    """In how many clusters it is: those of which it tells, or more."""
    return max(len(group.insides), len(about))


def grown(case: Case, head: Incident, added: Sequence[Item], lasting: int) -> Incident:
    """The head after signals were added, and so many more or fewer last."""
    items = [*islice(case.items.values(), _LOOKED_AT), *added]
    starts = [one.signal.started_at for one in added]
    about = _clusters(case, head.cluster_ids)
    signals = head.signals + len(added)
    return head.model_copy(
        update={
            "title": title(items, _wide(case, about), signals - 1) if items else head.title,
            "severity": worst([head.severity, *(one.signal.severity for one in added)]),
            "cluster_ids": about,
            "where": shared(case),
            "signals": signals,
            "lasting": max(head.lasting + lasting, 0),
            "opened_at": min([head.opened_at, *starts]),
            "last_signal_at": max([head.last_signal_at, *starts]),
        }
    )


def united(stays: Case, ends: Case) -> Incident:
    """The head of the one of two that stays, after all of the other belongs to it."""
    one, other = stays.head, ends.head
    known = one.model_copy(update={"cluster_ids": (*one.cluster_ids, *other.cluster_ids)})
    both = grown(stays, known, list(ends.items.values()), other.lasting)
    items = [*islice(stays.items.values(), _LOOKED_AT), *ends.items.values()]
    signals = one.signals + other.signals
    return both.model_copy(
        update={
            "title": title(items, len(both.cluster_ids), signals - 1) if items else one.title,
            "severity": worst([both.severity, other.severity]),
            "signals": signals,
            "opened_at": min(both.opened_at, other.opened_at),
            "last_signal_at": max(both.last_signal_at, other.last_signal_at),
        }
    )


def counted(head: Incident, items: Sequence[Item], gone: int = 0) -> Incident:
    """The head after signals came or left: these are there, and so many were let go before."""
    if not items:
        return head.model_copy(update={"signals": gone, "lasting": 0})
    group = Group(head.id)
    for one in items:
        group.add(one)
    about = _clusters(group, head.cluster_ids if gone else ())
    starts = [one.signal.started_at for one in items]
    signals = len(items) + gone
    after = {
        "title": title(items, _wide(group, about), signals - 1),
        "severity": worst(one.signal.severity for one in items),
        "cluster_ids": about,
        "where": shared(group),
        "signals": signals,
        "lasting": sum(one.told for one in items),
        "opened_at": min(starts),
        "last_signal_at": max(starts),
    }
    if gone:
        # It may be any of these that says so.
        after |= {
            "severity": worst([head.severity, *(one.signal.severity for one in items)]),
            "opened_at": min(head.opened_at, *starts),
            "last_signal_at": max(head.last_signal_at, *starts),
        }
    return head.model_copy(update=after)
