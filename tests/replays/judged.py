"""What the analysis makes of scripted incidents, beside what is true."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.alerts import Severity
from contracts.incidents import Signal
from services.incidents.correlating.signals import Begun, changes
from services.rca.reasoning import Finding, analyse
from services.rca.reasoning.places import subject
from tests.kit.storm_fleet import place
from tests.replays.scripts import SCRIPTS, Scene, hidden, recorded


@dataclass(frozen=True)
class Judged:
    """One incident."""

    kind: str
    scene: Scene
    signals: tuple[Signal, ...]
    finding: Finding
    unseen: Finding | None
    """Of the same with its cause hidden; null if nothing is told then."""

    @property
    def found(self) -> bool:
        """Whether the cause is named, and is the right one."""
        first = self.finding.cause
        return first is not None and first.entity.word in self.scene.right

    @property
    def among_three(self) -> bool:
        first = {each.entity.word for each in self.finding.causes[:3]}
        return not first.isdisjoint(self.scene.right)

    @property
    def found_plainly(self) -> bool:
        """By a plain rule: what the first critical signal is about, or else the first."""
        critical = [each for each in self.signals if each.severity is Severity.CRITICAL]
        first = min(critical or self.signals, key=lambda each: (each.started_at, each.sequence))
        return not {subject(first).word, *first.where[:1]}.isdisjoint(self.scene.right)


def judged(seeds: Iterable[int]) -> list[Judged]:
    """Every script, with each of these seeds."""
    return [_judged(kind, seed) for kind in SCRIPTS for seed in seeds]


def _judged(kind: str, seed: int) -> Judged:
    source = random.Random(f"{kind}/{seed}")
    scene = SCRIPTS[kind](source, place(source, seed))
    unseen = hidden(scene)
    signals = signals_of(scene, seed)
    left = analyse(signals_of(unseen, seed)) if unseen.symptoms else None
    return Judged(kind, scene, signals, analyse(signals), left)


def signals_of(scene: Scene, seed: int) -> tuple[Signal, ...]:
    """What the hub makes of it."""
    told = recorded(scene, random.Random(seed))
    return tuple(one.signal for event in told for one in changes(event) if isinstance(one, Begun))
