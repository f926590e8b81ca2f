"""What the settings of the platform name must be there."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.platform import PARTS, platform_settings
from deploy.run import run_part

_NAME = "AIOPS_PROJECTIONS__PARTITIONS"


@pytest.mark.parametrize("part", [each.name for each in PARTS])
def test_no_part_starts_with_a_projection_that_there_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    monkeypatch.setenv(_NAME, '{"fleet": 2, "alertz": 2}')
    assert run_part(part) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"aiops run: {_NAME}: ")
    assert "'alertz'" in line


def test_neither_does_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(_NAME, '{"alertz": 2}')
    program = [sys.executable, "-m", "deploy.cli.main", "up", "--data-dir", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert done.stderr.count("\n") == 1
    assert f"{_NAME}: there is no projection 'alertz'" in done.stderr


def test_projections_that_there_are_may_be_partitioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_NAME, '{"fleet": 2, "alerts": 3, "activity": 4}')
    assert platform_settings().projections.partitions == {"fleet": 2, "alerts": 3, "activity": 4}
