"""How much groups of signals have in common, as wholes: pure."""

import math
from collections.abc import Sequence
from uuid import UUID

from services.incidents.correlating.groups import (
    Group,
    Inside,
    Item,
    Register,
    names_of,
    profile_likeness,
)
from services.incidents.correlating.likeness import families, score
from services.incidents.correlating.spots import PLATFORM

_SAMPLE = 16
_FOCUS, _ENOUGH, _SPREAD = 0.9, 5, 4
_AWAY, _EXPLAINS, _EXPLAINED, _ALIKE = -20.0, 3.0, 4.0, 1.0
_OVERLAPS = 5.0
_COMMON = 0.02
_PRESENT = 0.2
_MANY, _CROWD = 15, 40
_SAME_NAMES = 0.6


def sample(items: Sequence[Item]) -> Sequence[Item]:
    """Some of many, spread evenly."""
    step = max(len(items) // _SAMPLE, 1)
    return items[::step][:_SAMPLE]


def absorption(items: Sequence[Item], draft: Group, into: Group, register: Register) -> float:
    """Evidence that signals of one cluster, which came together, belong to a group."""
    chosen = sample(items)
    scores = sorted(score(one, into, register) for one in chosen)
    if not scores or scores[-1] == -math.inf:
        return -math.inf
    cluster_id = chosen[0].signal.cluster_id
    middle = sum(scores) / len(scores) + _OVERLAPS * max(overlap(chosen, into) - 0.5, 0.0)
    there = into.insides[cluster_id]
    roots = _roots(into) if into.is_fleet else set(there.roots.counts)
    return middle + _as_wholes(draft.insides[cluster_id], there, roots)


def _as_wholes(draft: Inside, there: Inside, roots: set[str]) -> float:
    """What single signals do not show: whether all of them point at one thing, or at nothing."""
    if is_on_node(draft):
        node = draft.nodes.top[0]
        known = there.nodes.share(node) >= _PRESENT and not there.nodes.is_island(node)
        return 0.0 if known else _AWAY
    about = families(draft.names.counts)
    kin = about & families(roots)
    own = set(draft.roots.counts)
    if own and roots and not own & roots and not kin and not there.of_cluster:
        return _AWAY
    spread = len(there.namespaces.counts) >= _SPREAD
    if draft.wide == draft.signals:
        return _EXPLAINED if spread and (kin or _is_of(draft, there, about, roots)) else 0.0
    if draft.of_node * 2 >= draft.signals:
        return _EXPLAINED if spread and not roots else 0.0
    return _followers(draft, there, kin, spread=spread)


def _followers(draft: Inside, there: Inside, kin: set[str], *, spread: bool) -> float:
    """Of signals that are no root themselves."""
    if is_focused(draft):
        namespace, _ = draft.namespaces.top
        count = draft.namespaces.counts[namespace]
        if there.namespaces.is_island(namespace, count):
            return _AWAY
        if not spread and not _is_there(draft, there) and "storage" not in kin:
            return _AWAY if count > _CROWD else 0.0
    value = _EXPLAINS if there.explains and not spread else 0.0
    alike = profile_likeness(draft.names.counts, there.names.counts)
    few = len(draft.namespaces.counts) < _SPREAD
    return value + (_ALIKE if alike >= _SAME_NAMES and not few else 0.0)


def _is_of(draft: Inside, there: Inside, about: set[str], roots: set[str]) -> bool:
    """True if what is wrong with a platform may be the root, or a part, of what is there."""
    if not roots:
        return True
    operators = [one for one in draft.things.counts if one.startswith("operator/")]
    if families(operators) & families(roots):
        return True
    return bool(there.of_cluster) and not about


def _is_there(draft: Inside, there: Inside) -> bool:
    return sum(map(there.namespaces.share, draft.namespaces.counts)) >= _PRESENT


def is_naked(inside: Inside) -> bool:
    """True for a root of which what follows is not there yet."""
    return inside.explains and len(inside.namespaces.counts) < _SPREAD


def is_on_node(inside: Inside) -> bool:
    """True if nearly all of it is on one node, and that is no chance."""
    known = inside.nodes.total
    return known >= _ENOUGH and known >= _FOCUS * inside.signals and inside.nodes.top[1] >= _FOCUS


def is_focused(inside: Inside) -> bool:
    """True if nearly all of it is in one namespace or a few, and that is no chance."""
    counts = inside.namespaces.counts
    if inside.signals < _ENOUGH or not counts:
        return False
    return inside.namespaces.top[1] >= _FOCUS or (inside.signals >= _MANY and len(counts) < _SPREAD)


def _is_focused(group: Group) -> bool:
    focused = sum(
        is_focused(one) and not one.namespaces.top[0].startswith(PLATFORM)
        for one in group.insides.values()
    )
    return focused * 2 > len(group.insides)


def same_everywhere(one: Group, other: Group, window: float) -> bool:
    """True if the same began in clusters that differ at about the same time."""
    if not (one.is_weighty and other.is_weighty):
        return False
    if abs(one.first - other.first) > window and not other.is_fleet:
        return False
    if other.is_fleet and one.first > other.last + window:
        return False
    roots, others = _roots(one), _roots(other)
    if bool(roots) is not bool(others) or (roots and not roots & others):
        return False
    return _is_focused(one) == _is_focused(other) and _names_found(one, other) >= _SAME_NAMES


def is_of_fleet(one: Group, fleet: Group, window: float) -> bool:
    """True if one in a cluster has the root that another has in many, and no other."""
    if one.is_fleet or not fleet.is_fleet or one.first > fleet.last + window:
        return False
    own = {name for inside in one.insides.values() for name in inside.roots.counts}
    return bool(own) and own <= _roots(fleet) and _names_found(one, fleet) >= _SAME_NAMES


def _roots(group: Group) -> set[str]:
    """Names of what makes much else go wrong, in most of its clusters."""
    found: dict[str, int] = {}
    for inside in group.insides.values():
        for name in inside.roots.counts:
            found[name] = found.get(name, 0) + 1
    return {name for name, count in found.items() if count * 2 >= len(group.insides)}


def _names_found(one: Group, other: Group) -> float:
    """Share of a group's signals of which the name is common in the other one's clusters."""
    found = 0.0
    for name, count in names_of(one).items():
        there = sum(inside.names.share(name) >= _COMMON for inside in other.insides.values())
        found += count * (there * 2 >= len(other.insides))
    return found / max(one.size, 1)


def same_clusters(one: Group, other: Group) -> bool:
    """True if two that are in many clusters are in the same ones."""
    if not (one.is_fleet and other.is_fleet):
        return False
    both = len(one.insides.keys() & other.insides.keys())
    return both * 2 >= min(len(one.insides), len(other.insides))


def shared_cluster(one: Group, other: Group) -> UUID | None:
    """The cluster in which most of the smaller one is, if the other one is there too."""
    home = max(one.insides, key=lambda c: (one.insides[c].signals, c.hex), default=None)
    return home if home in other.insides else None


def overlap(items: Sequence[Item], into: Group) -> float:
    """Share of signals that are about something which a group is about too."""
    found = 0
    for one in items:
        there = into.insides.get(one.signal.cluster_id)
        if there is not None and any(thing in there.things.counts for thing in one.at.things):
            found += 1
    return found / len(items) if items else 0.0
