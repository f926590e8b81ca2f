"""How the state of correlation follows from the log, event by event: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID, uuid5

from contracts.incidents import (
    CorrelationRule,
    IncidentEvent,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentState,
    IncidentUpdated,
    Signal,
    SignalKind,
)
from services.incidents.correlating.cases import Case
from services.incidents.correlating.groups import Item, Register, item
from services.incidents.correlating.rules import Rules
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.signals import Begun, Change, Ended, Located, Muted

_MOST_MOVING = 10_000


@dataclass
class State:
    """All that is known: what `dump` keeps."""

    sequence: int = 0
    swept: float = 0.0
    left_out: int = 0
    cases: dict[UUID, Case] = field(default_factory=dict[UUID, Case])
    waiting: dict[UUID, Item] = field(default_factory=dict[UUID, Item])
    """Signals that belong to no incident, by id, the oldest first."""
    told_rules: dict[str, CorrelationRule] = field(default_factory=dict[str, CorrelationRule])
    places: dict[tuple[UUID, str], tuple[str, float]] = field(
        default_factory=dict[tuple[UUID, str], tuple[str, float]]
    )
    """By cluster and pod: the node that it was seen on, and when; the oldest first."""
    muted: dict[str, float] = field(default_factory=dict[str, float])
    """Alerts that are muted, and since when this is known; the oldest first."""
    occurrences: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """By what a state is called for ever: the signal that it is this time."""
    moving: dict[UUID, dict[UUID, Item]] = field(default_factory=dict[UUID, dict[UUID, Item]])
    """Signals on their way to an incident whose part of a split was not told yet."""
    member_of: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """By signal: its incident."""
    register: Register = field(default_factory=Register)
    rules: Rules = field(default_factory=lambda: Rules({}))

    def define(self, rule: CorrelationRule) -> None:
        self.told_rules[rule.id] = rule
        self._count_again()

    def undefine(self, rule_id: str) -> None:
        self.told_rules.pop(rule_id, None)
        self._count_again()

    def _count_again(self) -> None:
        self.rules = Rules(self.told_rules)
        for case in self.cases.values():
            case.keys.clear()
            for one in case.items.values():
                self.rules.count(case, one, 1)

    def put(self, case: Case, one: Item) -> None:
        """A signal belongs to an incident from now on, wherever it was before."""
        self.waiting.pop(one.id, None)
        before = self.member_of.get(one.id)
        if before is not None:
            one = self.take(before, one.id)
        case.put(one)
        self.member_of[one.id] = case.id
        self.register.add(case, one)
        self.rules.count(case, one, 1)

    def take(self, case_id: UUID, signal_id: UUID) -> Item:
        case = self.cases[case_id]
        one = case.take(signal_id)
        del self.member_of[signal_id]
        self.register.drop(case, one)
        self.rules.count(case, one, -1)
        return one

    def forget(self, case: Case) -> None:
        """An incident is no matter any more."""
        for signal_id in list(case.items):
            self.take(case.id, signal_id)
        del self.cases[case.id], self.register.groups[case.id]

    def sweep(self, at: float, settings: Settings) -> None:
        """Lets go what is too old."""
        self.swept = at
        for case in list(self.cases.values()):
            if not case.is_open and case.told_at + settings.remembered < at:
                self.forget(case)
        old = [
            one.id
            for one in self.waiting.values()
            if not (one.may_open and one.lasting) and one.arrived + settings.waiting < at
        ]
        for signal_id in old:
            del self.waiting[signal_id]
        _age(self.muted, at - settings.muted)
        for key in [key for key, (_, since) in self.places.items() if since < at - settings.learnt]:
            del self.places[key]
        self.moving.clear()
        self._let_go(settings.most_ended)
        for told, one in list(self.occurrences.items()):
            if one not in self.member_of and one not in self.waiting:
                del self.occurrences[told]

    def _let_go(self, most: int) -> None:
        """Of what is over, the oldest: incidents that go on for days must not fill the memory."""
        over = [(one.changed, one.id, case.id) for case in self.cases.values() for one in case.over]
        for _, signal_id, case_id in sorted(over)[: max(len(over) - most, 0)]:
            self.take(case_id, signal_id)

    def learn(self, cluster_id: UUID, pod: str, node: str, at: float, most: int) -> None:
        self.places.pop((cluster_id, pod), None)
        self.places[(cluster_id, pod)] = (node, at)
        if len(self.places) > most:
            del self.places[next(iter(self.places))]


def _age(since: dict[str, float], oldest: float) -> None:
    for key in [key for key, at in since.items() if at < oldest]:
        del since[key]


def change(state: State, told: Change, at: float, settings: Settings) -> None:
    """What an input changes."""
    match told:
        case Begun():
            _begin(state, told, at, settings)
        case Ended():
            _end(state, told.id, at, settings)
        case Muted():
            _mute(state, told, at, settings)
        case Located():
            state.learn(told.cluster_id, told.pod, told.node, at, settings.most_learnt)


def _occurrence(state: State, signal: Signal) -> Signal:
    """A state that is back is the signal that it was, for as long as that is known."""
    if signal.kind is not SignalKind.STATUS:
        return signal
    known = state.occurrences.get(signal.id)
    if known is None or (known not in state.member_of and known not in state.waiting):
        known = state.occurrences[signal.id] = uuid5(signal.id, str(signal.sequence))
    return signal.model_copy(update={"id": known})


def _begin(state: State, told: Begun, at: float, settings: Settings) -> None:
    one = item(_occurrence(state, told.signal), at, may_open=told.may_open)
    one.muting = told.muting
    if one.at.pod is not None and one.at.node is not None:
        state.learn(one.signal.cluster_id, one.at.pod, one.at.node, at, settings.most_learnt)
    case_id = state.member_of.get(one.id)
    if case_id is not None:
        case = state.cases[case_id]
        _changed(case, case.items[one.id], at, settings, lasting=True)
        return
    known = state.waiting.get(one.id)
    if known is not None:
        known.lasting = True
        return
    state.waiting[one.id] = one
    if len(state.waiting) > settings.most_waiting:
        del state.waiting[next(iter(state.waiting))]
        state.left_out += 1


def _end(state: State, signal_id: UUID, at: float, settings: Settings) -> None:
    signal_id = state.occurrences.get(signal_id, signal_id)
    case_id = state.member_of.get(signal_id)
    if case_id is not None:
        case = state.cases[case_id]
        _changed(case, case.items[signal_id], at, settings, lasting=False)
    elif signal_id in state.waiting:
        # It stays: whoever decided before this was known may have put it into an incident.
        one = state.waiting[signal_id]
        one.lasting, one.changed = False, at


def _changed(case: Case, one: Item, at: float, settings: Settings, *, lasting: bool) -> None:
    if one.lasting is lasting:
        if lasting and one.momentary:
            one.changed = at
        return
    one.flaps = 0 if one.changed + settings.steady < at else one.flaps + 1
    case.lasts(one, at, lasting=lasting)


def _mute(state: State, told: Muted, at: float, settings: Settings) -> None:
    state.muted.pop(told.muting, None)
    if told.muted:
        state.muted[told.muting] = at
        if len(state.muted) > settings.most_muted:
            del state.muted[next(iter(state.muted))]


def incident(state: State, event: IncidentEvent, version: int, at: float) -> None:
    """What an event of an incident changes; each version once."""
    head = event.incident
    case = state.cases.get(head.id)
    if case is None:
        if head.state is IncidentState.RESOLVED and head.merged_into is None:
            return  # It was forgotten already.
        case = Case(id=head.id, head=head, quiet_since=at)
        state.cases[head.id] = case
        state.register.groups[head.id] = case
    if version <= case.version:
        return
    case.version, case.head, case.told_at = version, head, at
    _members(state, case, event, at)
    if head.merged_into is not None:
        _end_in(state, case, head.merged_into)


def _members(state: State, case: Case, event: IncidentEvent, at: float) -> None:
    match event:
        case IncidentOpened():
            _add_all(state, case, event.added, at)
        case IncidentUpdated():
            _add_all(state, case, (joined.signal for joined in event.added), at)
            _note(case, event.ended, at, lasting=False)
            _note(case, event.resumed, at, lasting=True)
        case IncidentReopened():
            case.quiet_since = max(case.quiet_since, at)
            _add_all(state, case, (joined.signal for joined in event.added), at)
        case IncidentSplit():
            _move(state, case, event)
            case.quiet_since = max(case.quiet_since, at)
        case _:
            pass


def _note(case: Case, ids: Iterable[UUID], at: float, *, lasting: bool) -> None:
    for signal_id in ids:
        if signal_id in case.items:
            case.told(case.items[signal_id], at, lasting=lasting)


def _add_all(state: State, case: Case, signals: Iterable[Signal], at: float) -> None:
    for signal in signals:
        _add(state, case, signal, at)


def _add(state: State, case: Case, signal: Signal, at: float) -> None:
    known = state.waiting.get(signal.id)
    one = item(signal, known.arrived if known else at)
    if known is not None:
        one.lasting, one.changed, one.may_open = known.lasting, known.changed, known.may_open
        one.muting = known.muting
    state.put(case, one)


def _move(state: State, case: Case, event: IncidentSplit) -> None:
    """Signals of a split; both sides tell them, and either may come first."""
    if event.from_other and case.version == 1:
        # Somebody made it an incident of its own; signals that correlation moves go to older ones.
        case.parted.add(event.other_id)
    here, there = (case.id, event.other_id) if event.from_other else (event.other_id, case.id)
    if here in state.cases:
        for signal_id in event.moved:
            found = state.moving.get(here, {}).pop(signal_id, None)
            if found is not None or state.member_of.get(signal_id) == there:
                state.put(state.cases[here], found or state.cases[there].items[signal_id])
    elif there in state.cases:
        left = [one for one in event.moved if one in state.cases[there].items]
        taken = {one: state.take(there, one) for one in islice(left, _MOST_MOVING)}
        state.moving.setdefault(here, {}).update(taken)


def _end_in(state: State, case: Case, into: UUID) -> None:
    """All that belonged to an incident belongs to the one that it was merged into."""
    other = state.cases.get(into)
    if other is not None and other.id != case.id:
        for one in list(case.items.values()):
            state.put(other, one)
        other.parted |= case.parted - {other.id}
    state.forget(case)
