"""An OpenID provider of the tests' own: a small HTTPS server that knows its clients and rotates."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from services.clusters.oidc import OidcClient
from tests.kit.authorities import LOCAL, authority
from tests.runtime.outbound.origins import Origin, Talk, answer, serving

DISCOVERY = "/.well-known/openid-configuration"
TOKEN = "/token"
SECRET = "s3cret/+ &ü:%"
AUTHORITY = authority("issuer CA")
_IDENTITY = AUTHORITY.server_identity((*LOCAL, "sso.test"))


def jwt(payload: dict[str, Any] | bytes, header: bytes = b'{"alg":"RS256","typ":"JWT"}') -> str:
    """A JWT whose signature nobody will look at."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return ".".join(_url64(part) for part in (header, body, b"signature"))


@dataclass(frozen=True)
class Asked:
    """A request for a token."""

    form: dict[str, str]
    authorization: str | None


@dataclass
class Issuer:
    """What it knows, what it says, and what it was asked."""

    at: datetime
    secret: str | None = SECRET
    """None: a public client."""
    refresh_token: str = "refresh-0"
    rotates: bool = True
    gives: frozenset[str] = frozenset({"id_token", "access_token", "expires_in"})
    document: dict[str, Any] = field(default_factory=dict[str, Any])
    """What its configuration has besides, or instead; None takes a field away."""
    instead: dict[str, Talk] = field(default_factory=dict[str, Talk])
    """What is done at a path instead of what is right."""
    asked: list[Asked] = field(default_factory=list[Asked])
    origin: Origin = field(default_factory=Origin)
    path: str = ""
    """Where it lives on its host."""

    @property
    def url(self) -> str:
        return self.origin.url() + self.path

    def client(self, **changes: Any) -> OidcClient:
        """A client that it knows, asking with its secret."""
        known: dict[str, Any] = {
            "issuer_url": self.url,
            "client_id": "hub:1",
            "client_secret": self.secret,
            "ca_pem": AUTHORITY.pem,
        }
        return OidcClient(**known | changes)

    def configuration(self) -> dict[str, Any]:
        """Its OpenID configuration."""
        said = {"issuer": self.url, "token_endpoint": f"{self.url}{TOKEN}"} | self.document
        return {name: value for name, value in said.items() if value is not None}

    def token(self, asked: Asked) -> bytes:
        """The answer to a request for a token."""
        self.asked.append(asked)
        if not self._known(asked):
            return _json({"error": "invalid_client", "error_description": SECRET}, "401 No")
        match asked.form["grant_type"]:
            case "client_credentials" if self.secret is not None:
                return self._gives({})
            case "refresh_token" if asked.form["refresh_token"] == self.refresh_token:
                return self._gives(self._rotated())
            case _:
                return _json({"error": "invalid_grant", "hint": SECRET}, "400 Bad Request")

    def _known(self, asked: Asked) -> bool:
        shown = asked.form.get("client_id"), asked.form.get("client_secret")
        if asked.authorization is not None:
            pair = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
            name, _, secret = pair.partition(":")
            shown = unquote_plus(name), unquote_plus(secret)
        return shown == ("hub:1", self.secret)

    def _rotated(self) -> dict[str, str]:
        if not self.rotates:
            return {}
        self.refresh_token = f"refresh-{len(self.asked)}"
        return {"refresh_token": self.refresh_token}

    def _gives(self, more: dict[str, str]) -> bytes:
        ends = round((self.at + timedelta(minutes=5)).timestamp())
        said = {
            "id_token": jwt({"iss": self.url, "sub": "hub", "exp": ends}),
            "access_token": "opaque-access",
            "expires_in": 600,
        }
        given = {name: value for name, value in said.items() if name in self.gives}
        return _json({"token_type": "Bearer", **given, **more})


@asynccontextmanager
async def issuing(issuer: Issuer, *, tls: bool = True) -> AsyncGenerator[Issuer]:
    """An issuer that answers."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = issuer.origin.heads[-1].split()[1].removeprefix(issuer.path)
        length = int(issuer.origin.header("content-length") or 0)
        form = dict(parse_qsl((await reader.readexactly(length)).decode()))
        asked = Asked(form, issuer.origin.header("authorization"))
        if path in issuer.instead:
            await issuer.instead[path](reader, writer)
        elif path == DISCOVERY:
            writer.write(_json(issuer.configuration()))
        elif path.partition("?")[0] == TOKEN:
            writer.write(issuer.token(asked))
        else:
            writer.write(answer(b"", "404 Not Found"))
        await writer.drain()

    async with serving(talk, _IDENTITY.server() if tls else None) as origin:
        issuer.origin = origin
        yield issuer


def _json(value: dict[str, Any], status: str = "200 OK") -> bytes:
    return answer(json.dumps(value).encode(), status, "Content-Type: application/json")


def _url64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
