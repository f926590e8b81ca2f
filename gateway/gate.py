"""What every door of this process works with."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from contracts.access import LoginMethod
from contracts.refusals import TryLater
from gateway.auth.bindings import Bindings
from gateway.auth.identity import Identity, Provider
from gateway.auth.openshift.access import AccessReviews
from gateway.auth.trail import Trail
from gateway.briefly import Briefly
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
    briefly: Briefly
    """What was answered about telemetry just now."""
    provider: Provider | None = None
    """Where people log in, if not here."""
    reviews: AccessReviews | None = None
    """What somebody may do by OpenShift's own rules, beside their bindings."""
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
        return await self._ours(secret)

    async def _ours(self, secret: str) -> Principal | None:
        """Whose token or session of our own it is."""
        found = await self.access.principal(secret)
        if found is None or found.via is not LoginMethod.OPENSHIFT:
            return found
        session = await self.access.session(secret)
        if session is None:
            return None
        return await self._reviewed(found, Identity(session.actor, session.groups))

    async def _bearer(self, provider: Provider, token: str) -> Principal | None:
        try:
            identity = await provider.bearer(token)
        except TryLater as later:
            raise ProviderUnavailable(later.reason) from None
        if identity is None:
            return None
        grants = self.access.granted(identity.groups)
        return await self._reviewed(Principal(identity.user, grants, provider.method), identity)

    async def _reviewed(self, found: Principal, identity: Identity) -> Principal:
        """With what the provider's own rules give."""
        if self.reviews is None:
            return found
        try:
            more = await self.reviews.grants(identity)
        except TryLater as later:
            raise ProviderUnavailable(later.reason) from None
        return replace(found, grants=(*found.grants, *more))

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.runtime.log


def _may_be_its(secret: str) -> bool:
    """True for what looks like a provider's token: a JWT, or one of OpenShift."""
    return secret.count(".") == 2 or secret.startswith("sha256~")
