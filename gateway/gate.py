"""What every door of this process works with."""

from dataclasses import dataclass

from gateway.directory import Directory
from gateway.positions import Positions
from services.runtime.access import Access, Principal, Role
from services.runtime.clock import Clock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database
from services.runtime.log import EventLog
from services.runtime.process import Runtime

ANYBODY = Principal("anybody", Role.ADMIN)
"""Who asks where nobody logs in: on loopback only, see `load_settings`."""


@dataclass(frozen=True)
class Gate:
    """Assembled once by `gateway.process`."""

    runtime: Runtime
    database: Database
    access: Access
    commands: CommandBus
    positions: Positions
    directory: Directory
    clock: Clock

    async def principal(self, secret: str | None) -> Principal | None:
        """Whose secret this is; with ``auth: none`` everybody is an administrator."""
        if self.runtime.settings.gateway.auth == "none":
            return ANYBODY
        return None if secret is None else await self.access.principal(secret)

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.runtime.log
