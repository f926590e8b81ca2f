"""An issuer that people log in at, good or bad, with a clock that stands still."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.auth.identity import Attempt
from gateway.auth.oidc.provider import OidcProvider, oidc_provider
from services.runtime.outbound.clients import Outbound
from services.runtime.settings_oidc import OidcSettings
from tests.kit.issuers import AUTHORITY, SECRET, Asked, Issuer, issuing
from tests.runtime.outbound.origins import Talk, answer, outbound, says

Key = RSAKey | ECKey | OKPKey
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOW = round(AT.timestamp())
BACK = "https://hub.test/auth/callback"
AUDIENCE = "https://hub.test/api"
ATTEMPT = Attempt("the-state", "the-verifier-" + "v" * 40, "the-nonce", "/ui")
JWKS, USERINFO = "/jwks", "/userinfo"
ACCESS_TOKEN = "opaque-access"
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
NEXT_RSA = RSAKey.generate_key(2048, {"kid": "rsa-2"})


@dataclass
class HandClock:
    """Goes on by hand."""

    time: datetime = AT
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def on(self, seconds: float) -> None:
        self.seconds += seconds
        self.time += timedelta(seconds=seconds)


@dataclass
class LoginIssuer(Issuer):
    """What its next token says, and what it signs with."""

    key: Key = field(default_factory=lambda: RSA)
    algorithm: str = "RS256"
    published: list[Key] = field(default_factory=lambda: [RSA])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    """What its ID tokens say besides, or instead; None takes a claim away."""
    begun: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """By code: what the login was begun with."""

    def configuration(self) -> dict[str, Any]:
        ours = {
            "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "jwks_uri": f"{self.url}{JWKS}",
            "userinfo_endpoint": f"{self.url}{USERINFO}",
        }
        said = {**super().configuration(), **ours, **self.document}
        return {name: value for name, value in said.items() if value is not None}

    def log_in(self, address: str) -> dict[str, str]:
        """What a browser that was sent to this address comes back with."""
        begun = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.begun)}"
        self.begun[code] = begun
        return {"code": code, "state": begun["state"]}

    def token(self, asked: Asked) -> bytes:
        self.asked.append(asked)
        if not self._known(asked):
            return told({"error": "invalid_client", "error_description": SECRET}, "401 No")
        begun = self.begun.pop(asked.form["code"], None)
        if begun is None or not _is_begun(begun, asked.form):
            return told({"error": "invalid_grant", "error_description": SECRET}, "400 No")
        id_token = self.sign({"nonce": begun["nonce"], "aud": begun["client_id"]} | self.claims)
        return told({"id_token": id_token, "access_token": ACCESS_TOKEN, "token_type": "Bearer"})

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """A token of its, of ada's unless the claims say otherwise."""
        wanted = {"alg": self.algorithm, "kid": self.key.kid} | dict(header or {})
        header = {name: value for name, value in wanted.items() if value is not None}
        said = self.says(claims)
        return jwt.encode(header, said, self.key, [self.algorithm], default_type=None)

    def says(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of a token."""
        usual = {
            "iss": self.url,
            "sub": "id-of-ada",
            "aud": AUDIENCE,
            "iat": NOW,
            "exp": NOW + 300,
            "preferred_username": "ada",
            "groups": ["platform", "night shift"],
        }
        return {name: value for name, value in {**usual, **claims}.items() if value is not None}

    def publish(self, *keys: Key | dict[str, Any]) -> None:
        """From now on these are its keys."""
        found = [key if isinstance(key, dict) else key.as_dict(private=False) for key in keys]
        self.instead[JWKS] = says(told({"keys": found}))

    def userinfo(self, claims: Mapping[str, Any], status: str = "200 OK") -> None:
        """From now on it says this of whoever shows an access token."""
        self.instead[USERINFO] = says(told(claims, status))

    def times(self, path: str) -> int:
        """How often it was asked there."""
        return sum(head.split()[1] == path for head in self.origin.heads)


@dataclass
class Login:
    """A provider in front of its issuer."""

    issuer: LoginIssuer
    clock: HandClock
    outbound: Outbound
    certificates: Path

    def provider(self, *, seconds: float = 5.0, **settings: Any) -> OidcProvider:
        """With other settings than usual."""
        known: dict[str, Any] = {
            "issuer": self.issuer.url,
            "client_id": "hub:1",
            "client_secret": self.issuer.secret or "",
            "audience": AUDIENCE,
            "ca_file": self.certificates,
        }
        made = OidcSettings.model_validate(known | settings)
        return oidc_provider(made, self.outbound, self.clock, seconds=seconds)


@asynccontextmanager
async def logging_in(
    folder: Path, secret: str | None = SECRET, **issuer: Any
) -> AsyncGenerator[Login]:
    """An issuer that answers."""
    certificates = folder / "ca.pem"
    certificates.write_text(AUTHORITY.pem)
    made = LoginIssuer(AT, secret, **issuer)
    made.publish(*made.published)
    async with issuing(made), outbound() as maker:
        yield Login(made, HandClock(), maker, certificates)


def told(value: Mapping[str, Any], status: str = "200 OK") -> bytes:
    """A whole answer in JSON."""
    return answer(json.dumps(value).encode(), status, "Content-Type: application/json")


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None) -> str:
    """A token that no library would make: signed with a secret (HS256), or with nothing."""
    signed = ".".join(_url64(json.dumps(dict(part)).encode()) for part in (header, claims))
    made = b"" if secret is None else hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{_url64(made)}"


def saying(value: Mapping[str, Any], status: str = "200 OK") -> Talk:
    """Answers this."""
    return says(told(value, status))


def _is_begun(begun: Mapping[str, str], form: Mapping[str, str]) -> bool:
    challenge = _url64(hashlib.sha256(form["code_verifier"].encode()).digest())
    return (
        form["grant_type"] == "authorization_code"
        and begun["redirect_uri"] == form["redirect_uri"]
        and (begun["code_challenge"], begun["code_challenge_method"]) == (challenge, "S256")
    )


def _url64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
