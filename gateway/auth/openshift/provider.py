"""The provider of mode `openshift`: authorization code with PKCE for browsers, TokenReview."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.access import LoginMethod
from contracts.refusals import Refused
from gateway.auth.identity import Attempt, Identity
from gateway.auth.oidc.asking import refused
from gateway.auth.oidc.exchange import Client, Code
from gateway.auth.oidc.kept import Kept
from gateway.auth.openshift import oauth, tokens
from gateway.auth.openshift.access import AccessReviews, Clusters
from gateway.auth.openshift.answers import Answers
from gateway.auth.openshift.oauth import Metadata
from gateway.auth.openshift.server import ApiServer, Unreadable
from services.runtime.clock import Clock
from services.runtime.outbound.clients import Outbound
from services.runtime.settings import InvalidSettings
from services.runtime.settings_openshift import OpenShiftSettings

_LONGEST_CODE = 8192


@dataclass
class OpenShiftProvider:
    """One OpenShift cluster; made once per process by `openshift_provider`."""

    server: ApiServer
    client: Client
    audiences: tuple[str, ...]
    clock: Clock
    _metadata: Kept[Metadata] = field(init=False, repr=False)
    _known: Answers[bytes, Identity] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked before it is needed: the platform starts without OpenShift."""
        self._metadata = Kept(lambda: oauth.discover(self.server), self.clock)
        self._known = Answers(self.clock)

    @property
    def method(self) -> LoginMethod:
        """How events name a login by it."""
        return LoginMethod.OPENSHIFT

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser is sent to log in; TryLater if OpenShift cannot be asked now."""
        return oauth.address(await self._metadata.get(), self.client, attempt, redirect_uri)

    async def finish(
        self, attempt: Attempt, query: Mapping[str, str], redirect_uri: str
    ) -> Identity:
        """Who has come back; Refused if nobody has, TryLater if OpenShift cannot be asked now.

        Their token is asked about once and then forgotten.
        """
        if not attempt.is_state(query.get("state", "")):
            raise refused("this is not the login that was begun here: log in again")
        known = await self._metadata.get()
        code = Code(_code(query, known), attempt.verifier, redirect_uri)
        token = await oauth.exchange(self.server, known, self.client, code)
        owner = await tokens.owner(self.server, token)
        if owner is None:
            raise refused("OpenShift does not say who you are: log in again")
        return owner.identity

    async def bearer(self, token: str) -> Identity | None:
        """Whose token this is, None if it is none that is good here; TryLater if nobody can say.

        What OpenShift says counts for 60 seconds, a no for 10.
        """
        if not tokens.is_bearer(token):
            return None
        key = hashlib.sha256(token.encode()).digest()
        return await self._known.get(key, lambda: self._owner(token))

    async def _owner(self, token: str) -> Identity | None:
        owner = await tokens.owner(self.server, token, self.audiences)
        return owner.identity if owner is not None and owner.full else None


def openshift_provider(
    settings: OpenShiftSettings, outbound: Outbound, clock: Clock, *, seconds: float = 5.0
) -> OpenShiftProvider:
    """The provider that the settings name; InvalidSettings if it can never be asked.

    Each request to it may take so many seconds. Reads files: called where a process starts.
    """
    if not settings.client_id:
        raise InvalidSettings("AIOPS_OPENSHIFT__CLIENT_ID: must be set for logins by openshift")
    secret = settings.client_secret.get_secret_value()
    return OpenShiftProvider(
        server=_server(settings, outbound, clock, seconds),
        client=Client(settings.client_id, secret or None),
        audiences=settings.audiences,
        clock=clock,
    )


def openshift_access(
    settings: OpenShiftSettings, provider: OpenShiftProvider, clusters: Clusters
) -> AccessReviews | None:
    """Who asks OpenShift what its users may do, None if the settings do not want that."""
    if not settings.access_review:
        return None
    return AccessReviews(provider.server, clusters, provider.clock)


def _server(
    settings: OpenShiftSettings, outbound: Outbound, clock: Clock, seconds: float
) -> ApiServer:
    made = ApiServer(
        outbound, settings.api_url, settings.ca_file, settings.token_file, clock, seconds
    )
    try:
        outbound.client(made.target())
    except (Refused, Unreadable) as error:
        text = "AIOPS_OPENSHIFT__CA_FILE and AIOPS_OPENSHIFT__TOKEN_FILE"
        raise InvalidSettings(f"{text}: {error}") from None
    return made


def _code(query: Mapping[str, str], known: Metadata) -> str:
    """What the browser has brought, if it was sent by this OAuth server."""
    # It does not say its name (RFC 9207); if it ever does, it must be its own.
    if query.get("iss", known.issuer) != known.issuer:
        raise refused("the answer to this login is another server's: log in again")
    code = query.get("code", "")
    if "error" in query or not 0 < len(code) <= _LONGEST_CODE:
        raise refused("OpenShift did not log you in")
    return code
