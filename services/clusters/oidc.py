"""Gets bearer tokens from an OpenID provider, for clusters whose API server trusts it.

Sources: OpenID Connect Discovery 1.0 (sections 4.1 and 4.3); RFC 6749, sections 2.3.1 (who we are),
4.4 and 6 (what is asked) and 5 (what is answered). Kubernetes takes the ID token where there is
one. An answer of the issuer is never repeated, as it may repeat what was sent; of an error only its
code is told, and only if it is one that the standard lists.
"""

import asyncio
import base64
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec

from contracts.refusals import Refused
from services.clusters.token_claims import MAX_TOKEN, claims
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.faults import Fault, FaultKind, place
from services.runtime.outbound.reading import Answer, Options, fetch
from services.runtime.outbound.targets import Target

_LIMIT = 256 * 1024
_LONGEST_LIFE = 10 * 365 * 86_400
_TOKEN = re.compile(r"[\x21-\x7e]+")
_BASIC, _POST = "client_secret_basic", "client_secret_post"
_SLOW_DOWN = frozenset({408, 425, 429})
# RFC 6749, section 5.2; and of section 4.1.2.1 what providers use here too.
_ADVICE = {
    "invalid_request": "check what the issuer wants to know of this kind of client",
    "invalid_client": "check client id and secret, and whether the client is enabled",
    "invalid_grant": "give a new refresh token: this one has ended, was withdrawn or was used",
    "unauthorized_client": "let the issuer allow this client this kind of grant",
    "unsupported_grant_type": "give a refresh token, or use an issuer with client credentials",
    "invalid_scope": "check the scopes against those that the issuer allows this client",
    "access_denied": "let the issuer allow this client a token",
    "server_error": "look into the log of the issuer",
    "temporarily_unavailable": "look into the log of the issuer",
}
_PASSING = frozenset({"server_error", "temporarily_unavailable"})
_CHECK_URL = "check the issuer's URL: it is the `iss` of its tokens, letter by letter"
_CHECK_ISSUER = "check the issuer, and the proxies before it"

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Whom to ask for tokens, and who asks."""

    issuer_url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid",)
    """Asked for with client credentials; a refresh token brings its own."""
    ca_pem: str | None = field(default=None, repr=False)
    """Whom to trust at the issuer; None: those that the system trusts."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token, until when it is good, and what brings the next one."""

    token: str = field(repr=False)
    expires_at: datetime | None
    refresh_token: str | None = field(repr=False)
    """The new one if the issuer has changed it, which has then ended the old one."""


class OidcFailure(Exception):
    """There is no token: what happened, what to do, and whether somebody must do it."""

    def __init__(self, message: str, advice: str, *, refused: bool) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.refused = refused
        """The issuer said no, or can never be asked like this; else it may be tried later."""


class _Configuration(msgspec.Struct):
    """What of the issuer's document is needed."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str] | None = None


class _Tokens(msgspec.Struct):
    """RFC 6749, section 5.1, with the ID token of OpenID Connect Core 1.0, section 3.1.3.3."""

    id_token: str | None = None
    access_token: str | None = None
    token_type: str | None = None
    refresh_token: str | None = None
    expires_in: Any = None


class _Error(msgspec.Struct):
    """RFC 6749, section 5.2; what else is there is for nobody's eyes."""

    error: str


@dataclass(frozen=True, slots=True)
class _Ask:
    """One client in front of its issuer."""

    outbound: Outbound
    client: OidcClient
    seconds: float


async def grant(outbound: Outbound, client: OidcClient, at: datetime, seconds: float) -> Grant:
    """A new token, within so many seconds; OidcFailure if there is none."""
    ask = _Ask(outbound, client, seconds)
    issuer = _issuer(client)
    if client.client_secret is None and client.refresh_token is None:
        text = "there is neither a client secret nor a refresh token"
        raise OidcFailure(text, "give one of the two with the credentials", refused=True)
    try:
        async with asyncio.timeout(seconds):
            configuration = await _discover(ask, issuer)
            endpoint = _endpoint(issuer, configuration)
            answer = await _request(ask, issuer, endpoint, configuration)
    except TimeoutError:
        text = f"the issuer {place(issuer)} gave no token within {seconds:g} s"
        raise OidcFailure(text, _CHECK_ISSUER, refused=False) from None
    return _granted(client, answer, issuer, at)


def _issuer(client: OidcClient) -> httpx.URL:
    issuer = _url(client.issuer_url)
    if issuer is None or issuer.query:
        text = "the issuer's URL is none that may be asked"
        advice = "give an https URL without user, query and fragment"
        raise OidcFailure(text, advice, refused=True)
    if issuer.scheme != "https" and not _is_loopback(issuer.host):
        text = f"the issuer {place(issuer)} would be asked without TLS"
        raise OidcFailure(text, "give the issuer's https URL", refused=True)
    return issuer


def _url(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, ValueError):
        return None
    sound = url.scheme in {"https", "http"} and host and not url.userinfo and "#" not in text
    return url if sound else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def _discover(ask: _Ask, issuer: httpx.URL) -> _Configuration:
    who = f"the issuer {place(issuer)}"
    base = ask.client.issuer_url.removesuffix("/")
    answer = await _fetch(ask, "GET", httpx.URL(f"{base}/.well-known/openid-configuration"), who)
    if answer.status != 200:
        text = f"{who} answered {answer.status} instead of its OpenID configuration"
        raise OidcFailure(text, _CHECK_URL, refused=_is_no(answer.status))
    found = _read(answer.body, _Configuration)
    if found is None:
        text = f"what {who} answered is no OpenID configuration"
        raise OidcFailure(text, _CHECK_ISSUER, refused=False)
    if found.issuer != ask.client.issuer_url:
        raise OidcFailure(f"{who} calls itself by another URL", _CHECK_URL, refused=True)
    return found


def _endpoint(issuer: httpx.URL, configuration: _Configuration) -> httpx.URL:
    """Where tokens are asked for; an issuer elsewhere may not send secrets to our own host."""
    endpoint = _url(configuration.token_endpoint)
    inside = endpoint is not None and _is_loopback(endpoint.host) and _is_loopback(issuer.host)
    if endpoint is None or not (endpoint.scheme == "https" or inside):
        text = f"the issuer {place(issuer)} names a token endpoint that is no https URL"
        advice = "let the issuer name an https URL in its OpenID configuration"
        raise OidcFailure(text, advice, refused=True)
    return endpoint


async def _request(
    ask: _Ask, issuer: httpx.URL, endpoint: httpx.URL, configuration: _Configuration
) -> _Tokens:
    who = f"the token endpoint of {place(issuer)}"
    methods = configuration.token_endpoint_auth_methods_supported or [_BASIC]
    options = _question(ask.client, _BASIC if _BASIC in methods else _POST)
    answer = await _fetch(ask, "POST", endpoint, who, options)
    error = _read(answer.body, _Error)
    if answer.status != 200 or error is not None:
        raise _refusal(who, answer.status, error)
    tokens = _read(answer.body, _Tokens)
    if tokens is None:
        raise OidcFailure(f"what {who} answered is no token", _CHECK_ISSUER, refused=False)
    return tokens


def _question(client: OidcClient, method: str) -> Options:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    form = {"grant_type": "client_credentials", "scope": " ".join(client.scopes)}
    if client.refresh_token is not None:
        form = {"grant_type": "refresh_token", "refresh_token": client.refresh_token}
    secret = client.client_secret
    if secret is not None and method == _BASIC:
        headers["Authorization"] = _basic(client.client_id, secret)
    else:
        form |= {"client_id": client.client_id, "client_secret": secret or ""}
    sent = urlencode({name: value for name, value in form.items() if value}, errors="replace")
    return Options(headers=headers, content=sent.encode())


def _basic(name: str, secret: str) -> str:
    # Both are encoded as in a form first. A lone surrogate's own error would repeat the secret.
    pair = ":".join(quote_plus(part, errors="replace") for part in (name, secret))
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


async def _fetch(
    ask: _Ask, method: str, url: httpx.URL, who: str, options: Options | None = None
) -> Answer:
    """An answer; a fault speaks of ``who``, as the host may be what the issuer has named."""
    try:
        target = Target(
            base_url=str(url.copy_with(path="/", query=None)),
            ca=ask.client.ca_pem,
            timeout=ask.seconds,
        )
        return await fetch(
            ask.outbound.client(target),
            method,
            str(url),
            limit_bytes=_LIMIT,
            deadline_seconds=ask.seconds,
            options=options,
        )
    except Refused as refused:
        text = f"{who} cannot be asked: {refused}"
        raise OidcFailure(text, "mend the credentials", refused=True) from None
    except Fault as fault:
        raise _failure(fault, url, who) from None


def _failure(fault: Fault, url: httpx.URL, who: str) -> OidcFailure:
    host = rf"(?<![^\s]){re.escape(place(url))}(?![^\s,])"
    text = re.sub(host, lambda _: who, fault.message, count=1)
    return OidcFailure(text, fault.advice, refused=fault.kind is FaultKind.REFUSED_ADDRESS)


def _refusal(who: str, status: int, error: _Error | None) -> OidcFailure:
    code = None if error is None or error.error not in _ADVICE else error.error
    if code is not None:
        text = f"{who} answered {status}: {code}"
        return OidcFailure(text, _ADVICE[code], refused=code not in _PASSING)
    return OidcFailure(f"{who} answered {status}", _CHECK_ISSUER, refused=_is_no(status))


def _is_no(status: int) -> bool:
    return 400 <= status < 500 and status not in _SLOW_DOWN


def _granted(client: OidcClient, tokens: _Tokens, issuer: httpx.URL, at: datetime) -> Grant:
    token = tokens.id_token or tokens.access_token or ""
    who = f"the token endpoint of {place(issuer)}"
    if not tokens.id_token and (tokens.token_type or "bearer").lower() != "bearer":
        text = f"{who} gives tokens of a kind that Kubernetes does not take"
        raise OidcFailure(text, "let the issuer give this client bearer tokens", refused=True)
    if len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise OidcFailure(f"what {who} answered is no token", _CHECK_ISSUER, refused=False)
    said = claims(token)
    ends = said.expires_at if said is not None else None
    # A refresh token that comes with client credentials (RFC 6749, 4.4.3) is not needed: those
    # stay good, while it would end.
    kept = None if client.refresh_token is None else tokens.refresh_token or client.refresh_token
    return Grant(token, ends or _after(at, tokens.expires_in), kept)


def _after(at: datetime, seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return at + timedelta(seconds=seconds) if 0 <= seconds <= _LONGEST_LIFE else None


def _read(body: bytes, kind: type[_Struct]) -> _Struct | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError):
        return None
