"""What every door of this process works with."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts.refusals import TryLater
from gateway.auth.bindings import Bindings
from gateway.auth.identity import Provider
from gateway.auth.trail import Trail
from gateway.directory import Directory
from gateway.parts import Parts
from gateway.positions import Positions
from gateway.slots import Slots
from services.runtime.access import Access
from services.runtime.clock import Clock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.process import Runtime


class ProviderUnavailable(DatabaseUnavailable):
    """Who somebody is cannot be found out now: as where our own table of logins is away."""


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
    provider: Provider | None = None
    """Where people log in, if not here."""
    exports: Slots = field(default_factory=lambda: Slots(8))
    """Of the log: each has a reader and a few megabytes of its own."""
    moments: dict[datetime, int] = field(default_factory=dict[datetime, int])
    """How far the log was at times that were asked for; see `gateway.rest.as_of`."""

    async def principal(self, secret: str | None) -> Principal | None:
        """Whose secret this is; with ``auth: none`` everybody is an administrator."""
        if self.runtime.settings.gateway.auth == "none":
            return ANYBODY
        if secret is None:
            return None
        if self.provider is not None and _may_be_its(secret):
            return await self._bearer(self.provider, secret)
        return await self.access.principal(secret)

    async def _bearer(self, provider: Provider, token: str) -> Principal | None:
        try:
            identity = await provider.bearer(token)
        except TryLater as later:
            raise ProviderUnavailable(later.reason) from None
        if identity is None:
            return None
        return Principal(identity.user, self.access.granted(identity.groups), provider.method)

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.runtime.log


def _may_be_its(secret: str) -> bool:
    """True for what looks like a provider's token: a JWT, or one of OpenShift."""
    return secret.count(".") == 2 or secret.startswith("sha256~")
