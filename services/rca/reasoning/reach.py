"""How well one symptom explains another: by what follows from its class, and by where both are."""

from services.rca.reasoning.knowledge import FOLLOWS, Class
from services.rca.reasoning.places import CLUSTER, Entity
from services.rca.reasoning.seen import Calls
from services.rca.reasoning.symptoms import Symptom

_WIDE = {
    Class.CONTROL,
    Class.NETWORK,
    Class.STORAGE,
    Class.DNS,
    Class.INGRESS,
    Class.REGISTRY,
    Class.CERTIFICATE,
}
"""Of these, what the platform has serves all of a cluster."""
_SOMEWHERE = {Class.NODE: 0.6, Class.PRESSURE: 0.5, Class.CLOCK: 0.2}
"""Alerts of pods rarely say where they ran: how likely it was there."""
_FELT = {Class.SERVICE, Class.LOAD, Class.OTHER}
"""What callers notice."""
_NO_CALLS = Calls()
_ELSEWHERE = {Class.WORKLOAD, Class.DATASTORE, Class.SERVICE, Class.CHANGE}
"""Others may call it from other namespaces."""


def reach(cause: Symptom, effect: Symptom, calls: Calls = _NO_CALLS) -> float:
    """From 0 (not at all) to 1: how likely the one would bring the other about."""
    if cause.entity.cluster_id != effect.entity.cluster_id:
        return 0.0
    if effect.meaning.kind not in FOLLOWS[cause.meaning.kind]:
        return 0.0
    if serves_all(cause):
        return 0.9 if cause.is_critical else 0.6
    if cause.node is not None and _is_of_node(cause.entity):
        return _on_node(cause, effect)
    return _by_calls(cause, effect, calls) or _in_namespace(cause, effect)


def serves_all(cause: Symptom) -> bool:
    """True of what all of its cluster depends on."""
    kind = cause.meaning.kind
    if cause.entity.word == CLUSTER:
        return kind in _WIDE
    return kind is Class.CONTROL or (cause.entity.is_platform and kind in _WIDE)


def _is_of_node(entity: Entity) -> bool:
    return entity.kind in ("node", "gpu", "device", "clock", "address")


def _on_node(cause: Symptom, effect: Symptom) -> float:
    if effect.node is not None:
        return 1.0 if effect.node == cause.node else 0.0
    if effect.entity.kind in ("node", "address", CLUSTER):
        return 0.0
    return _SOMEWHERE.get(cause.meaning.kind, 0.4)


def _by_calls(cause: Symptom, effect: Symptom, calls: Calls) -> float:
    """What is wrong with a workload is felt by those that call it, load by those it calls.

    0 where the calls are not known: then the namespace says what there is to say.
    """
    one, other = cause.entity, effect.entity
    if one == other or cause.meaning.kind is Class.HOG or effect.meaning.kind not in _FELT:
        return 0.0
    if cause.meaning.kind is Class.LOAD:
        one, other = other, one
    related = calls.are_related(one, other)
    if related is None:
        return 0.0
    return 0.95 if related else 0.1


def _in_namespace(cause: Symptom, effect: Symptom) -> float:
    ours, theirs = cause.entity.namespace, effect.entity.namespace
    if cause.meaning.kind is Class.HOG:
        return _beside(cause, effect)
    if cause.entity == effect.entity:
        return 1.0
    if ours is None or theirs is None:
        return 0.0
    if ours == theirs:
        return 0.8
    calls = cause.meaning.kind in _ELSEWHERE and effect.meaning.kind is Class.SERVICE
    return 0.2 if calls else 0.0


def _beside(hog: Symptom, effect: Symptom) -> float:
    """What uses up a node hits the node, and whatever else is there."""
    if hog.entity == effect.entity:
        return 1.0
    if effect.node is None or hog.node is None:
        return 0.8 if effect.meaning.kind is Class.PRESSURE else 0.4
    return 1.0 if effect.node == hog.node else 0.0
