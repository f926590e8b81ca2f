"""The provider of mode `oidc`: authorization code with PKCE for browsers, JWTs for programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from contracts.access import LoginMethod
from contracts.refusals import Refused
from gateway.auth.identity import Attempt, Identity
from gateway.auth.oidc.asking import Asker, read, refused
from gateway.auth.oidc.discovery import Configuration, discover
from gateway.auth.oidc.exchange import Client, Code, Tokens, exchange
from gateway.auth.oidc.kept import Kept, KnownTokens
from gateway.auth.oidc.keys import PublicKey, fetch_keys
from gateway.auth.oidc.people import Naming
from gateway.auth.oidc.tokens import Claims, Verifier, ends
from services.runtime.clock import Clock
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.reading import Options
from services.runtime.settings import InvalidSettings
from services.runtime.settings_oidc import OidcSettings

_LONGEST_CODE, _LONGEST_TOKEN = 8192, 65_536


@dataclass
class OidcProvider:
    """One issuer; made once per process by `oidc_provider`."""

    asker: Asker
    client: Client
    naming: Naming
    scopes: str
    audience: str
    clock: Clock
    _known: KnownTokens = field(init=False, repr=False)
    _configuration: Kept[Configuration] = field(init=False, repr=False)
    _verifier: Verifier = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Nothing is asked before it is needed: the platform starts without its issuer."""
        self._known = KnownTokens(self.clock)
        self._configuration = Kept(lambda: discover(self.asker), self.clock)
        self._verifier = Verifier(self.asker.issuer, Kept(self._keys, self.clock), self.clock)

    @property
    def method(self) -> LoginMethod:
        """How events name a login by it."""
        return LoginMethod.OIDC

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser is sent to log in; TryLater if the issuer cannot be asked now."""
        known = await self._configuration.get()
        parts = urlsplit(known.authorization_endpoint)
        asked = urlencode(
            {
                "response_type": "code",
                "client_id": self.client.id,
                "redirect_uri": redirect_uri,
                "scope": self.scopes,
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": attempt.challenge,
                "code_challenge_method": "S256",
            }
        )
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, asked)))))

    async def finish(
        self, attempt: Attempt, query: Mapping[str, str], redirect_uri: str
    ) -> Identity:
        """Who has come back; Refused if nobody has, TryLater if the issuer cannot be asked now."""
        if not attempt.is_state(query.get("state", "")):
            raise refused("this is not the login that was begun here: log in again")
        known = await self._configuration.get()
        code = Code(self._code(query, known), attempt.verifier, redirect_uri)
        tokens = await exchange(self.asker, known, self.client, code)
        claims = await self._verifier.id_token(tokens.id_token, self.client.id, attempt.nonce)
        if not self.naming.whole(claims):
            claims = await self._userinfo(known, tokens, claims)
        found = self.naming.identity(claims)
        if found is None:
            text = f"the OpenID issuer {self.asker.place} says no name of yours"
            raise refused(f"{text}: let an administrator check the setting user_claim")
        return found

    async def bearer(self, token: str) -> Identity | None:
        """Whose access token this is, None if it is none for us; TryLater if nobody can say."""
        if not self.audience or len(token) > _LONGEST_TOKEN:
            return None
        known = self._known.get(token)
        if known is not None:
            return known
        try:
            claims = await self._verifier.access_token(token, self.audience)
        except Refused:
            return None
        found = self.naming.identity(claims)
        if found is not None:
            self._known.put(token, found, ends(claims))
        return found

    def _code(self, query: Mapping[str, str], known: Configuration) -> str:
        """What the browser has brought, if it was sent by this issuer."""
        needed = known.authorization_response_iss_parameter_supported
        if query.get("iss", "" if needed else known.issuer) != known.issuer:
            raise refused("the answer to this login is another issuer's: log in again")
        code = query.get("code", "")
        if "error" in query or not 0 < len(code) <= _LONGEST_CODE:
            raise refused(f"the OpenID issuer {self.asker.place} did not log you in")
        return code

    async def _userinfo(self, known: Configuration, tokens: Tokens, claims: Claims) -> Claims:
        """The claims of the ID token, and what userinfo has besides (OpenID Connect Core, 5.3)."""
        if known.userinfo_endpoint is None or tokens.access_token is None:
            return claims
        headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
        if not tokens.access_token.isascii() or not tokens.access_token.isprintable():
            raise self.asker.failed("answered what are no tokens")
        answer = await self.asker.ask("GET", known.userinfo_endpoint, Options(headers=headers))
        more = read(answer.body, dict[str, Any]) if answer.status == 200 else None
        # Somebody else's would come with a token that was slipped in.
        if more is None or more.get("sub") != claims["sub"]:
            raise refused(f"the OpenID issuer {self.asker.place} does not say who you are")
        return {**more, **claims}

    async def _keys(self) -> tuple[PublicKey, ...]:
        known = await self._configuration.get()
        return await fetch_keys(self.asker, known.jwks_uri)


def oidc_provider(
    settings: OidcSettings, outbound: Outbound, clock: Clock, *, seconds: float = 5.0
) -> OidcProvider:
    """The provider that the settings name; InvalidSettings if it can never be asked.

    Each request to it may take so many seconds. Reads a file: called where a process starts.
    """
    if not settings.issuer:
        raise InvalidSettings("AIOPS_OIDC__ISSUER: must be set for logins by oidc")
    asker = Asker(outbound, settings.issuer, _certificates(settings), seconds)
    try:
        outbound.client(asker.target(settings.issuer))
    except Refused as error:
        raise InvalidSettings(f"AIOPS_OIDC__CA_FILE: {error}") from None
    secret = settings.client_secret.get_secret_value()
    return OidcProvider(
        asker=asker,
        client=Client(settings.client_id, secret or None),
        naming=Naming(settings.user_claim, settings.groups_claim),
        scopes=settings.scopes,
        audience=settings.audience,
        clock=clock,
    )


def _certificates(settings: OidcSettings) -> str | None:
    if settings.ca_file is None:
        return None
    try:
        return settings.ca_file.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise InvalidSettings(f"AIOPS_OIDC__CA_FILE: {settings.ca_file} cannot be read") from None
