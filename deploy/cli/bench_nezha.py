"""`aiops bench nezha`: traces and logs of the minutes of an alarm, metrics of an hour."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.cli.bench_causes import Ranked, document, number, rows, write
from services.rca.ranking import (
    Handled,
    Line,
    Past,
    Profile,
    Ranking,
    Span,
    Templates,
    Usage,
    compare,
    handled,
    profile,
    rank,
    saturation,
)

_EARLIER = 10
"""Earlier cases that are looked back at."""
_FEW = 3
"""With fewer, and no minute free of faults, what was before the alarm is compared with."""
_LIMITS = ("CpuUsageRate(%)", "MemoryUsageRate(%)")


@dataclass(frozen=True, slots=True)
class Window:
    """What is there of a case, folded; ``alarm`` in Unix time."""

    alarm: float
    requests: Sequence[Handled]
    usages: Mapping[str, Sequence[Usage]]

    def ranking(self, past: Past, templates: Templates) -> Ranking:
        """Of all services that are measured."""
        after = profile(each for each in self.requests if each.start >= self.alarm)
        evidence = [*compare(after, past, templates), *saturation(self.usages)]
        return rank(evidence, self.usages)

    def past(self, clean: Sequence[Profile], earlier: Sequence[Profile]) -> Past:
        """To compare it with: what is free of faults, and the last of the earlier cases."""
        if not clean and len(earlier) < _FEW:
            clean = [profile(each for each in self.requests if each.start < self.alarm)]
        return Past(clean, earlier[-_EARLIER:])


@dataclass(slots=True)
class System:
    """What is known of a system by the time of a case."""

    templates: Templates = field(default_factory=Templates)
    clean: dict[str, Profile] = field(default_factory=dict[str, Profile])
    earlier: dict[str, Profile] = field(default_factory=dict[str, Profile])

    def learn(self, folder: Path, date: str) -> None:
        """The minutes without faults of that day, and of days before."""
        for each in sorted(folder.glob("*/")):
            if each.name <= date and each.name not in self.clean:
                requests = handled(list(spans(each)), lines(each), self.templates)
                self.clean[each.name] = profile(requests)


def rank_all(data: Path, out: Path) -> None:
    """Rank the services of every case of ``cases.json``; ``truth.json`` is not read."""
    write(out, _cases(data))


def by_time(data: Path) -> list[tuple[str, Any]]:
    """Cases and what is said of them: one knows those before it, and none after it."""
    cases: Any = document(data / "cases.json")
    return sorted(cases.items(), key=lambda case: (case[1]["inject_time_s"], case[0]))


def _cases(data: Path) -> Ranked:
    systems: dict[str, System] = defaultdict(System)
    for name, about in by_time(data):
        system = systems[about["system"]]
        system.learn(data / "normal", about["date"])
        yield name, _ranking(data, name, about["inject_time_s"], system)


def _ranking(data: Path, name: str, alarm: float, system: System) -> Callable[[], Ranking]:
    folder = data / "cases" / name
    traced, written = list(spans(folder)), list(lines(folder))
    used = usages(folder, alarm)

    def found() -> Ranking:
        window = Window(alarm, list(handled(traced, written, system.templates)), used)
        past = window.past([*system.clean.values()], [*system.earlier.values()])
        system.earlier[name] = profile(window.requests)
        return window.ranking(past, system.templates)

    return found


def spans(folder: Path) -> Iterator[Span]:
    """Of all traces of a case, or of a minute without faults; none where none were kept."""
    for row in _records(folder / "traces.csv.gz"):
        yield Span(
            trace=row["trace"],
            span=row["span"],
            parent=row["parent"],
            entity=_service(row["pod"]),
            operation=row["operation"],
            start=number(row["start_s"]),
            duration=number(row["duration_us"]) / 1e6,
        )


def lines(folder: Path) -> Iterator[Line]:
    """Of all logs, likewise."""
    for row in _records(folder / "logs.csv.gz"):
        yield Line(row["trace"], row["span"], _service(row["pod"]), row["message"])


def usages(folder: Path, alarm: float) -> Mapping[str, Sequence[Usage]]:
    """By service, before the alarm and from then on."""
    found: dict[str, dict[str, tuple[list[float], list[float]]]] = defaultdict(
        lambda: {name: ([], []) for name in _LIMITS}
    )
    for row in _records(folder / "metrics.csv.gz"):
        for name in _LIMITS:
            found[_service(row["pod"])][name][number(row["time_s"]) >= alarm].append(
                number(row[name]) / 100
            )
    return {
        service: [Usage(name.partition("(")[0], *values) for name, values in by_name.items()]
        for service, by_name in found.items()
    }


def _records(path: Path) -> Iterator[dict[str, str]]:
    """None where there is no such file."""
    if path.is_file():
        all_rows = rows(path)
        head = next(all_rows, list[str]())
        for line in all_rows:
            yield dict(zip(head, line, strict=True))


def _service(pod: str) -> str:
    return pod.rsplit("-", 2)[0]
