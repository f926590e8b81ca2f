"""What every door of this process works with."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.auth.bindings import Bindings
from gateway.auth.trail import Trail
from gateway.directory import Directory
from gateway.parts import Parts
from gateway.positions import Positions
from gateway.slots import Slots
from services.runtime.access import Access
from services.runtime.clock import Clock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.process import Runtime

ANYBODY = Principal.of("anybody", Role.ADMIN)
"""Who asks where nobody logs in: on loopback only, see `load_settings`."""


@dataclass(frozen=True)
class Gate:
    """Assembled once by `gateway.process`."""

    runtime: Runtime
    database: Database
    access: Access
    commands: CommandBus
    positions: Positions
    parts: Parts
    directory: Directory
    trail: Trail
    bindings: Bindings
    """What users may do by their groups."""
    clock: Clock
    exports: Slots = field(default_factory=lambda: Slots(8))
    """Of the log: each has a reader and a few megabytes of its own."""
    moments: dict[datetime, int] = field(default_factory=dict[datetime, int])
    """How far the log was at times that were asked for; see `gateway.rest.as_of`."""

    async def principal(self, secret: str | None) -> Principal | None:
        """Whose secret this is; with ``auth: none`` everybody is an administrator."""
        if self.runtime.settings.gateway.auth == "none":
            return ANYBODY
        return None if secret is None else await self.access.principal(secret)

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.runtime.log
