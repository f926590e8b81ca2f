"""The public keys of an issuer (JWK Set, RFC 7517): asymmetric ones for signatures alone."""

import base64
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.auth.oidc.asking import Asker

Key = RSAKey | ECKey | OKPKey

ALGORITHMS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
"""What a token may be signed with, and the type of key. Nothing that is made with a shared secret,
or with none: whoever knows our public keys could make such a token."""
_MOST_KEYS = 100
_TYPES: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_CURVES = frozenset({"P-256", "P-384", "P-521", "Ed25519", "Ed448"})
# RFC 7518, section 3.3; and what takes no more than a millisecond.
_RSA_BITS = range(2048, 8193)


class Document(msgspec.Struct, frozen=True):
    """A JWK Set, its keys unread."""

    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key, and what it is for."""

    kid: str | None
    kind: str
    algorithm: str | None
    """The only one that it is for, if its owner says so."""
    key: Key

    def fits(self, algorithm: str, kid: str | None) -> bool:
        """True if a token with these in its header may have been signed with it."""
        return (
            ALGORITHMS.get(algorithm) == self.kind
            and self.algorithm in {None, algorithm}
            and kid in {None, self.kid}
        )


async def fetch_keys(asker: Asker, url: str) -> tuple[PublicKey, ...]:
    """The issuer's keys, a hundred at most; TryLater if they are not to be had."""
    document = await asker.document(url, Document, "its keys")
    keys = [key for each in document.keys[:_MOST_KEYS] if (key := _key(each)) is not None]
    if not keys:
        raise asker.failed("has no keys that can be used")
    return tuple(keys)


def _key(told: dict[str, Any]) -> PublicKey | None:
    """A key that signatures may be checked with; None for another, as RFC 7517, section 5, asks."""
    kind, kid, algorithm = told.get("kty"), told.get("kid"), told.get("alg")
    if not isinstance(kid, str | None) or not isinstance(algorithm, str | None):
        return None
    parts = {name: told[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in told}
    try:
        if not _is_sound(parts) or told.get("use", "sig") != "sig":
            return None
        return PublicKey(kid, str(kind), algorithm, _TYPES[str(kind)].import_key(parts))
    except (JoseError, ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        return None


def _is_sound(parts: dict[str, Any]) -> bool:
    """False for a type, size or curve that is not for our algorithms."""
    if parts["kty"] == "RSA":
        return _bits(parts["n"]) in _RSA_BITS
    return parts["kty"] in _TYPES and parts["crv"] in _CURVES


def _bits(number: str) -> int:
    """How long a number is, which is in base64url (RFC 7518, section 6.3.1.1)."""
    raw = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    return int.from_bytes(raw).bit_length()
