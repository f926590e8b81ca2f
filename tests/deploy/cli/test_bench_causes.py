"""`aiops bench petshop` and `nezha`: who is behind recorded incidents."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tests.deploy.cli.running import Aiops
from tests.kit.traced import SERVICES, Trouble, shop

NODES = ("web", "cart", "store")


def written(path: Path, rows: Iterable[Iterable[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def metrics(path: Path, latency: Mapping[str, list[float]]) -> None:
    """In minutes of five, the second being that of the alarm."""
    heads = [
        ["microservice", *(node for node in NODES for _ in range(3))],
        ["metric", *(each for _ in NODES for each in ("latency", "availability", "requests"))],
        ["statistic", *(each for _ in NODES for each in ("Average", "Average", "Sum"))],
        ["unix_timestamp", *[""] * 9],
    ]
    rows = [
        [1000 + 300 * at, *(value for node in NODES for value in (latency[node][at], "", 100))]
        for at in range(len(latency["web"]))
    ]
    written(path, [*heads, *rows])


def petshop(folder: Path) -> None:
    """Everything is slow because the store is."""
    calls = [["", *NODES], ["web", 0, 1, 0], ["cart", 0, 0, 1.0], ["store", 0, 0, 0]]
    written(folder / "busy" / "graph.csv", calls)
    metrics(folder / "busy" / "normal.csv.gz", {node: [0.1] * 9 for node in NODES})
    case = folder / "cases" / "one"
    metrics(case / "metrics.csv", {node: [0.1, 0.6, 0.7] for node in NODES})
    target = {"node": "web", "metric": "latency", "agg": "Average", "timestamp": 1310}
    (case / "target.json").write_text(json.dumps({"scenario": "busy", "target": target}))


def minutes(folder: Path, trouble: Trouble | None, seed: int) -> float:
    """Traces and logs of a case, as they are recorded; when they begin."""
    spans, lines = shop(40, trouble, seed=seed)
    pods = {each: f"{each}-5f86-x7z" for each in SERVICES}
    written(
        folder / "traces.csv.gz",
        [
            ["trace", "span", "parent", "pod", "operation", "start_s", "duration_us"],
            *(
                [trace, span, parent, pods[entity], operation, start, 1e6 * duration]
                for trace, span, parent, entity, operation, start, duration in map(astuple, spans)
            ),
        ],
    )
    written(
        folder / "logs.csv.gz",
        [
            ["time_s", "pod", "trace", "span", "message"],
            *([0, pods[each.entity], each.trace, each.span, each.message] for each in lines),
        ],
    )
    return min(each.start for each in spans)


def nezha(folder: Path) -> None:
    """A calm minute, a case in which the cart fails, and one in which the price takes long."""
    cases: dict[str, Any] = {}
    minutes(folder / "normal" / "2026-01-05", None, seed=1)
    troubles = {"early": Trouble("cart", failing=0.6), "late": Trouble("price", work=0.1)}
    for name, trouble in troubles.items():
        case = folder / "cases" / name
        alarm = minutes(case, trouble, seed=len(cases) + 2)
        cases[name] = {"system": "s", "date": "2026-01-05", "inject_time_s": alarm + len(cases)}
        written(
            case / "metrics.csv.gz",
            [
                ["time_s", "pod", "CpuUsageRate(%)", "MemoryUsageRate(%)"],
                *([alarm - 60, f"{each}-5f86-x7z", 20, 30] for each in SERVICES),
                *([alarm + 60, f"{each}-5f86-x7z", 21, ""] for each in SERVICES),
            ],
        )
    (folder / "cases.json").write_text(json.dumps(cases))


def test_nodes_are_ranked_by_metrics(aiops: Aiops, tmp_path: Path) -> None:
    petshop(tmp_path)
    out = tmp_path / "out"
    said = aiops.well("bench", "petshop", "--data", str(tmp_path), "--out", str(out))
    assert "1 cases, " in said.out
    ranks = json.loads((out / "ranks.json").read_text())
    assert ranks["one"][0] == "store"
    assert sorted(ranks["one"]) == sorted(NODES)
    reasons = json.loads((out / "reasons.json").read_text())["one"]
    assert reasons["cause"] == "store"
    assert "are its own" in reasons["candidates"][0]["for"][0]


def test_services_are_ranked_by_traces(aiops: Aiops, tmp_path: Path) -> None:
    nezha(tmp_path)
    out = tmp_path / "out"
    aiops.well("bench", "nezha", "--data", str(tmp_path), "--out", str(out))
    ranks = json.loads((out / "ranks.json").read_text())
    assert {name: each[0] for name, each in ranks.items()} == {"early": "cart", "late": "price"}
    assert sorted(ranks["late"]) == sorted(SERVICES)
    first = (out / "ranks.json").read_text()
    aiops.well("bench", "nezha", "--data", str(tmp_path), "--out", str(out))
    assert (out / "ranks.json").read_text() == first


def test_what_is_wrong_with_the_data_is_said(aiops: Aiops, tmp_path: Path) -> None:
    for name in ("petshop", "nezha"):
        said = aiops("bench", name, "--data", str(tmp_path / "no"), "--out", str(tmp_path / "out"))
        assert said.code == 1
    petshop(tmp_path)
    words = ("bench", "petshop", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    target = tmp_path / "cases" / "one" / "target.json"
    target.write_text(target.read_text().replace("latency", "mood"))
    assert "an alarm of mood is not known" in aiops(*words).err
    target.write_text("{}")
    assert "the data is not as it should be: KeyError('scenario')" in aiops(*words).err
    target.write_text("{")
    assert "target.json: " in aiops(*words).err
    nezha(tmp_path)
    words = ("bench", "nezha", "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    traces = tmp_path / "cases" / "early" / "traces.csv.gz"
    traces.write_bytes(traces.read_bytes()[:200])
    assert "traces.csv.gz: " in aiops(*words).err
    traces.write_bytes(gzip.compress(b"trace,span\n1\n"))
    assert "the data is not as it should be" in aiops(*words).err
