"""The simulated fleet in a process of its own, as it is far from the platform."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.kit.tree import ROOT


@contextmanager
def simulator(clusters: int, *, nodes: int = 4, pods: int = 20) -> Generator[Mapping[str, Any]]:
    """Run it for the time of a block; gives the line that it prints when it is ready."""
    with tempfile.TemporaryDirectory(prefix="aiops-fleet-") as folder:
        program = [
            *(sys.executable, "-m", "deploy.simulator", "--clusters", str(clusters)),
            *("--seed", "7", "--nodes", str(nodes), "--pods", str(pods)),
            # As clusters are: none shares its connections with another.
            *("--port", "0", "--own-ports", "--folder", folder),
        ]
        with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                yield json.loads(process.stdout.readline())
            finally:
                process.terminate()
