"""The dashboard and the alerting rules of the platform ask for what its processes expose."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import promql_parser as grammar
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from gateway.federation.promql import parse
from services.runtime import metrics
from services.runtime.promql.tree import inside
from tests.kit.programs import program
from tests.kit.tree import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "aiops-platform.json"
RULES = ROOT / "deploy" / "prometheus" / "aiops-rules.yaml"
RULES_TEST = Path(__file__).with_name("aiops-rules-test.yaml")
_OF_PROMETHEUS = frozenset({"job", "instance"})
_JOINED = frozenset({"part"})
"""Labels that a join with `aiops_part` brings."""
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def _dashboard() -> Any:
    return json.loads(DASHBOARD.read_text())


def _panels() -> "list[Any]":
    return [each for each in _dashboard()["panels"] if each["type"] != "row"]


def _of_the_dashboard() -> "dict[str, str]":
    return {
        f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
        for panel in _panels()
        for target in panel["targets"]
    }


def _of_the_rules() -> "dict[str, str]":
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


EXPRESSIONS = _of_the_dashboard() | _of_the_rules()
PARSED = {name: parse(text).expression for name, text in EXPRESSIONS.items()}


def _exposed() -> "dict[str, frozenset[str]]":
    """The names of all series that a process may have, with their labels."""
    ours = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    labels: dict[str, frozenset[str]] = {
        each._name: frozenset(cast("tuple[str, ...]", each._labelnames)) for each in ours
    }
    found: dict[str, frozenset[str]] = {}
    for family in metrics.REGISTRY.collect():
        of_samples = frozenset(label for each in family.samples for label in each.labels)
        for suffix in _SUFFIXES[family.type]:
            more = frozenset({"le"} if suffix == "_bucket" else ())
            found[family.name + suffix] = labels.get(family.name, of_samples) | more
    return found


EXPOSED = _exposed()


def _nodes(name: str) -> Iterator[grammar.Expr]:
    expression = PARSED[name]
    assert expression is not None, "newer than the parser"
    return inside(expression)


def _selectors(name: str) -> "list[grammar.VectorSelector]":
    nodes = [*_nodes(name)]
    spans = [each.vector_selector for each in nodes if isinstance(each, grammar.MatrixSelector)]
    return [*spans, *(each for each in nodes if isinstance(each, grammar.VectorSelector))]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_asked_for_is_exposed(name: str) -> None:
    selectors = _selectors(name)
    assert selectors
    for selector in selectors:
        assert selector.name in EXPOSED
        matched = {each.name for each in selector.matchers.matchers}
        assert matched - {"__name__"} <= EXPOSED[str(selector.name)] | _OF_PROMETHEUS


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_grouped_by_is_a_label_of_what_is_selected(name: str) -> None:
    known = {label for each in _selectors(name) for label in EXPOSED[str(each.name)]}
    for node in _nodes(name):
        if isinstance(node, grammar.AggregateExpr) and node.modifier is not None:
            assert set(node.modifier.labels) <= known | _OF_PROMETHEUS | _JOINED


def test_every_label_of_a_legend_is_told() -> None:
    for panel in _panels():
        for target in panel["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert label in target["expr"], (panel["title"], label)


def test_the_dashboard_leaves_the_choice_of_its_source_to_whoever_looks() -> None:
    told = _dashboard()
    (variable,) = told["templating"]["list"]
    assert (variable["name"], variable["type"]) == ("datasource", "datasource")
    for panel in _panels():
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert "http" not in DASHBOARD.read_text().replace("aiops_http", "")


def test_panels_have_a_place_and_a_description_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {
            (at["x"] + across, at["y"] + down)
            for across in range(at["w"])
            for down in range(at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert all(panel["description"].endswith(".") for panel in _panels())
    ids = [panel["id"] for panel in _dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "metric",
    [
        "aiops_alerts_accepted_total",
        "aiops_commands_handled_total",
        "aiops_tail_events_total",
        "aiops_projection_lag",
        "aiops_query_round_trip_seconds_bucket",
        "aiops_ws_connections",
        "aiops_ws_delivery_seconds_bucket",
        "aiops_dead_letters_total",
        "aiops_backend_circuits_open",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
    ],
)
def test_what_matters_is_on_the_dashboard(metric: str) -> None:
    assert metric in " ".join(_of_the_dashboard().values())


def _promtool(*words: str) -> None:
    done = subprocess.run(
        [program("promtool"), *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"aiops:panel_{number}", "expr": text}
        for number, text in enumerate(_of_the_dashboard().values())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    _promtool("check", "rules", str(file), str(RULES))


def test_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    # What is tested is named relative to the test.
    for file, name in ((RULES, RULES.name), (RULES_TEST, "test.yaml")):
        (tmp_path / name).write_text(file.read_text())
    _promtool("test", "rules", str(tmp_path / "test.yaml"))


def test_every_alert_says_what_to_do() -> None:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
