"""A projector of lamps in a process of its own: NATS, database, version, seconds of a fold."""

import asyncio
import subprocess
import sys

from pydantic import SecretStr

from services.runtime import process
from services.runtime.projections.host import ProjectionHost
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.kit.lamps import old_projection, upgraded_projection
from tests.kit.tree import ROOT


def lamp_projector(settings: Settings, version: int, fold: float = 0.0) -> subprocess.Popen[bytes]:
    """Start one."""
    database = settings.database.url.get_secret_value()
    told = (settings.nats.url, database, str(version), str(fold))
    return subprocess.Popen([sys.executable, "-m", "tests.kit.lamp_projector", *told], cwd=ROOT)


async def _project(nats: str, database: str, version: int, fold: float) -> None:
    settings = Settings(
        nats=NatsSettings(url=nats, request_seconds=8),
        database=DatabaseSettings(url=SecretStr(database), timeout=20),
    )
    runtime = await process.start("projector", settings)
    projection = old_projection() if version == 1 else upgraded_projection(fold)
    host = ProjectionHost(projection, runtime.bus, settings.database)
    await process.run_until_stopped(runtime, [host.run])


if __name__ == "__main__":
    asyncio.run(_project(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
