"""Answers what incidents there would have been with other rules, from the log as it is."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.catalog import CATALOG
from contracts.envelope import Recorded, rfc3339
from contracts.incidents import Rehearsed, RehearsedIncident, RehearseRules
from contracts.refusals import Code, Refused
from services.incidents.correlating.inputs import INPUTS
from services.incidents.correlating.membership import Membership
from services.incidents.correlating.rehearsal import Rehearsal
from services.incidents.service import service
from services.runtime.following import event_of
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.replies import Asked

MOST_EVENTS = 100_000
_PAGE = 500
_MOST_TOLD = 100
_MOST_BEFORE = 10


@service.answers(RehearseRules)
async def rehearse_rules(query: RehearseRules, asked: Asked) -> Mapping[str, Any]:
    """Fold what was wrong in a time by the rules that count, and by others, and compare."""
    before, after = Rehearsal.by(query.before), Rehearsal.by(query.after)
    events = 0
    window = Window(query.since, query.until)
    async with Replay(asked.log, window, event_filters(types=INPUTS)) as replay:
        while page := await replay.take(_PAGE):
            events += len(page)
            if events > MOST_EVENTS:
                text = f"more than {MOST_EVENTS:,} events happened in this time; take a shorter one"
                raise Refused(Code.LIMIT_REACHED, text)
            told = [event_of(CATALOG, delivery) for delivery in page]
            await asyncio.to_thread(_take, (before, after), told, frozenset(query.cluster_ids))
        whole_from = replay.extent.whole_from
    await asyncio.to_thread(_end, (before, after))
    answer = Rehearsed(
        events=events,
        before=len(before.known.incidents),
        after=len(after.known.incidents),
        signals_before=_signals(before),
        signals_after=_signals(after),
        changed=_only_in(after.known, before.known),
        gone=_only_in(before.known, after.known),
        whole_from=whole_from,
    )
    await asked.send(answer.model_dump_json().encode())
    return {"whole_from": None if whole_from is None else rfc3339(whole_from)}


def _take(both: Iterable[Rehearsal], told: Sequence[Recorded], clusters: frozenset[UUID]) -> None:
    for recorded in told:
        if not clusters or recorded.event.of_clusters & clusters:
            for rehearsal in both:
                rehearsal.take(recorded)


def _end(both: Iterable[Rehearsal]) -> None:
    for rehearsal in both:
        rehearsal.end()


def _signals(rehearsal: Rehearsal) -> int:
    return sum(map(len, rehearsal.known.members.values()))


def _only_in(these: Membership, others: Membership) -> tuple[RehearsedIncident, ...]:
    """Incidents of which the other has none with the same signals."""
    known = {frozenset(members) for members in others.members.values()}
    found = [one for one, members in these.members.items() if frozenset(members) not in known]
    found.sort(key=lambda one: (-len(these.members[one]), one.hex))
    home = {signal: one for one, members in others.members.items() for signal in members}
    return tuple(_shown(one, these, others, home) for one in found[:_MOST_TOLD])


def _shown(
    one: UUID, these: Membership, others: Membership, home: Mapping[UUID, UUID]
) -> RehearsedIncident:
    incident, members = these.incidents[one], these.members[one]
    shares = Counter(home[signal] for signal in members if signal in home)
    return RehearsedIncident(
        title=incident.title,
        severity=incident.severity,
        cluster_ids=incident.cluster_ids,
        where=incident.where,
        signals=len(members),
        opened_at=incident.opened_at,
        was=tuple(others.incidents[each].title for each, _ in shares.most_common(_MOST_BEFORE)),
    )
