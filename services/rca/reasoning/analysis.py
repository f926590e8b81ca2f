"""Which entity is the cause of what some signals tell, how sure that is, and what speaks for it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.incidents import Signal
from contracts.rca_seen import RcaLive
from contracts.spoken import signal_at, signal_in_words
from services.rca.reasoning.claims import SLACK, Claim, checked
from services.rca.reasoning.earlier import NOTHING, Earlier
from services.rca.reasoning.knowledge import Class
from services.rca.reasoning.places import Entity, Places, places
from services.rca.reasoning.reach import reach, serves_all
from services.rca.reasoning.seen import UNSEEN, Calls, Observation, calls, observations
from services.rca.reasoning.symptoms import Symptom, symptoms

KNOWN = 0.48
"""Score from which on the first cause is named as the cause."""
MOST_CAUSES = 10
MOST_SYMPTOMS = 400
"""Of more, those that weigh most: the work grows with their square."""
_OFF = timedelta(minutes=3)
"""How far the times of what belongs together may be off."""
_SOON = timedelta(minutes=15)
"""What a change breaks is usually noticed within this."""
_UNFIT = 0.3
"""What is left of a change that came after the trouble, or before none."""
_ALONE = 0.6
"""What is left of a cause that explains nothing else."""
_MORE = 0.2
"""How much a second kind of trouble with the same thing counts."""
_FEW = 3
"""In fewer namespaces nothing is felt everywhere."""
_PAIR = 2
"""So many workloads with the same trouble may be one and what it broke."""
_EXPLAINED = 0.7
"""How much a cause loses that another one wholly explains."""


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of the causal graph."""

    cause: Symptom
    effect: Symptom
    reach: float
    claim: Claim


@dataclass(frozen=True, slots=True)
class Cause:
    """An entity that may be behind it, and why."""

    entity: Entity
    kind: Class
    score: float
    """From 0 to 1."""
    claims: tuple[Claim, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """All causes, the most likely first, and the graph that they were found by."""

    causes: tuple[Cause, ...]
    links: tuple[Link, ...]
    """From the causes that are told."""
    symptoms: tuple[Symptom, ...]
    """What it rests on, in the order in which it began."""
    known_from: float = KNOWN
    """The score from which on a cause is known."""

    @property
    def cause(self) -> Cause | None:
        """The first one, if enough speaks for it; null: the cause is unknown."""
        first = next(iter(self.causes), None)
        return first if first is not None and first.score >= self.known_from else None


@dataclass(frozen=True, slots=True)
class _Suspect:
    entity: Entity
    own: tuple[Symptom, ...]
    explained: Mapping[int, tuple[float, Symptom]]
    """Of other symptoms, by their number: how well, and by which of its own."""
    raw: float
    trust: Mapping[Symptom, float]
    """What is left of how likely each of its own tells of a cause; 1 where nothing is said."""

    @property
    def leading(self) -> Symptom:
        return max(self.own, key=lambda each: (self.origin(each), -each.began.timestamp()))

    def origin(self, symptom: Symptom) -> float:
        """How likely one of its own tells of a cause."""
        return symptom.origin * self.trust.get(symptom, 1.0)


def analyse(
    signals: Iterable[Signal],
    known_from: float = KNOWN,
    earlier: Earlier = NOTHING,
    live: RcaLive = UNSEEN,
) -> Finding:
    """Rank the entities that signals are about.

    A cause is what tells by its kind that it is one, explains most of the rest by what follows
    from such things and where they are, was there first, and is not itself explained by another.
    A little more likely is what was the cause of earlier incidents. What was seen live counts as
    signals do; calls that were seen say who suffers from whom.
    """
    told = (*signals, *observations(live))
    known, called = places(told, placed(live)), calls(live)
    found = _weightiest(symptoms(told, known))
    suspects = _suspects(found, called)
    scored = [(each, _score(each, suspects, earlier, called)) for each in suspects]
    scored.sort(key=lambda one: (-round(one[1], 9), one[0].entity))
    log = {each.sequence: each for each in told}
    causes: list[Cause] = []
    links: list[Link] = []
    for suspect, score in scored[:MOST_CAUSES]:
        led = tuple(_links(suspect, found, log, known))
        causes.append(_cause(suspect, score, led, log, known, earlier))
        links += led
    return Finding(tuple(causes), tuple(links), found, known_from)


def _weightiest(found: Sequence[Symptom]) -> tuple[Symptom, ...]:
    if len(found) <= MOST_SYMPTOMS:
        return tuple(found)
    order = sorted(found, key=lambda each: (-each.weight * each.origin, each.began))
    kept = set(order[:MOST_SYMPTOMS])
    return tuple(each for each in found if each in kept)


def placed(live: RcaLive) -> Mapping[Entity, Entity]:
    """The nodes that pods were seen on."""
    return {
        Entity(each.cluster_id, each.pod): Entity(each.cluster_id, each.node)
        for each in live.placed
    }


def _suspects(found: Sequence[Symptom], called: Calls) -> list[_Suspect]:
    by_entity: dict[Entity, list[Symptom]] = defaultdict(list)
    for each in found:
        by_entity[each.entity].append(each)
    common = _common(found)
    return [_suspect(entity, own, found, common, called) for entity, own in by_entity.items()]


def _common(found: Iterable[Symptom]) -> Mapping[Symptom, float]:
    """What is left of a trouble that many workloads have alike: seldom of their own making."""
    alike: dict[tuple[UUID, str], set[Entity]] = defaultdict(set)
    of_workloads = [each for each in found if each.meaning.kind is Class.WORKLOAD]
    for each in of_workloads:
        alike[each.entity.cluster_id, each.name].add(each.entity)
    return {
        each: min(1.0, _PAIR / len(alike[each.entity.cluster_id, each.name])) ** 0.5
        for each in of_workloads
    }


def _suspect(
    entity: Entity,
    own: Sequence[Symptom],
    found: Sequence[Symptom],
    common: Mapping[Symptom, float],
    called: Calls,
) -> _Suspect:
    explained: dict[int, tuple[float, Symptom]] = {}
    for number, other in enumerate(found):
        if other.entity != entity:
            best = max(own, key=lambda each: (reach(each, other, called) * each.origin, each.name))
            if reach(best, other, called):
                explained[number] = (reach(best, other, called), best)
    total = sum(each.weight for each in found)
    covered = sum(each.weight for each in own)
    covered += sum(share * found[number].weight for number, (share, _) in explained.items())
    share = (_ALONE + (1 - _ALONE) * covered / total) * _order(own, found, explained)
    trust = {**common, **_fits(own, [found[number] for number in explained])}
    raw = _origin(own, trust) * share * _spread(found, explained)
    return _Suspect(entity, tuple(own), explained, raw, trust)


def _fits(own: Iterable[Symptom], explained: Iterable[Symptom]) -> Mapping[Symptom, float]:
    """A change is no cause of what was there before it, and seldom of what comes hours later."""
    changes = [each for each in own if each.meaning.kind is Class.CHANGE]
    troubles = [each for each in (*own, *explained) if each.meaning.kind is not Class.CHANGE]
    return {each: _fit(each, [one.began for one in troubles if one.is_dated]) for each in changes}


def _fit(change: Symptom, begun: Sequence[datetime]) -> float:
    after = [each for each in begun if each + _OFF >= change.began]
    if 2 * len(after) <= len(begun):
        return _UNFIT
    gap = max(min(after) - change.began - _SOON, timedelta(0))
    return 0.5 ** (gap / timedelta(hours=1))


def _origin(own: Iterable[Symptom], trust: Mapping[Symptom, float]) -> float:
    """How likely it is a cause by what is told of it: kinds of it count as independent."""
    best: dict[Class, float] = defaultdict(float)
    for each in own:
        origin = each.origin * trust.get(each, 1.0)
        best[each.meaning.kind] = max(best[each.meaning.kind], origin)
    first = max(best.values())
    return 1 - (1 - first) * math.prod(1 - _MORE * each for each in best.values() if each != first)


def _spread(found: Sequence[Symptom], explained: Mapping[int, tuple[float, Symptom]]) -> float:
    """Less for what would be felt everywhere, if it is felt on one node or in one namespace.

    An ingress may fail for the routes of one application alone.
    """
    wide = [
        number
        for number, (_, by) in explained.items()
        if serves_all(by) and by.meaning.kind is not Class.INGRESS
    ]
    if not wide:
        return 1.0
    nodes = {found[number].node for number in wide}
    namespaces = {found[number].entity.namespace for number in wide}
    together = (len(nodes) == 1 and None not in nodes) or len(namespaces) < _FEW
    return 0.5 if together else 1.0


def _order(
    own: Sequence[Symptom],
    found: Sequence[Symptom],
    explained: Mapping[int, tuple[float, Symptom]],
) -> float:
    """1 if all of what it explains came after it, but for what a rule may wait; 0.4 if nothing."""
    dated = {number: share for number, (share, _) in explained.items() if found[number].is_dated}
    begun = [each.onset for each in own if each.is_dated]
    whole = sum(dated.values())
    if not whole or not begun:
        return 1.0
    first = min(begun) - _OFF
    after = sum(share for number, share in dated.items() if found[number].began >= first)
    return 0.4 + 0.6 * after / whole


def _score(
    suspect: _Suspect, suspects: Iterable[_Suspect], earlier: Earlier, called: Calls
) -> float:
    own = suspect.raw * _unexplained(suspect, suspects, called)
    return own + (1 - own) * earlier.prior(suspect.entity, suspect.leading.meaning.kind)


def _unexplained(suspect: _Suspect, suspects: Iterable[_Suspect], called: Calls) -> float:
    """What is left of it, as others explain what tells of it."""
    left = 1.0
    weight = sum(each.weight for each in suspect.own)
    for other in suspects:
        if other.entity == suspect.entity or other.raw <= suspect.raw:
            continue
        by_other = sum(
            each.weight * max(reach(one, each, called) for one in other.own) for each in suspect.own
        )
        surely = other.origin(other.leading) > suspect.origin(suspect.leading)
        share = _EXPLAINED if surely else _EXPLAINED / 2
        left = min(left, 1 - share * by_other / weight)
    return left


def _links(
    suspect: _Suspect, found: Sequence[Symptom], log: Mapping[int, Signal], known: Places
) -> Iterable[Link]:
    for number, (share, cause) in suspect.explained.items():
        effect = found[number]
        text = (
            f"{signal_at(cause.name, suspect.entity.word)} may have led to"
            f" {signal_at(effect.name, effect.entity.word, begins=False)}"
        )
        sequences = tuple(each.sequence for each in cause.signals)
        effects = tuple(each.sequence for each in effect.signals)
        claim = Claim(suspect.entity, text, sequences, effects, effect.entity)
        yield Link(cause, effect, share, checked(claim, log, known.parts))


def _cause(
    suspect: _Suspect,
    score: float,
    links: Sequence[Link],
    log: Mapping[int, Signal],
    known: Places,
    earlier: Earlier,
) -> Cause:
    kind = suspect.leading.meaning.kind
    told = sorted(suspect.own, key=lambda each: -each.origin)
    own = [checked(_observed(each), log, known.parts) for each in told]
    doubts = list(dict.fromkeys(doubt for link in links if (doubt := _early(link))))
    if score < suspect.raw:
        doubts.append("something else explains it as well")
    again = earlier.claims(suspect.entity, kind)
    led = (link.claim for link in sorted(links, key=lambda each: -each.reach))
    return Cause(suspect.entity, kind, score, (*own, *again, *led), tuple(doubts))


def _early(link: Link) -> str:
    """What speaks against it in the order of the two; empty if nothing does."""
    cause, effect = link.cause, link.effect
    if not (cause.is_dated and effect.is_dated):
        return ""
    said = signal_in_words(effect.name)
    began = effect.began + SLACK < cause.began
    logged = 0 < _logged(effect) < _logged(cause)
    if began and logged:
        return f"{said} began before it"
    if began:
        return f"{said} began before it by its source's clock, but was logged after it"
    if logged:
        return f"{said} began after it by its source's clock, but was logged before it"
    return ""


def _logged(symptom: Symptom) -> int:
    """The first position in the log; 0 if it was seen live alone."""
    return min((each.sequence for each in symptom.signals if each.sequence > 0), default=0)


def _observed(symptom: Symptom) -> Claim:
    many = f" ({len(symptom.signals)} signals)" if len(symptom.signals) > 1 else ""
    said = signal_at(symptom.name, symptom.entity.word)
    if isinstance(symptom.first, Observation):
        text = f"{said}: {symptom.first.text}{many}"
        return Claim(symptom.entity, text, tuple(each.sequence for each in symptom.signals))
    since = f"{symptom.began:%Y-%m-%d %H:%M:%S} UTC"
    text = f"{said} since {since}{many}"
    return Claim(symptom.entity, text, tuple(each.sequence for each in symptom.signals))
