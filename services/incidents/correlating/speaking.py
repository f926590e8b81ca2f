"""Decisions put into the events that tell them: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from contracts.incidents import (
    MOST_AT_ONCE,
    Incident,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentState,
    IncidentUpdated,
    Joined,
)
from services.incidents.correlating.cases import Case, Decision, Part
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import RANKS, Item
from services.incidents.correlating.merging import Merge
from services.incidents.correlating.revising import Move
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.telling import counted, grown, moment, opened, telling, united
from services.incidents.correlating.trying import Draft, Join


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident that is about to open."""

    id: UUID
    draft: Draft


@dataclass(frozen=True, slots=True)
class _News:
    """What is new of one incident."""

    joins: Sequence[Join] = ()
    ended: Sequence[Item] = ()
    resumed: Sequence[Item] = ()

    def chunks(self, most: int) -> Iterable["_News"]:
        """The same in portions that an event may hold."""
        size = max(len(self.joins), len(self.ended), len(self.resumed))
        for start in range(0, min(size, most * MOST_AT_ONCE), MOST_AT_ONCE):
            part = slice(start, start + MOST_AT_ONCE)
            yield _News(self.joins[part], self.ended[part], self.resumed[part])


class Speaking:
    """Tells what was decided."""

    def __init__(self, state: State, settings: Settings, now: float) -> None:
        self._state = state
        self._settings = settings
        self._now = now

    def all(
        self,
        joins: Mapping[UUID, Sequence[Join]],
        openings: Sequence[Opening],
        merges: Sequence[Merge],
        moves: Sequence[Move],
    ) -> list[Decision]:
        """Decisions on every incident; of one, at most one."""
        merged = {merge.stays.id for merge in merges} | {merge.ends.id for merge in merges}
        found = [self._open(opening) for opening in openings]
        found += self._merged(merges)
        for move in moves:
            if not merged & {move.source.id, move.target.id}:
                found.append(self._split(move))
                merged |= {move.source.id, move.target.id}
        for case in list(self._state.cases.values()):
            if case.id not in merged and (case.id in joins or _may_have_news(case)):
                decision = self._of(case, joins.get(case.id, ()))
                found += [decision] if decision is not None else []
        return found

    def _open(self, opening: Opening) -> Decision:
        items = opening.draft.items[: MOST_AT_ONCE * self._settings.most_events]
        head = opened(opening.id, items, opening.draft)
        first = telling(items)
        reason = f"{first.signal.name} belongs to nothing that is known"
        if len(items) > 1:
            reason = f"{reason}, and {len(items) - 1} more came with it"
        events: list[IncidentEvent] = []
        for start in range(0, len(items), MOST_AT_ONCE):
            told = items[start : start + MOST_AT_ONCE]
            so_far = min(start + MOST_AT_ONCE, len(items))
            head = head.model_copy(update={"signals": so_far, "lasting": so_far})
            if not events:
                added = tuple(one.signal for one in told)
                events.append(IncidentOpened(incident=head, reason=reason[:500], added=added))
                continue
            rest = tuple(
                Joined(signal=one.signal, reason="came with the first", likeness=1) for one in told
            )
            events.append(IncidentUpdated(incident=head, reason=reason[:500], added=rest))
        return Decision((Part(opening.id, 0, tuple(events)),))

    def _merged(self, merges: Sequence[Merge]) -> list[Decision]:
        """One of each incident at a time: the next one is found again later."""
        told: set[UUID] = set()
        found: list[Decision] = []
        for merge in merges:
            if not told & {merge.stays.id, merge.ends.id}:
                found.append(self._merge(merge))
            told |= {merge.stays.id, merge.ends.id}
        return found

    def _merge(self, merge: Merge) -> Decision:
        stays, ends = merge.stays, merge.ends
        both = united(stays, ends)
        over = ends.head.model_copy(
            update={
                "state": IncidentState.RESOLVED,
                "resolved_at": ends.head.resolved_at or moment(self._now),
                "merged_into": stays.id,
                "signals": 0,
                "lasting": 0,
            }
        )
        of_both = IncidentMerged(incident=both, reason=merge.reason, other_id=ends.id)
        of_end = IncidentMerged(incident=over, reason=merge.reason, other_id=stays.id)
        return Decision(
            (Part(stays.id, stays.version, (of_both,)), Part(ends.id, ends.version, (of_end,)))
        )

    def _split(self, move: Move) -> Decision:
        """Signals that belong to another incident than it seemed."""
        moved = move.items[:MOST_AT_ONCE]
        ids = tuple(one.id for one in moved)
        left = [one for one in move.source.items.values() if one.id not in set(ids)]
        both = [*move.target.items.values(), *moved]
        reason = f"{len(ids)} signals are more like those of the other one in name, place and time"
        parts = [
            Part(
                case.id,
                case.version,
                (
                    IncidentSplit(
                        incident=counted(case.head, items, case.gone),
                        reason=reason,
                        other_id=other.id,
                        moved=ids,
                        from_other=case is move.target,
                    ),
                ),
            )
            for case, other, items in (
                (move.source, move.target, left),
                (move.target, move.source, both),
            )
        ]
        return Decision(tuple(parts))

    def _of(self, case: Case, joins: Sequence[Join]) -> Decision | None:
        news = self._news(case, joins)
        events: list[IncidentEvent] = []
        head = case.head
        if not case.is_open:
            if not (news.joins or news.resumed):
                return None
            head = self._reopened(head, news, events)
            news = replace(news, joins=news.joins[MOST_AT_ONCE:])
        if self._is_time(case, news):
            head = self._updates(case, head, news, events)
        if not events or self._all_told(case, news):
            self._resolve(case, head, events, bool(joins))
        return Decision((Part(case.id, case.version, tuple(events)),)) if events else None

    def _news(self, case: Case, joins: Sequence[Join]) -> _News:
        if not case.untold and not case.fleeting:
            return _News(joins)
        changed = [case.items[one] for one in case.untold]
        settled = [one for one in changed if one.changed + self._hold(one) <= self._now]
        ended = [one for one in settled if not one.lasting]
        over = self._now - self._settings.momentary
        ended += [one for one in map(case.items.__getitem__, case.fleeting) if one.changed <= over]
        resumed = [one for one in settled if one.lasting and self._returned(case, one)]
        return _News(joins, ended, resumed)

    def _returned(self, case: Case, one: Item) -> bool:
        resolved = case.head.resolved_at
        return case.is_open or resolved is None or one.changed > resolved.timestamp()

    def _hold(self, one: Item) -> float:
        held = self._settings.hold * 2 ** min(max(one.flaps - 1, 0), 10)
        return min(held, self._settings.most_hold)

    def _is_time(self, case: Case, news: _News) -> bool:
        if not (news.joins or news.ended or news.resumed):
            return False
        worse = any(
            RANKS[join.one.signal.severity] < RANKS[case.head.severity] for join in news.joins
        )
        full = len(news.joins) + len(news.ended) + len(news.resumed) >= MOST_AT_ONCE
        return worse or full or case.told_at + self._settings.pace <= self._now

    def _updates(
        self, case: Case, head: Incident, news: _News, events: list[IncidentEvent]
    ) -> Incident:
        for part in news.chunks(self._settings.most_events):
            lasting = len(part.joins) + len(part.resumed) - len(part.ended)
            head = grown(case, head, [join.one for join in part.joins], lasting)
            events.append(
                IncidentUpdated(
                    incident=head,
                    reason=_reason(part),
                    added=tuple(map(_joined, part.joins)),
                    ended=tuple(one.id for one in part.ended),
                    resumed=tuple(one.id for one in part.resumed),
                )
            )
        return head

    def _all_told(self, case: Case, news: _News) -> bool:
        return len(news.ended) == len(case.untold) <= MOST_AT_ONCE * self._settings.most_events

    def _resolve(
        self, case: Case, head: Incident, events: list[IncidentEvent], joined: object
    ) -> None:
        """All of it has ended for a while, and was told to have."""
        quiet = case.quiet_since + self._settings.quiet <= self._now
        if joined or case.lasting or not case.is_open or not quiet or (case.untold and not events):
            return
        at = moment(self._now)
        after = {"state": IncidentState.RESOLVED, "resolved_at": at, "resolved_by": None}
        minutes = self._settings.quiet / 60
        reason = f"all of its signals have ended for {minutes:.0f} minutes"
        events.append(IncidentResolved(incident=head.model_copy(update=after), reason=reason))

    def _reopened(self, head: Incident, news: _News, events: list[IncidentEvent]) -> Incident:
        joins = news.joins[:MOST_AT_ONCE]
        after = {"state": IncidentState.OPEN, "resolved_at": None, "resolved_by": None}
        case = self._state.cases[head.id]
        head = grown(case, head.model_copy(update=after), [j.one for j in joins], len(joins))
        back = news.resumed[0].signal if news.resumed else joins[0].one.signal
        reason = f"{back.name} is there again"
        events.append(
            IncidentReopened(incident=head, reason=reason, added=tuple(map(_joined, joins)))
        )
        return head


def _may_have_news(case: Case) -> bool:
    return bool(case.untold or case.fleeting) or (case.is_open and not case.lasting)


def _joined(join: Join) -> Joined:
    return Joined.model_construct(
        signal=join.one.signal, reason=join.reason, likeness=join.likeness
    )


def _reason(news: _News) -> str:
    told: list[str] = []
    if news.joins:
        least = min(news.joins, key=lambda join: (-join.likeness, join.one.order))
        told.append(f"{len(news.joins)} joined: {least.reason}")
    if news.ended:
        told.append(f"{len(news.ended)} have ended")
    if news.resumed:
        told.append(f"{len(news.resumed)} are there again")
    return "; ".join(told)[:500]
