"""The READMEs' examples run as they are written, on copies of the clients."""

import asyncio
import re
import shutil
import sys
from pathlib import Path

import pytest

from services.runtime.settings import environment
from tests.gateway.clients.balancer import balancing
from tests.gateway.clients.peers import NODE
from tests.kit.live import ADMIN, Stream, alerts
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

CLIENTS = ROOT / "gateway" / "clients"
EXAMPLES = {
    "python": (sys.executable, "example.py", ["python/aiops_live.py"]),
    "typescript": (str(NODE), "example.ts", ["typescript/src/live.ts", "typescript/src/frames.ts"]),
}


@pytest.mark.parametrize("language", sorted(EXAMPLES))
async def test_the_example_tells_of_alerts(stream: Stream, tmp_path: Path, language: str) -> None:
    program, name, files = EXAMPLES[language]
    for each in files:
        shutil.copy(CLIENTS / each, tmp_path)
    readme = (CLIENTS / language / "README.md").read_text()
    (code,) = re.findall(r"^```(?:python|ts)\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    (tmp_path / name).write_text(code)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    await stream.fire(*alerts(2))
    async with balancing(stream) as balancer:
        told = {"AIOPS_URL": balancer.url, "AIOPS_TOKEN": ADMIN, "PATH": environment()["PATH"]}
        process = await asyncio.create_subprocess_exec(
            program, name, cwd=tmp_path, env=told, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(20):
                await stream.fire(*alerts(1, 50))
                for sequence in (1, 2, 3):
                    line = (await process.stdout.readline()).decode()
                    assert line.split()[:3] == [str(sequence), "ALERT_FIRED", "edge-berlin-1"]
        finally:
            process.kill()
            await process.wait()
