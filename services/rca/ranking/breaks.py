"""Work that is not done as usual: steps that always come together and no longer do, errors that
were not written before, requests that end early.

What always comes together does so whatever the mix of requests is, so that more or fewer of some
kind of request are no evidence (after invariants mined from logs, Lou et al., 2010).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial

from services.rca.ranking.evidence import Evidence
from services.rca.ranking.handled import Features
from services.rca.ranking.profile import Ending, Habits, Operation, Past, Profile
from services.rca.ranking.surprise import Groups, Share, Shift, shift
from services.rca.ranking.templates import Templates

_SEEN = 0.1
"""Share of a window's requests from which on a shape is no exception there."""
_CLEAN_WEIGHS = 3
_MANY = 3
"""A shape is usual if it was seen in one of so many windows."""
_CERTAIN = 3.0
"""Nats from which on an early end counts."""
_UNCORROBORATED = 0.5
_EXCUSED = 0.8


def breaks(
    now: Profile, past: Past, templates: Templates, unseen: Set[str] = frozenset()
) -> Iterator[Evidence]:
    """Evidence of broken work, of new errors and of early ends; a request did not end early where
    only the work of entities that are unseen is missing."""
    ends: list[_End] = []
    for key, habits in now.operations.items():
        groups = past.operation(key)
        if groups.all:
            yield from _broken(key, habits, _comparable(key, now, past), now)
            yield from _errors(key, habits, groups, templates)
            ends += _early(key, habits, groups, unseen)
    yield from _ends(ends)


def _comparable(key: Operation, now: Profile, past: Past) -> Groups[Habits]:
    """Where an entity writes a log, windows in which it did so too, if there are any."""
    entity = key[0]
    if entity in now.writing:
        writing = Past(
            [each for each in past.clean if entity in each.writing],
            [each for each in past.other if entity in each.writing],
        ).operation(key)
        if writing.all:
            return writing
    return past.operation(key)


def _broken(
    key: Operation, habits: Habits, groups: Groups[Habits], now: Profile
) -> Iterator[Evidence]:
    lines = key[0] in now.writing and any(
        name.startswith("line ") for each in groups.all for done in each.done for name, _ in done
    )
    shapes = groups.map(lambda each: _shapes(each, lines=lines))
    together = _together(_usual(shapes))
    found = _torn(_shapes(habits, lines=lines), together)
    beyond = shift(found, shapes.map(lambda each: _torn(each, together)))
    if beyond.excess:
        said = (
            f"{round(beyond.affected)} of {beyond.of} requests for {key[1]} left out steps, or"
            " repeated them, that otherwise always come together"
        )
        yield Evidence(key[0], "broken work", beyond.weight, beyond.affected, "requests", said)


def _shapes(habits: Habits, *, lines: bool) -> Counter[Features]:
    if lines:
        return habits.done
    found: Counter[Features] = Counter()
    for done, count in habits.done.items():
        found[tuple(each for each in done if not each[0].startswith("line "))] += count
    return found


def _usual(groups: Groups[Counter[Features]]) -> list[Features]:
    """Shapes that are no exception in a third of the windows, clean ones counting thrice."""
    weights: Counter[Features] = Counter()
    whole = 0
    for each in groups.all:
        weight = _CLEAN_WEIGHS if any(each is one for one in groups.clean) else 1
        whole += weight
        for done, count in each.items():
            if count >= _SEEN * each.total():
                weights[done] += weight
    return [done for done, weight in weights.items() if _MANY * weight >= whole]


def _together(usual: list[Features]) -> list[list[str]]:
    """Steps that are done equally often in each of the usual shapes."""
    counts = [dict(done) for done in usual]
    names = sorted({name for each in counts for name in each})
    columns: Mapping[tuple[int, ...], list[str]] = defaultdict(list)
    for name in names:
        columns[tuple(each.get(name, 0) for each in counts)].append(name)
    return [names for names in columns.values() if len(names) > 1]


def _torn(shapes: Counter[Features], together: list[list[str]]) -> Share:
    hits = 0
    for done, count in shapes.items():
        often = dict(done)
        if any(len({often.get(name, 0) for name in names}) > 1 for names in together):
            hits += count
    return Share(hits, shapes.total())


def _errors(
    key: Operation, habits: Habits, groups: Groups[Habits], templates: Templates
) -> Iterator[Evidence]:
    """Of the template that is the strongest evidence."""
    best: tuple[Shift, str] | None = None
    for name, count in sorted(habits.errors.items()):
        beyond = shift(Share(count, len(habits.own)), groups.map(partial(_erring, name)))
        if beyond.excess and (best is None or beyond.nats > best[0].nats):
            best = beyond, name
    if best is not None:
        beyond, name = best
        said = (
            f"{round(beyond.affected)} of {beyond.of} requests for {key[1]} wrote an error that"
            f" they did not write before: {templates.text(key[0], int(name))}"
        )
        yield Evidence(key[0], "new errors", beyond.weight, beyond.affected, "requests", said)


def _erring(name: str, habits: Habits) -> Share:
    return Share(habits.errors[name], len(habits.own))


@dataclass(frozen=True, slots=True)
class _End:
    """Requests that ended earlier than usual, and after which call."""

    entity: str
    operation: str
    last: str
    beyond: Shift


def _early(
    key: Operation, habits: Habits, groups: Groups[Habits], unseen: Set[str]
) -> Iterator[_End]:
    calls = sum(
        len(called) * count for each in groups.all for (called, _), count in each.endings.items()
    )
    mean = calls / sum(each.endings.total() for each in groups.all)

    def share(ending: Ending, each: Habits) -> Share:
        hits = each.endings[ending]
        if unseen:
            alike = (at for at in each.endings if at[0] - unseen == ending[0])
            hits = sum(each.endings[at] for at in alike)
        return Share(hits, each.endings.total())

    for ending in sorted(habits.endings, key=_by_name):
        if len(ending[0]) >= mean:
            continue
        beyond = shift(share(ending, habits), groups.map(partial(share, ending)))
        if beyond.nats > _CERTAIN:
            yield _End(*key, ending[1], beyond)


def _by_name(ending: Ending) -> tuple[list[str], str]:
    return sorted(ending[0]), ending[1]


def _ends(ends: list[_End]) -> Iterator[Evidence]:
    """Who ended it is blamed, and by half the one called last: that one wholly, and the others
    hardly, if several callers end after it."""
    callers: dict[str, set[str]] = defaultdict(set)
    for end in ends:
        if end.last:
            callers[end.last].add(end.entity)
    common = {last for last, some in callers.items() if len(some) > 1}
    blamed: dict[str, list[tuple[float, _End]]] = defaultdict(list)
    for end in ends:
        blamed[end.entity].append((1.0, end))
        if end.last:
            blamed[end.last].append((1.0 if end.last in common else _UNCORROBORATED, end))
    for entity, some in sorted(blamed.items()):
        yield _ended(entity, some)
        yield from _excused(entity, [end for _, end in some if end.entity == entity], common)


def _ended(entity: str, some: list[tuple[float, _End]]) -> Evidence:
    strength = min(1.0, sum(part * end.beyond.weight for part, end in some))
    most = max((end for _, end in some), key=lambda end: end.beyond.affected)
    after = f"a call to {most.last}" if most.last else "no call at all"
    said = (
        f"{round(most.beyond.affected)} of {most.beyond.of} requests for {most.operation} at"
        f" {most.entity} ended early, after {after}"
    )
    affected = max(end.beyond.weight * end.beyond.of for _, end in some)
    return Evidence(entity, "early ends", strength, affected, "requests", said)


def _excused(entity: str, own: list[_End], common: set[str]) -> Iterator[Evidence]:
    whole = sum(end.beyond.weight for end in own)
    others = [end for end in own if end.last in common]
    if others and whole:
        share = sum(end.beyond.weight for end in others) / whole
        names = ", ".join(sorted({end.last for end in others}))
        said = f"requests of several callers end after a call to {names}, not of this one alone"
        affected = sum(end.beyond.affected for end in others)
        yield Evidence(
            entity, "early ends", _EXCUSED * share, affected, "requests", said, against=True
        )
