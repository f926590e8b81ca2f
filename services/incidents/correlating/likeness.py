"""How much a signal has in common with a group of signals, in numbers and in words: pure.

What is compared are the odds that the signal has the group's cause, against one of its own, as
natural logarithms that are added: of its name, of its places, of its time. A place or name that the
group has counts by its share there, and the less the more other groups have it too. One that it
does not have counts by how often the group's signals brought something new before: a storm over
forty namespaces reaches the next one, a failing roll-out of one workload does not. What is about a
node or a whole cluster explains what is, or may be, inside of it.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.incidents.correlating.groups import Group, Inside, Item, Register

_NAMESPACES, _NODES, _THINGS = 15.0, 12.0, 300.0
"""So many a cluster has, about: a share of one there is worth the logarithm of this."""
_MOST_NAME, _MOST_NAMESPACE, _MOST_NODE, _THING = 2.5, 2.5, 3.0, 3.0
_NAME_FLOOR, _NAMESPACE_FLOOR, _NODE_FLOOR, _THING_FLOOR = -5.0, -3.0, -3.0, -2.0
_AT_ONCE, _FADES, _LEAST_TIME = 1.5, 240.0, -2.5
_GRACE = 60.0
_CROWD, _MOST_CROWD = 0.6, 3.0
"""A storm that is under way explains the next signal more than one that came alone."""
_WIDE = 0.6
_CONTAINS = 1.5
_FLEET_SIGNALS = 3
_PRESENT = 0.2
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_FAMILIES = {
    "storage": frozenset(
        [
            "ceph",
            "osd",
            "persistent",
            "volume",
            "pvc",
            "disk",
            "storage",
            "csi",
            "filesystem",
            "nfs",
            "gluster",
            "noobaa",
        ]
    ),
    "gateway": frozenset(
        ["haproxy", "ingress", "router", "route", "probe", "http", "latency", "request", "gateway"]
    ),
    "names": frozenset(["dns", "resolve", "cert", "certificate", "tls", "issuer"]),
    "gpu": frozenset(["gpu", "xid", "nvlink", "nvidia", "dcgm", "cuda", "ecc"]),
    "clock": frozenset(["ptp", "clock", "ntp", "chrony", "offset", "sync"]),
    "control": frozenset(["etcd", "api", "apiserver", "scheduler", "controller", "offline"]),
}
"""Words of names, by the part of a platform that they speak of."""
_COMMON = frozenset({"kube", "cluster", "the", "is", "high", "down", "error", "errors"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for, or against, that a signal belongs to a group."""

    weight: float
    """Natural logarithm of odds."""
    words: str


def likeness(total: float) -> float:
    """Evidence as a number from 0 to 1."""
    return round(1.0 / (1.0 + math.exp(-max(min(total, 30.0), -30.0))), 4)


def score(one: Item, group: Group, register: Register) -> float:
    """Evidence that a signal belongs to a group which is in its cluster; minus infinity if not."""
    inside = group.insides.get(one.signal.cluster_id)
    if inside is None or not inside.signals:
        return -math.inf
    return (
        _name(one, group, inside, register)
        + _namespace(one, inside, register)
        + _node(one, inside, register)
        + _things(one, inside, register)
        + _time(one, group, inside)
        + _breadth(one, group, inside)
    )


def explain(one: Item, group: Group, register: Register) -> str:
    """The strongest reasons that speak for a group, with their numbers."""
    cluster_id = one.signal.cluster_id
    inside = group.insides.get(cluster_id, Inside())
    told = [
        Evidence(_name(one, group, inside, register), _of(inside, f"name/{one.signal.name}", one)),
        Evidence(_things(one, inside, register), _thing_words(one, inside)),
    ]
    if one.at.node:
        told.append(Evidence(_node(one, inside, register), _of(inside, one.at.node, one)))
    if one.at.namespace:
        words = _of(inside, one.at.namespace, one)
        told.append(Evidence(_namespace(one, inside, register), words))
    strong = sorted((e for e in told if e.weight > 0 and e.words), key=lambda e: -e.weight)
    words = [evidence.words for evidence in strong[:2]]
    if not words and (inside.of_node or inside.of_cluster):
        what = "a cluster" if inside.of_cluster else "a node"
        words.append(f"may be inside of {what} that has failed")
    gap = group.gap(one.started)
    words.append(f"began within {max(gap, 30):.0f} s of another of its signals")
    return ", ".join(words)[:500]


def _of(inside: Inside, token: str, one: Item) -> str:
    kind, _, name = token.partition("/")
    tally = {"name": inside.names, "namespace": inside.namespaces, "node": inside.nodes}[kind]
    count = tally.counts.get(name if kind == "name" else token, 0)
    return f"same {kind} {name} as {count} of its {inside.signals} signals there" if count else ""


def _thing_words(one: Item, inside: Inside) -> str:
    for thing in one.at.things:
        count = inside.things.counts.get(thing, 0)
        if count:
            kind, _, name = thing.partition("/")
            return f"same {kind} {name} as {count} of its {inside.signals} signals there"
    return ""


def _rarity(register: Register, cluster_id: UUID, token: str) -> float:
    """What others have too tells less: the logarithm of how many, halved."""
    return 0.5 * math.log(max(register.shared_by(cluster_id, token), 1))


def has_common(one: Item, group: Group) -> bool:
    """True if a signal and a group have anything in common but their cluster and their time."""
    inside = group.insides.get(one.signal.cluster_id)
    if inside is None:
        return False
    if one.signal.name in inside.names.counts:
        return True
    if any(thing in inside.things.counts for thing in one.at.things):
        return True
    shares = inside.namespaces.share(one.at.namespace), inside.nodes.share(one.at.node)
    return max(shares) >= _PRESENT


def _name(one: Item, group: Group, inside: Inside, register: Register) -> float:
    name = one.signal.name
    here = inside.names.counts.get(name, 0)
    if here:
        others = register.names.counts.get(name, 0) - here
        base = (max(others, 0) + 0.5) / (max(register.names.total - inside.signals, 0) + 25.0)
        value = math.log(here / inside.signals / base)
        return max(min(value, _MOST_NAME), 0.0)
    wide = inside.explains
    new = math.log(inside.names.news(0.8 if wide else 0.4, 1.5))
    return max(min(new, 0.0), _NAME_FLOOR) + _words_shared(name, inside)


def _words_shared(name: str, inside: Inside) -> float:
    mine = words_of(name)
    if not mine:
        return 0.0
    return max(
        (
            len(mine & words_of(other)) / len(mine | words_of(other))
            for other in list(inside.names.counts)[:12]
        ),
        default=0.0,
    )


_known: dict[str, frozenset[str]] = {}


def words_of(name: str) -> frozenset[str]:
    """The words of an alert's name that tell something."""
    found = _known.get(name)
    if found is None:
        if len(_known) > 5_000:
            _known.clear()
        found = frozenset(word.lower() for word in _WORDS.findall(name)) - _COMMON
        _known[name] = found
    return found


def families(names: Iterable[str]) -> set[str]:
    """What parts of a platform names speak of."""
    words = frozenset[str]().union(*map(words_of, names))
    return {family for family, of in _FAMILIES.items() if words & of}


def _namespace(one: Item, inside: Inside, register: Register) -> float:
    namespace = one.at.namespace
    if namespace is None or (one.explains and namespace not in inside.namespaces.counts):
        return _outside(one, inside)
    wide = inside.explains
    if not inside.namespaces.total:
        return -0.3 if wide else -1.0
    share = inside.namespaces.share(namespace)
    if share:
        value = math.log(share * _NAMESPACES)
        value -= _rarity(register, one.signal.cluster_id, namespace)
        return max(min(value, _MOST_NAMESPACE), -0.5)
    prior = 0.8 if wide else 0.15
    return max(math.log(min(inside.namespaces.news(prior, 1.5), 1.0)), _NAMESPACE_FLOOR)


def _outside(one: Item, inside: Inside) -> float:
    """Of what is in no namespace: it explains what is spread over several, not what is in one."""
    if inside.of_cluster:
        about = families([one.signal.name])
        return -1.5 if about and not about & families(inside.roots.counts) else _CONTAINS
    if not inside.namespaces.total or inside.explains:
        return 0.0
    return -0.3 if inside.namespaces.top[1] < 0.6 and one.may_open else -1.5


def _node(one: Item, inside: Inside, register: Register) -> float:
    node = one.at.node
    if node is None or not inside.nodes.total:
        return 0.0
    share = inside.nodes.share(node)
    if share:
        value = math.log(share * _NODES) - _rarity(register, one.signal.cluster_id, node)
        return max(min(value, _MOST_NODE), -0.3)
    prior = 0.6 if inside.of_cluster else 0.15
    return max(math.log(min(inside.nodes.news(prior, 1.5), 1.0)), _NODE_FLOOR)


def _things(one: Item, inside: Inside, register: Register) -> float:
    if not one.at.things or not inside.things.total:
        return 0.0
    best = 0.0
    for thing in one.at.things:
        if thing in inside.things.counts:
            value = math.log(1 + inside.things.counts[thing] / inside.signals * _THINGS)
            value -= _rarity(register, one.signal.cluster_id, thing)
            best = max(best, min(value, _THING))
    if best:
        return best
    new = inside.things.news(0.8 if inside.explains else 0.3, 1.5)
    return max(min(math.log(new), 0.0), _THING_FLOOR)


def _time(one: Item, group: Group, inside: Inside) -> float:
    gap = max(group.gap(one.started) - _GRACE, 0.0)
    if one.started < group.first - _GRACE:
        gap *= 2  # A cause comes before what follows from it.
    value = max(_AT_ONCE - gap / _FADES, _LEAST_TIME)
    return value + min(_CROWD * math.log(max(inside.rate(one.started), 1)), _MOST_CROWD)


def _breadth(one: Item, group: Group, inside: Inside) -> float:
    """What is about a node or a cluster makes much else go wrong."""
    if inside.of_cluster or (group.is_fleet and inside.signals >= _FLEET_SIGNALS):
        return _WIDE
    if inside.of_platform:
        return _WIDE
    return _WIDE if inside.of_node and one.at.node is None else 0.0
