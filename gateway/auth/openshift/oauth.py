"""OpenShift's OAuth server: where it is (RFC 8414), and a code for a token (RFC 6749, RFC 7636)."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from contracts.refusals import Refused, TryLater
from gateway.auth.identity import Attempt
from gateway.auth.oidc.asking import Asker, read, refused
from gateway.auth.oidc.exchange import Client, Code
from gateway.auth.openshift.server import ApiServer, failed
from services.runtime.logging import logger
from services.runtime.outbound.reading import Options

_PATH = ".well-known/oauth-authorization-server"
_SCOPE = "user:info"
"""The least that there is: the token says who somebody is, and then it is dropped."""
_LONGEST_TOKEN = 8192


class Metadata(msgspec.Struct, frozen=True):
    """What of the OAuth server's metadata is needed.

    Its issuer is not where the API server is, other than RFC 8414 wants: what makes it good is that
    the API server says so.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str


class _Token(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.1."""

    access_token: str


class _Error(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.2; what else is there is for nobody's eyes."""

    error: str


@dataclass(frozen=True, slots=True)
class OAuthServer(Asker):
    """Asked as an issuer is; ``issuer`` is the API server that vouches for it."""

    def failed(self, what: str) -> TryLater:
        """TryLater because of it."""
        return failed(f"the OAuth server of {self.place} {what}")


async def discover(server: ApiServer) -> Metadata:
    """Where the OAuth server is; TryLater if that is not to be had, or may not be asked."""
    found = await server.document(_PATH, Metadata, "its OAuth metadata")
    trusts = OAuthServer(server.outbound, server.url).trusts
    if not (trusts(found.authorization_endpoint) and trusts(found.token_endpoint)):
        raise failed("the API server names OAuth endpoints that are no https URLs")
    return found


def address(known: Metadata, client: Client, attempt: Attempt, redirect_uri: str) -> str:
    """Where the browser is sent to log in."""
    parts = urlsplit(known.authorization_endpoint)
    asked = urlencode(
        {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": redirect_uri,
            "scope": _SCOPE,
            "state": attempt.state,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
    )
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, asked)))))


async def exchange(server: ApiServer, known: Metadata, client: Client, code: Code) -> str:
    """The access token for a code; Refused if there is none, TryLater if nobody answers."""
    asker = OAuthServer(
        server.outbound, server.url, await server.certificates(), seconds=server.seconds
    )
    # In the form, where colons are: the id of a service account has some, and Basic splits there.
    form = code.form() | {"client_id": client.id}
    if client.secret is not None:
        form["client_secret"] = client.secret
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    content = urlencode(form, errors="replace").encode()
    answer = await asker.ask(
        "POST", known.token_endpoint, Options(headers=headers, content=content)
    )
    if answer.status != 200:
        raise _refusal(asker, answer.status, read(answer.body, _Error))
    found = read(answer.body, _Token)
    if found is None or not is_token(found.access_token):
        raise asker.failed("answered what is no token")
    return found.access_token


def is_token(text: str) -> bool:
    """True for what may stand behind `Bearer`."""
    sound = text.isascii() and text.isprintable() and " " not in text
    return sound and 0 < len(text) <= _LONGEST_TOKEN


def _refusal(asker: Asker, status: int, error: _Error | None) -> Refused:
    if error is not None and error.error == "invalid_grant":
        return refused("the login has ended or was used before: log in again")
    text = f"the OAuth server of {asker.place} does not take this platform as a client"
    logger("access").warning("openshift_refused", reason=text, status=status)
    return refused(f"{text}: let an administrator check its id, secret and redirect URI")
