"""The wheel holds the web UI as it was built, and nothing that it was built from."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.kit.tree import ROOMS, ROOT

BUILT = {"gateway/ui/dist/index.html", "gateway/ui/dist/assets/a-1.js.br"}
NOT_SHIPPED = {"gateway/ui/src/main.tsx", "gateway/ui/package.json", "gateway/ui/node_modules/a.js"}


def test_of_the_ui_the_wheel_holds_what_was_built(tmp_path: Path) -> None:
    for name in ("pyproject.toml", ".gitignore", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    rooms = {f"{room}/__init__.py" for room in ROOMS}
    for name in rooms | BUILT | NOT_SHIPPED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == rooms | BUILT
