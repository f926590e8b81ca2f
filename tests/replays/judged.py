"""What the analysis makes of scripted incidents, beside what is true."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.alerts import Severity
from contracts.incidents import Signal
from contracts.rca_seen import RcaLive
from services.incidents.correlating.signals import Begun, changes
from services.rca.reasoning import Finding, analyse
from services.rca.reasoning.places import subject
from tests.kit.storm_fleet import place
from tests.replays.observed import concealed, observed
from tests.replays.scripts import SCRIPTS, Scene, hidden, recorded


@dataclass(frozen=True)
class Judged:
    """One incident."""

    kind: str
    scene: Scene
    signals: tuple[Signal, ...]
    live: RcaLive
    finding: Finding
    """With what metrics, logs and traces showed."""
    of_log: Finding
    """From the log alone."""
    unseen: Finding | None
    """Of the same with its cause hidden; null if nothing is told then."""
    unseen_of_log: Finding | None

    @property
    def found(self) -> bool:
        """Whether the cause is named, and is the right one."""
        return self._is_right(self.finding)

    @property
    def found_by_log(self) -> bool:
        """The same from the log alone."""
        return self._is_right(self.of_log)

    def _is_right(self, finding: Finding) -> bool:
        first = finding.cause
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
    at = place(source, seed)
    scene = SCRIPTS[kind](source, at)
    unseen = hidden(scene)
    signals, left = signals_of(scene, seed), signals_of(unseen, seed)
    live = observed(scene, at, signals, random.Random(f"seen/{kind}/{seed}"))
    return Judged(
        kind,
        scene,
        signals,
        live,
        analyse(signals, live=live),
        analyse(signals),
        analyse(left, live=concealed(live, scene)) if left else None,
        analyse(left) if left else None,
    )


def signals_of(scene: Scene, seed: int) -> tuple[Signal, ...]:
    """What the hub makes of it."""
    told = recorded(scene, random.Random(seed))
    return tuple(one.signal for event in told for one in changes(event) if isinstance(one, Begun))
