"""A finding in the words of the contract: bounded, and in sentences. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.incidents import Signal
from contracts.rca import (
    MOST_CITED,
    MOST_CLAIMS,
    MOST_EDGES,
    MOST_MOMENTS,
    RcaAction,
    RcaCause,
    RcaClaim,
    RcaEdge,
    RcaEdgeKind,
    RcaEntity,
    RcaMoment,
    RcaResult,
    RcaTrigger,
)
from contracts.rca_seen import MOST_SEEN, RcaLive
from contracts.spoken import signal_in_words, suspect_in_words
from services.rca.reasoning import KNOWN, Cause, Claim, Earlier, Finding, analyse
from services.rca.reasoning.analysis import placed
from services.rca.reasoning.places import Entity, places
from services.rca.reasoning.runbook import actions
from services.rca.reasoning.seen import UNSEEN, number_of, observations

_LONGEST = 500
"""Characters of a sentence: all of them together have to fit into one message."""
_AHEAD = timedelta(seconds=5)
"""How far a source's clock may be ahead of the log's before nothing is a fact by it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is analysed, and which part of the log was read for it."""

    id: UUID
    trigger: RcaTrigger
    trigger_id: UUID
    incident_id: UUID | None
    clusters: Collection[UUID]
    start: datetime
    end: datetime
    first: int
    last: int
    missing: int = 0
    """Signals that belong to it and of which nothing was read."""
    whole_from: datetime | None = None
    """Events of what was read may have aged out before this time; null: none has."""
    live: RcaLive = UNSEEN
    """What was seen live."""


def result(
    asked: Asked,
    signals: Sequence[Signal],
    known_from: float = KNOWN,
    earlier: Earlier | None = None,
) -> RcaResult:
    """Analyse signals, and tell what was found. The same signals and causes of earlier incidents
    give the same."""
    finding = analyse(signals, known_from, earlier or Earlier(), asked.live)
    cause = finding.cause
    steps = actions(cause.kind, cause.entity) if cause is not None else ()
    return RcaResult(
        id=asked.id,
        trigger=asked.trigger,
        trigger_id=asked.trigger_id,
        incident_id=asked.incident_id,
        cluster_ids=tuple(sorted(asked.clusters)),
        window_start=asked.start,
        window_end=asked.end,
        first_sequence=asked.first,
        last_sequence=asked.last,
        signals=len(signals),
        is_known=cause is not None,
        causes=tuple(_cause(each) for each in finding.causes),
        edges=tuple([*_caused(finding), *_placed(signals, finding, asked.live)][:MOST_EDGES]),
        timeline=tuple(_moments(finding)),
        explanation=_explained(finding, asked),
        actions=tuple(RcaAction(text=each.text, command=each.command) for each in steps),
        live=asked.live,
    )


def cited(found: RcaResult) -> frozenset[int]:
    """The positions of all events that its claims cite."""
    claims = [claim for cause in found.causes for claim in cause.claims]
    return frozenset(one for claim in claims for one in _events(claim))


def borne_out(
    found: RcaResult, logged: Mapping[int, datetime], signals: Iterable[Signal] = ()
) -> RcaResult:
    """The same, held against the log: of events that are there, ``logged`` says when they were.

    A claim is no fact if one of its events is not there any more, or began, as its source says,
    after the log was told of it.
    """
    ahead = {
        each.sequence: each.started_at - logged[each.sequence]
        for each in signals
        if each.sequence in logged and each.started_at - logged[each.sequence] > _AHEAD
    }
    causes = tuple(_borne_out(each, logged.keys() - ahead.keys(), ahead) for each in found.causes)
    gone = len(cited(found) - logged.keys())
    explanation = found.explanation
    if gone:
        text = f"{explanation} {gone} of the events that are cited have left the log:"
        explanation = f"{text} claims that rest on them are hypotheses."[:2000]
    return found.model_copy(update={"causes": causes, "explanation": explanation})


def _borne_out(cause: RcaCause, sound: Collection[int], ahead: Mapping[int, timedelta]) -> RcaCause:
    claims = tuple(
        claim.model_copy(update={"is_fact": claim.is_fact and _events(claim) <= set(sound)})
        for claim in cause.claims
    )
    off = {each: ahead[each] for claim in claims for each in _events(claim) if each in ahead}
    if not off:
        return cause.model_copy(update={"claims": claims})
    seconds = max(off.values()).total_seconds()
    doubt = (
        f"{len(off)} of the events say that they began after they were logged, by {seconds:,.0f} s"
        " at most: a clock is wrong, and what came first is not certain"
    )
    doubts = (*cause.doubts[: MOST_CLAIMS - 1], doubt)
    return cause.model_copy(update={"claims": claims, "doubts": doubts})


def _events(claim: RcaClaim) -> set[int]:
    return {*claim.cited, *claim.effects}


def _entity(entity: Entity) -> RcaEntity:
    return RcaEntity(cluster_id=entity.cluster_id, place=entity.word)


def _cause(cause: Cause) -> RcaCause:
    return RcaCause(
        entity=_entity(cause.entity),
        kind=cause.kind.value,
        score=round(cause.score, 4),
        claims=tuple(_claim(each) for each in cause.claims[:MOST_CLAIMS]),
        doubts=tuple(each[:_LONGEST] for each in cause.doubts[:MOST_CLAIMS]),
    )


def _claim(claim: Claim) -> RcaClaim:
    return RcaClaim(
        text=claim.text[:_LONGEST],
        cited=_logged(claim.sequences),
        effects=_logged(claim.effects),
        seen=_seen(claim.sequences),
        effects_seen=_seen(claim.effects),
        is_fact=claim.is_fact,
    )


def _logged(sequences: Iterable[int]) -> tuple[int, ...]:
    return tuple(each for each in sequences if each > 0)[:MOST_CITED]


def _seen(sequences: Iterable[int]) -> tuple[int, ...]:
    found = (number_of(each) for each in sequences)
    return tuple(each for each in found if each is not None)[:MOST_SEEN]


def _caused(finding: Finding) -> Iterable[RcaEdge]:
    best: dict[tuple[Entity, Entity], RcaEdge] = {}
    for link in finding.links:
        ends = (link.cause.entity, link.effect.entity)
        kind = RcaEdgeKind.TEMPORAL if link.claim.is_fact else RcaEdgeKind.CORRELATION
        edge = RcaEdge(
            kind=kind, source=_entity(ends[0]), target=_entity(ends[1]), weight=link.reach
        )
        if ends not in best or best[ends].weight < edge.weight:
            best[ends] = edge
    return best.values()


def _placed(signals: Sequence[Signal], finding: Finding, live: RcaLive) -> Iterable[RcaEdge]:
    shown = {each.entity for each in finding.symptoms}
    known = places((*signals, *observations(live)), placed(live))
    for upper in (known.part_of, known.node_of):
        for part, whole in sorted(upper.items()):
            if part in shown and whole in shown and part != whole:
                yield RcaEdge(
                    kind=RcaEdgeKind.TOPOLOGY,
                    source=_entity(whole),
                    target=_entity(part),
                    weight=1.0,
                )
    for call in live.calls:
        callee, caller = Entity(call.cluster_id, call.callee), Entity(call.cluster_id, call.caller)
        if callee in shown and caller in shown and callee != caller:
            ends = {"source": _entity(callee), "target": _entity(caller)}
            yield RcaEdge(kind=RcaEdgeKind.CALLS, weight=1.0, **ends)


def _moments(finding: Finding) -> Iterable[RcaMoment]:
    dated = [each for each in finding.symptoms if each.is_dated]
    for each in dated[:MOST_MOMENTS]:
        many = f" ({len(each.signals)} signals)" if len(each.signals) > 1 else ""
        yield RcaMoment(
            at=each.began,
            entity=_entity(each.entity),
            text=f"{signal_in_words(each.name)}{many}"[:_LONGEST],
            sequence=each.first.sequence if each.first.sequence > 0 else None,
            seen=number_of(each.first.sequence),
        )


def _explained(finding: Finding, asked: Asked) -> str:
    parts = [_said(finding)]
    failed = sorted({look.backend.value.capitalize() for look in asked.live.looks if look.failure})
    if failed:
        parts.append(f"Not all was seen that it wanted to see: {', '.join(failed)}.")
    if asked.missing:
        parts.append(f"The log has no beginning of {asked.missing} of its signals any more.")
    if asked.whole_from is not None:
        since = f"{asked.whole_from:%Y-%m-%d %H:%M:%S} UTC"
        parts.append(f"Events before {since} may have left the log, so there may have been more.")
    return " ".join(parts)[:2000]


def _said(finding: Finding) -> str:
    first, others = next(iter(finding.causes), None), len(finding.symptoms)
    if first is None:
        return "Nothing was wrong that the log tells of."
    said = suspect_in_words(first.entity.word, first.kind.value, first.score)
    if finding.cause is None:
        return f"The cause is unknown: what is told are consequences. Best guess: {said}."
    led = [link for link in finding.links if link.cause.entity == first.entity]
    facts = sum(link.claim.is_fact for link in led)
    told = next(each.text for each in first.claims)
    return (
        f"{said}: {told}. Of the {others} things that went wrong {len(led)} may follow from it,"
        f" {facts} of them began after it."
    )
