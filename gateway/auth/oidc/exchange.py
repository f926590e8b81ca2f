"""What an issuer gives for the code that a browser has brought (RFC 6749, 4.1.3; RFC 7636)."""

import base64
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

import msgspec

from contracts.refusals import Refused
from gateway.auth.oidc.asking import Asker, read, refused
from gateway.auth.oidc.discovery import Configuration
from services.runtime.logging import logger
from services.runtime.outbound.reading import Options

_BASIC, _POST = "client_secret_basic", "client_secret_post"
_ENDED = "the login has ended or was used before: log in again"


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the issuer."""

    id: str
    secret: str | None = field(default=None, repr=False)
    """None: a public client."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and what proves that it is ours to exchange."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str

    def form(self) -> dict[str, str]:
        """What is asked."""
        return {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }


class Tokens(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.1, with the ID token of OpenID Connect Core 1.0, section 3.1.3.3."""

    id_token: str
    access_token: str | None = None


class _Error(msgspec.Struct):
    """RFC 6749, section 5.2; what else is there is for nobody's eyes."""

    error: str


async def exchange(asker: Asker, known: Configuration, client: Client, code: Code) -> Tokens:
    """The tokens for a code; Refused if the issuer gives none, TryLater if it does not answer."""
    options = _question(known, client, code)
    answer = await asker.ask("POST", known.token_endpoint, options)
    if answer.status != 200:
        raise _refusal(asker, answer.status, read(answer.body, _Error))
    tokens = read(answer.body, Tokens)
    if tokens is None:
        raise asker.failed("answered what are no tokens")
    return tokens


def _question(known: Configuration, client: Client, code: Code) -> Options:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    form, methods = code.form(), known.token_endpoint_auth_methods_supported or [_BASIC]
    if client.secret is None:
        form["client_id"] = client.id
    elif _BASIC in methods or _POST not in methods:
        headers["Authorization"] = _basic(client.id, client.secret)
    else:
        form |= {"client_id": client.id, "client_secret": client.secret}
    return Options(headers=headers, content=urlencode(form, errors="replace").encode())


def _basic(name: str, secret: str) -> str:
    # Both are encoded as in a form first. A lone surrogate's own error would repeat the secret.
    pair = ":".join(quote_plus(part, errors="replace") for part in (name, secret))
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _refusal(asker: Asker, status: int, error: _Error | None) -> Refused:
    if error is not None and error.error == "invalid_grant":
        return refused(_ENDED)
    text = f"the OpenID issuer {asker.place} does not take this platform as a client"
    logger("access").warning("issuer_refused", reason=text, status=status)
    return refused(f"{text}: let an administrator check its id, secret and redirect URI")
