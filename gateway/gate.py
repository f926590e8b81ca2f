"""What every door of this process works with."""

from dataclasses import dataclass

from gateway.directory import Directory
from gateway.positions import Positions
from services.runtime.access import Access
from services.runtime.clock import Clock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database
from services.runtime.log import EventLog
from services.runtime.process import Runtime


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

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.runtime.log
