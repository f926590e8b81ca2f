"""Checks the tokens of an issuer: signature, whom they are of and for, and when they are good.

Sources: RFC 7515 and 7519; RFC 8725 (which algorithms, and what a token is for); OpenID Connect
Core 1.0, section 3.1.3.7 (ID tokens); RFC 9068 (access tokens).
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import JWTClaimsRegistry

from contracts.refusals import Refused
from gateway.auth.oidc.asking import read, refused
from gateway.auth.oidc.kept import Kept
from gateway.auth.oidc.keys import ALGORITHMS, PublicKey
from services.runtime.clock import Clock

Claims = dict[str, Any]

_LEEWAY = 60
"""Seconds that clocks may differ."""
_ID_TOKEN_TYPES = frozenset({None, "jwt"})
_ACCESS_TOKEN_TYPES = _ID_TOKEN_TYPES | {"at+jwt", "application/at+jwt"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


class _Registry(JWSRegistry):
    """Our algorithms and no others; in the header also what we do not know, as the RFC wants."""

    max_header_length = 8192
    max_signature_length = 2048

    def get_alg(self, name: str) -> Any:
        """An algorithm of the list. The library warns of EdDSA's name, which issuers still use."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_REGISTRY = _Registry(strict_check_header=False)


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    typ: str | None = None
    crit: Any = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A token taken apart, which nobody has vouched for yet."""

    signature: CompactSignature
    header: _Header
    claims: Claims


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks tokens with the issuer's keys as they are now."""

    issuer: str
    keys: Kept[tuple[PublicKey, ...]]
    clock: Clock

    async def id_token(self, token: str, client_id: str, nonce: str) -> Claims:
        """The claims of an ID token for our client and this login; Refused if it is not good."""
        opened = _opened(token, _ID_TOKEN_TYPES)
        claims = self._require(opened.claims, client_id)
        if not _is_ours(claims, client_id):
            raise _bad("was given to another client")
        if not _equal(claims.get("nonce"), nonce):
            raise _bad("is of another login")
        await self._require_signed(opened)
        return claims

    async def access_token(self, token: str, audience: str) -> Claims:
        """The claims of an access token for this audience; Refused if it is not good."""
        opened = _opened(token, _ACCESS_TOKEN_TYPES)
        claims = self._require(opened.claims, audience)
        if "events" in claims:
            raise _bad("is a message about somebody")  # A logout token, which may look alike.
        await self._require_signed(opened)
        return claims

    def _require(self, claims: Claims, audience: str) -> Claims:
        """Cheap things first: nobody makes us fetch keys with what is not for us."""
        registry = JWTClaimsRegistry(
            now=int(self.clock.now().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError:
            raise _bad("has ended, is not good yet, or is not of this issuer for us") from None
        return claims

    async def _require_signed(self, opened: _Opened) -> None:
        """An issuer may have new keys: those that do not fit are fetched again."""
        for keys in (self.keys.get, self.keys.anew):
            if await self._signed(opened, keys):
                return
        raise _bad("is not signed by the issuer")

    async def _signed(
        self, opened: _Opened, keys: Callable[[], Awaitable[Sequence[PublicKey]]]
    ) -> bool:
        algorithm, kid = opened.header.alg, opened.header.kid
        fitting = [each for each in await keys() if each.fits(algorithm, kid)]
        if any(_is_by(opened.signature, each) for each in fitting):
            return True
        if fitting and kid is not None:
            raise _bad("is not signed by the issuer")  # The key is known, and it is not this.
        return False


def ends(claims: Claims) -> datetime:
    """When a token that has been checked ends."""
    return _EPOCH + timedelta(seconds=min(claims["exp"], _LAST_SECOND))


def _opened(token: str, types: frozenset[str | None]) -> _Opened:
    try:
        signature = extract_compact(token.encode(), registry=_REGISTRY)
        header = msgspec.convert(signature.headers(), _Header)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise _bad("is no JWT") from None
    claims = read(signature.payload, dict[str, Any])
    if claims is None:
        raise _bad("is no JWT")
    if header.alg not in ALGORITHMS or header.crit is not None:
        raise _bad("is signed in a way that is not taken")
    if (header.typ.lower() if header.typ is not None else None) not in types:
        raise _bad("is of another kind")
    return _Opened(signature, header, claims)


def _is_by(signature: CompactSignature, key: PublicKey) -> bool:
    try:
        return validate_compact(signature, key.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


def _is_ours(claims: Claims, client_id: str) -> bool:
    """Its `azp`, which must be there where several parties may take the token."""
    audience, party = claims["aud"], claims.get("azp")
    if party is None:
        return isinstance(audience, str) or len(audience) == 1
    return party == client_id


def _equal(told: object, wanted: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), wanted.encode())


def _bad(why: str) -> Refused:
    return refused(f"the token {why}")
