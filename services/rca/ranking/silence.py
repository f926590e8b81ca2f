"""Entities that are asked and not seen: steps that led to others' work, and lead nowhere now.

Who is silent may have stopped, or may only not be measured any more. Either way it may be the
cause, and what its callers do strangely is no evidence against them.
"""

from collections.abc import Iterator

from services.rca.ranking.evidence import Evidence, Kind
from services.rca.ranking.profile import Habits, Operation, Past, Profile
from services.rca.ranking.surprise import Groups, Share, Shift, shift

_EXCUSED = 0.9
_KINDS: tuple[Kind, ...] = ("slow work", "broken work", "early ends")
"""What a caller does strangely when nobody answers."""


def silence(now: Profile, past: Past) -> Iterator[Evidence]:
    """Evidence for those who are silent, and against taking their callers for the cause."""
    seen = {entity for entity, _ in now.operations}
    for key, habits in now.operations.items():
        groups = past.operation(key)
        missing = {
            entity for each in groups.all for called, _ in each.endings for entity in called
        } - seen
        if missing:
            yield from _silent(key, habits, groups, sorted(missing))


def _silent(
    key: Operation, habits: Habits, groups: Groups[Habits], missing: list[str]
) -> Iterator[Evidence]:
    steps = {step for each in groups.all for step in each.answered}
    found = [_unanswered(step, habits, groups) for step in sorted(steps & habits.unanswered.keys())]
    beyond = max(found, key=lambda each: each.nats, default=None)
    if beyond is None or not beyond.excess:
        return
    said = f"{round(beyond.affected)} of {beyond.of} requests for {key[1]} at {key[0]}"
    for entity in missing:
        text = f"{said} asked as usual, and nothing is seen of {entity}"
        yield Evidence(entity, "silence", beyond.weight, beyond.affected, "requests", text)
    text = f"{said} went where nothing is seen: {', '.join(missing)}"
    for kind in _KINDS:
        strength = _EXCUSED * beyond.weight
        yield Evidence(key[0], kind, strength, beyond.affected, "requests", text, against=True)


def _unanswered(step: str, habits: Habits, groups: Groups[Habits]) -> Shift:
    def share(each: Habits) -> Share:
        return Share(each.unanswered[step], len(each.own))

    return shift(share(habits), groups.map(share))
