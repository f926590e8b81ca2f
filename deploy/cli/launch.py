"""`aiops up`."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.cli.calling import call
from deploy.cli.configured import settings_or_fail
from deploy.cli.output import say
from deploy.local.companion import Companion
from deploy.local.parts import platform_parts, replaying_parts
from deploy.local.supervisor import Surroundings, up
from services.runtime.access import Access, TokenRequest
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.logging import configure
from services.runtime.principals import Role
from services.runtime.settings import Settings, environment


class AccessHooks:
    """The administrator's token and login code of a run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def _access(self) -> AsyncGenerator[Access]:
        database = Database(self._settings.database, "launcher")
        await database.open()
        try:
            yield Access(database, SystemClock())
        finally:
            await database.close()

    async def mint_token(self) -> str:
        """A token with every right; it is revoked when the run ends."""
        request = TokenRequest("admin", Role.ADMIN)
        async with self._access() as access:
            return (await access.mint_token(request))[1]

    async def mint_login_code(self) -> str:
        """A code that becomes a session, once."""
        async with self._access() as access:
            return await access.mint_login_code()

    async def revoke_token(self, token: str) -> None:
        """The token is worth nothing from now on."""
        async with self._access() as access:
            await access.revoke(token)


def launch(
    data_dir: Path | None,
    port: int | None,
    *,
    browser: bool,
    demo: bool = False,
    replay: Path | None = None,
) -> int:
    """Run the platform on this machine until Ctrl-C or SIGTERM; the exit code.

    With ``replay`` it shows the log of that file, and no service runs.
    """
    settings = settings_or_fail(**({"data_dir": data_dir} if data_dir else {}))
    configure(settings.telemetry, "launcher")
    chosen = settings.gateway.port if port is None else port
    parts = platform_parts() if replay is None else replaying_parts(replay)
    around = Surroundings(environment(), say, parts, _demo_fleet if demo else None)
    return asyncio.run(
        up(settings, port=chosen, open_browser=browser, hooks=AccessHooks, around=around)
    )


def _demo_fleet(data_dir: Path) -> Companion:
    # Imported when it is wanted: a launcher without it stays small.
    return call("cli.demo", "DemoFleet", data_dir, environment(), say)
