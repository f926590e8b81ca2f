"""What Node and the compiler say of the TypeScript client."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from services.runtime.settings import environment
from tests.gateway.clients.peers import NODE, TYPESCRIPT

NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node(where: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Node, which also finds itself on the path."""
    told = environment()
    told = {**told, "PATH": f"{NODE.parent}:{told['PATH']}"}
    return subprocess.run(
        [NODE, *command], cwd=where, env=told, capture_output=True, text=True, check=False
    )


def test_its_own_tests_pass() -> None:
    ran = node(TYPESCRIPT, NPM, "test")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search("pass [1-9]", ran.stdout)


def test_it_compiles_strictly_and_what_comes_out_runs(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json", "tsconfig.json", ".npmrc"):
        shutil.copy(TYPESCRIPT / name, tmp_path)
    shutil.copytree(TYPESCRIPT / "src", tmp_path / "src")
    installed = node(tmp_path, NPM, "ci", "--prefer-offline", "--fetch-retries=1")
    if installed.returncode and not environment().get("CI"):
        pytest.skip("the compiler cannot be installed: no npm registry is reached")
    assert installed.returncode == 0, installed.stderr
    built = node(tmp_path, NPM, "run", "build")
    assert built.returncode == 0, built.stdout + built.stderr
    code = "import('@aiops-nextgen/live').then(({ LiveStream }) => new LiveStream('', {}).close())"
    ran = node(tmp_path, "-e", code)
    assert ran.returncode == 0, ran.stderr
