"""What is shipped is written down for those who must know it: `make sbom`."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.kit.tree import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]


def told(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "dist" / name).read_text())


def norm(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_everything_that_is_pinned_is_told_with_its_version_and_licence() -> None:
    subprocess.run(["make", "-s", "sbom"], cwd=ROOT, check=True, capture_output=True)
    python, ui = told("aiops.cdx.json"), told("ui.cdx.json")
    for each in (python, ui):
        assert each["bomFormat"] == "CycloneDX"
    found = {norm(one["name"]): one for one in python["components"]}
    lock = (ROOT / "deploy" / "requirements.txt").read_text()
    pins = dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", lock, re.MULTILINE))
    assert {name: found[name]["version"] for name in found} == {
        name: pins[name] for name in found
    }, "what is told is what is pinned"
    # With a condition: for systems of another kind, perhaps.
    perhaps = set(re.findall(r"^([a-z0-9.-]+)==\S+ *;", lock, re.MULTILINE))
    assert pins.keys() - found.keys() <= perhaps
    without = [name for name, one in found.items() if not one.get("licenses")]
    assert len(without) < len(found) / 20, without
    assert {"react", "uplot"} <= {one["name"] for one in ui["components"]}
    assert all(one.get("licenses") for one in ui["components"])
