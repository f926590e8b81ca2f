"""`aiops bench nab`: a score for every row of recorded series."""

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.deploy.cli.running import Aiops

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


def recorded(path: Path, values: list[str]) -> list[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [f"{BEGAN + timedelta(minutes=5 * at):%Y-%m-%d %H:%M:%S}" for at in range(len(values))]
    rows = "".join(f"{when},{value}\n" for when, value in zip(times, values, strict=True))
    path.write_text(f"timestamp,value\n{rows}")
    return times


def noise(rows: int) -> list[str]:
    rng = random.Random(3)
    return [f"{rng.gauss(50, 2):.3f}" for _ in range(rows)]


def scored(path: Path) -> tuple[list[str], list[float]]:
    with path.open(newline="") as opened:
        head, *rows = list(csv.reader(opened))
    assert head == ["timestamp", "anomaly_score"]
    return [when for when, _ in rows], [float(score) for _, score in rows]


def test_every_row_gets_a_score_at_the_same_place(aiops: Aiops, tmp_path: Path) -> None:
    values = [*noise(1_000), "400", "", "nan", *noise(20)]
    times = recorded(tmp_path / "recorded" / "one" / "a.csv", values)
    recorded(tmp_path / "recorded" / "b.csv", ["1"] * 10)
    out, episode = tmp_path / "out", tmp_path / "episode"
    said = aiops.well(
        *("bench", "nab", "--data", str(tmp_path / "recorded"), "--out", str(out)),
        *("--episode", str(episode)),
    )
    assert "2 series, 1033 rows, " in said.out
    assert "ms of CPU per 1,000 rows" in said.out
    when, onset = scored(out / "one" / "a.csv")
    assert when == times
    assert onset[1_000] == max(onset) >= 0.5
    assert sum(score >= 0.5 for score in onset) < 5
    assert onset[1_001] == onset[1_002] == 0
    lasting = scored(episode / "one" / "a.csv")[1]
    assert lasting[1_002] == lasting[1_000] > lasting[999]
    assert scored(out / "b.csv")[1] == [0.0] * 10


def test_what_is_wrong_with_a_file_is_said(aiops: Aiops, tmp_path: Path) -> None:
    words = ("bench", "nab", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    assert "there is no CSV file below" in aiops(*words).err
    (tmp_path / "x.csv").write_text("timestamp,value\n2026-01-05 00:00:00,1\nyesterday,2\n")
    said = aiops(*words)
    assert said.code == 1
    assert "x.csv, line 3: 'yesterday' is no time" in said.err
    (tmp_path / "x.csv").write_text("when,value\n")
    assert "does not name timestamp and value" in aiops(*words).err
    (tmp_path / "x.csv").write_text("timestamp,value\n2026-01-05 00:00:00\n")
    assert "line 2: 1 columns instead of 2" in aiops(*words).err
    assert "need a directory each" in aiops(*words[:-1], str(tmp_path)).err
    assert "is no directory" in aiops(*words[:3], str(tmp_path / "no"), *words[4:]).err
