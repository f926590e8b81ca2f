"""Incidents in traces, read once and ranked with more or less of a past."""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from deploy.cli.bench_nezha import System, Window, by_time, lines, spans, usages
from services.rca.ranking import Past, Profile, handled, profile
from tests.benchmarks.rca_recorded import Ranks

_LEAST = 0.001
"""Seconds: own time below is taken for that much."""


@dataclass(slots=True)
class Traced:
    """All cases by time, with what was free of faults by then."""

    systems: Mapping[str, System]
    cases: dict[str, tuple[str, Window, list[Profile]]] = field(
        default_factory=dict[str, tuple[str, Window, list[Profile]]]
    )
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """CPU for each, from spans to ranks."""

    @property
    def names(self) -> Sequence[str]:
        """By time."""
        return [*self.cases]

    def ranks(self, *, learnt: Collection[str] | None = None) -> Ranks:
        """With these cases, or all, to learn from once they are over."""
        found: dict[str, list[str]] = {}
        for name, (system, window, _) in self.cases.items():
            ranking = window.ranking(self._past(name, learnt), self.systems[system].templates)
            found[name] = [each.entity for each in ranking.candidates]
        return found

    def plain(self) -> Ranks:
        """By how much the mean own time of an entity's requests rose."""
        found: dict[str, list[str]] = {}
        for name, (_, window, _) in self.cases.items():
            past = self._past(name, None)
            before = [_own(each) for each in (*past.clean, *past.other)]
            now = _own(profile(each for each in window.requests if each.start >= window.alarm))
            rise = {
                entity: mean / median(each.get(entity, mean) for each in before)
                for entity, mean in now.items()
                if before
            }
            found[name] = sorted(rise, key=lambda entity: (-rise[entity], entity))
        return found

    def _past(self, name: str, learnt: Collection[str] | None) -> Past:
        system, window, clean = self.cases[name]
        earlier = [
            self.systems[system].earlier[each]
            for each in self.names[: self.names.index(name)]
            if self.cases[each][0] == system and (learnt is None or each in learnt)
        ]
        return window.past(clean, earlier)


def traced(folder: Path) -> Traced:
    """Read all cases below a folder."""
    systems: dict[str, System] = defaultdict(System)
    read = Traced(systems)
    for name, about in by_time(folder):
        system = systems[about["system"]]
        system.learn(folder / "normal", about["date"])
        case, alarm = folder / "cases" / name, about["inject_time_s"]
        some, written, used = list(spans(case)), list(lines(case)), usages(case, alarm)
        began = time.process_time()
        window = Window(alarm, list(handled(some, written, system.templates)), used)
        earlier = [*system.earlier.values()]
        clean = [*system.clean.values()]
        window.ranking(window.past(clean, earlier), system.templates)
        read.seconds[name] = time.process_time() - began
        system.earlier[name] = profile(window.requests)
        read.cases[name] = about["system"], window, clean
    return read


def _own(each: Profile) -> Mapping[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for (entity, _), habits in each.operations.items():
        found[entity] += habits.own
    return {entity: max(_LEAST, fmean(values)) for entity, values in found.items()}
