"""What the guides for operators name exists: alerts, commands, settings, metrics, routes, files."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import typer.main
import yaml
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from typer.core import TyperGroup

from deploy.cli import reach
from deploy.cli.main import app
from gateway.federation.promql import parse
from services.runtime import metrics
from services.runtime.settings import CONFIG_FILE_VARIABLE, Settings
from tests.kit.tree import ROOT

RUNBOOKS = ROOT / "deploy" / "RUNBOOKS.md"
OPERATING = ROOT / "deploy" / "OPERATING.md"
RULES = ROOT / "deploy" / "prometheus" / "aiops-rules.yaml"
OPENAPI = ROOT / "contracts" / "generated" / "openapi.json"
GUIDES = [pytest.param(path, id=path.stem) for path in (RUNBOOKS, OPERATING)]
_PARAGRAPHS = ("Means", "People notice", "Look", "Mend", "Safe to wait")
_METRIC = re.compile(r"\b(?:aiops_|process_)[a-z_]+[a-z]")
_NAMES = frozenset({"-n", "--namespace", "namespace", "install", "upgrade"})
"""After these `aiops` is a namespace or a release, not the command."""


def _code(text: str) -> Iterator[str]:
    """Every code span, and every line of a code block."""
    text = re.sub(r"\\\n\s*", "", text)  # What goes on in the next line is one.
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in fenced:
        yield from block.splitlines()
    lines = prose.splitlines()
    yield from (line.strip() for line in lines if line.startswith("    "))
    told = "\n".join(line for line in lines if not line.startswith("    "))
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", told))


def _commands(text: str) -> Iterator[list[str]]:
    """What follows each `aiops` that is the command, up to the end of that command."""
    for line in _code(text):
        if not re.search(r"(?<![\w./-])aiops(?![\w.-])", line):
            continue
        words = shlex.split(line, comments=True)
        for number, word in enumerate(words):
            if word == "aiops" and (number == 0 or words[number - 1] not in _NAMES):
                rest = words[number + 1 :]
                ends = [at for at, each in enumerate(rest) if each in {"|", "&&", ";", ">"}]
                yield rest[: ends[0]] if ends else rest


def _wrong(words: list[str]) -> str:
    """What the parser does not know of a command; empty for one that exists."""
    command, left = typer.main.get_command(app), list(words)
    while isinstance(command, TyperGroup):
        if not left or left[0] not in command.commands:
            return f"no command {' '.join(words)!r}"
        command = command.commands[left.pop(0)]
    given = {each.partition("=")[0] for each in left if each.startswith("-") and each != "-"}
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return ", ".join(sorted(given - known))


def _settings(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name.upper()}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{prefix}{name.upper()}__")


KNOWN_SETTINGS = {*_settings(Settings, "AIOPS_"), CONFIG_FILE_VARIABLE}
OF_THE_CLI = {reach._GATEWAY_VARIABLE, reach._TOKEN_VARIABLE}


def _exposed() -> set[str]:
    found = {
        family.name + suffix
        for family in metrics.REGISTRY.collect()
        for suffix in {
            "counter": ["_total"],
            "histogram": ["_bucket", "_sum", "_count"],
            "gauge": [""],
        }[family.type]
    }
    ours = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    assert len(ours) > 40
    return found


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return kept.replace(" ", "-")


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {_anchor(each) for each in headings}


def _alerts() -> list[str]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]


def _sections() -> dict[str, str]:
    """The sections about alerts, by their headings."""
    chapter = RUNBOOKS.read_text().partition("\n## Alerts\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### (.+)$", chapter, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_a_section_and_every_section_an_alert() -> None:
    assert _alerts()
    assert list(_sections()) == _alerts()
    others = RUNBOOKS.read_text().partition("\n## Alerts\n")[2].partition("\n## ")[2]
    assert not re.findall(r"^#+ Aiops\w+", others, re.MULTILINE)


@pytest.mark.parametrize("alert", _alerts())
def test_a_section_says_what_it_means_how_to_look_and_how_to_mend(alert: str) -> None:
    told = re.findall(r"^\*\*([\w ]+?)\.?\*\*", _sections()[alert], re.MULTILINE)
    assert tuple(told) == _PARAGRAPHS


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_exists(guide: Path) -> None:
    commands = [*_commands(guide.read_text())]
    assert len(commands) > 10
    assert not [wrong for words in commands if (wrong := _wrong(words))]


def test_a_command_that_does_not_exist_is_found() -> None:
    assert [*_commands("`kubectl -n aiops exec x -- aiops dlq show ID`")] == [["dlq", "show", "ID"]]
    assert [*_commands("    helm install aiops x\n    aiops a && aiops b  # c")] == [["a"], ["b"]]
    assert _wrong(["dead-letters", "list"])
    assert _wrong(["dlq"])
    assert _wrong(["backup", "--into", "x"]) == "--into"
    assert not _wrong(["backup", "--to", "x"])


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_leads_to_a_file_and_its_heading(guide: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", guide.read_text())
    relative = [each for each in links if "://" not in each]
    assert len(relative) > 5
    for each in relative:
        file, _, anchor = each.partition("#")
        target = (guide.parent / file).resolve() if file else guide
        assert target.exists(), each
        assert not anchor or anchor in _anchors(target), each


@pytest.mark.parametrize("guide", GUIDES)
def test_every_setting_exists(guide: Path) -> None:
    named = set(re.findall(r"AIOPS_[A-Z0-9_]+", guide.read_text()))
    assert len(named) > 10
    unknown = named - KNOWN_SETTINGS - OF_THE_CLI
    assert not unknown


@pytest.mark.parametrize("guide", GUIDES)
def test_every_metric_exists_and_every_expression_is_one(guide: Path) -> None:
    asked = [each for each in _code(guide.read_text()) if _METRIC.search(each)]
    assert asked
    assert not {name for each in asked for name in _METRIC.findall(each)} - _exposed()
    assert not [each for each in asked if parse(each).expression is None]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_route_exists(guide: Path) -> None:
    told = json.loads(OPENAPI.read_text())["paths"]
    paths = cast("dict[str, dict[str, object]]", told)
    known = {f"{method.upper()} {path}" for path, of in paths.items() for method in of}
    named = set(re.findall(r"\b(?:GET|POST|PUT|PATCH|DELETE) /[\w/{}-]+", guide.read_text()))
    assert named
    assert not named - known
