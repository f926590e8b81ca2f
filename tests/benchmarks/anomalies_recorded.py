"""Recorded series with labels: what the detector makes of them, by the scorers beside them."""

import csv
import importlib.util
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.anomalies.detecting.single import fresh, scores

Scores = NDArray[np.float64]
FIXED = 0.5
"""The onset score that is a detection."""
_SPLITS = 20


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was found in all series, and what the scorers need."""

    scorer: Any
    area: Any
    files: Mapping[str, Any]
    onsets: Mapping[str, Scores]
    episodes: Mapping[str, Scores]
    rows: int
    seconds: float
    """CPU that the detector took."""

    def at(self, threshold: float | None, names: Sequence[str] | None = None) -> list[float]:
        """Standard, low FP and low FN score at a threshold; null: at the best one of each."""
        found = self._evaluated(names or sorted(self.files), threshold)
        return [float(found[name]["score"]) for name in self.scorer.PROFILES]

    def _evaluated(self, names: Sequence[str], threshold: float | None) -> Any:
        files = {name: self.files[name] for name in names}
        onsets = {name: self.onsets[name] for name in names}
        given = threshold and dict.fromkeys(self.scorer.PROFILES, threshold)
        return self.scorer.evaluate(files, onsets, given)

    def best(self, names: Sequence[str]) -> float:
        """The threshold that is best for the standard score of some of the series."""
        return self._evaluated(names, None)["standard"]["threshold"]

    def halves(self) -> list[list[float]]:
        """Scores of one half of the series at the threshold that is best for the other."""
        chosen = random.Random(5)
        found: list[list[float]] = []
        for _ in range(_SPLITS):
            one = [name for group in self._categories() for name in _half(group, chosen)]
            other = sorted(set(self.files) - set(one))
            found += [self.at(self.best(one), other), self.at(self.best(other), one)]
        return found

    def one_category_out(self) -> list[list[float]]:
        """Scores of each category at the threshold that is best for all others."""
        return [
            self.at(self.best(sorted(set(self.files) - set(group))), group)
            for group in self._categories()
            if any(self.files[name].nwin for name in group)
        ]

    def area_under(self, found: Mapping[str, Scores]) -> float:
        """Mean area under precision and recall, by trapezoids, of the series with a window."""
        return self._mean(found, self.area.auc_pr)

    def average_precision(self, found: Mapping[str, Scores]) -> float:
        """The same by steps: a score of ties only earns the share of rows in windows."""
        return self._mean(found, _average_precision)

    def silent(self) -> Mapping[str, Scores]:
        """What a detector that says nothing gives."""
        return {name: np.zeros(len(found)) for name, found in self.onsets.items()}

    def _mean(self, found: Mapping[str, Scores], score: Any) -> float:
        return float(
            np.mean(
                [
                    score((file.wid >= 0).astype(float), found[name])
                    for name, file in self.files.items()
                    if file.nwin
                ]
            )
        )

    def _categories(self) -> list[list[str]]:
        groups: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.files):
            groups[name.split("/")[0]].append(name)
        return list(groups.values())


def _half(names: Sequence[str], chosen: random.Random) -> list[str]:
    odd = len(names) % 2 and chosen.random() < 0.5
    return chosen.sample(list(names), len(names) // 2 + int(odd))


def _average_precision(inside: Scores, score: Scores) -> float:
    order = np.argsort(-score, kind="stable")
    score, inside = score[order], inside[order]
    last = np.append(score[1:] != score[:-1], True)
    hits = np.cumsum(inside)[last]
    rows = np.arange(1, len(score) + 1)[last]
    return float(np.sum(np.diff(np.r_[0, hits / inside.sum()]) * (hits / rows)))


def recorded(folder: Path) -> Recorded | None:
    """The detector over the series below a folder; null if they, or the scorers, are not there."""
    if not (folder / "nab" / "windows.json").is_file() or not (folder / "score").is_dir():
        return None
    scorer = _module("nab_score", folder / "score" / "nab_score.py")
    area = _module("auc_pr", folder / "score" / "auc_pr.py")
    labels = json.loads((folder / "nab" / "windows.json").read_text())
    data = folder / "nab" / "data"
    files = scorer.load(str(data), labels)
    onsets: dict[str, Scores] = {}
    episodes: dict[str, Scores] = {}
    seconds = 0.0
    for name in files:
        rows = list(_rows(data / name))
        began = time.process_time()
        found = list(scores(rows, fresh()))
        seconds += time.process_time() - began
        onsets[name], episodes[name] = np.array(found).T
    rows = sum(map(len, onsets.values()))
    return Recorded(scorer, area, files, onsets, episodes, rows, seconds)


def _rows(file: Path) -> Iterator[tuple[float, float]]:
    with file.open(newline="") as opened:
        for line in list(csv.reader(opened))[1:]:
            if line:
                when = datetime.fromisoformat(line[0].strip()).replace(tzinfo=UTC)
                yield when.timestamp(), float(line[1])


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
