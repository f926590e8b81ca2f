"""What was recorded of real programs and exporters, and other texts as such sources are read."""

import json
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from services.cnf.vectors import Sample

_FOLDER = Path(__file__).parent / "recorded"


def text(name: str) -> str:
    """A recording, without the comment that says where it is from."""
    lines = (_FOLDER / name).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# "))


def exposed(name: str) -> str:
    """A recording of an exporter as it is scraped."""
    return (_FOLDER / name).read_text()


def json_of(name: str) -> Any:
    """A recording that is JSON."""
    return json.loads((_FOLDER / name).read_text())


def samples(exposition: str, **labels: str) -> list[Sample]:
    """What Prometheus would have of an exporter's text, with labels of its own."""
    return [
        Sample(each.name, {**labels, **each.labels}, each.value)
        for family in text_string_to_metric_families(exposition)
        for each in family.samples
    ]
