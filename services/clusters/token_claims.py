"""What a token or a certificate says of itself: pure, and believed by nobody but its bearer.

Nothing is verified here: we carry these tokens to whoever judges them, and only want to know when
to ask for a new one and what it is called. JWT is RFC 7519 in the compact form of RFC 7515;
OpenShift's ``sha256~…`` and other opaque tokens say nothing.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509

MAX_TOKEN = 65_536
"""The longest token that is looked into, in characters."""
_MAX_PEM = 1 << 20
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
# apimachinery's IsDNS1123Label and IsDNS1123Subdomain, as the API server checks these names.
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SERVICE_ACCOUNT = re.compile(
    rf"system:serviceaccount:(?=[^:]{{1,63}}:)({_LABEL}):(?=[^:]{{1,253}}\Z)({_LABEL}(?:\.{_LABEL})*)"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a JWT claims; None: it does not say."""

    expires_at: datetime | None
    issued_at: datetime | None
    subject: str | None


class _Header(msgspec.Struct):
    """What makes a JSON object the header of a JWT."""

    alg: str


class _Payload(msgspec.Struct):
    """The claims that are of use; all others are passed over."""

    exp: int | float | None = None
    iat: int | float | None = None
    sub: str | None = None


def claims(token: str) -> Claims | None:
    """The claims of a JWT, unverified; None for any other text, and if a claim makes no sense."""
    parts = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if parts is None:
        return None
    try:
        msgspec.json.decode(_decoded(parts[1]), type=_Header)
        payload = msgspec.json.decode(_decoded(parts[2]), type=_Payload)
        return Claims(_moment(payload.exp), _moment(payload.iat), payload.sub)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors.
        return None


def service_account(subject: str | None) -> tuple[str, str] | None:
    """Namespace and name of the service account that a subject stands for."""
    found = _SERVICE_ACCOUNT.fullmatch(subject or "")
    return None if found is None else (found[1], found[2])


def certificate_ends(pem: str) -> datetime | None:
    """When the first certificate of a PEM text ends; None if there is none that can be read."""
    if len(pem) > _MAX_PEM:
        return None
    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    except (ValueError, x509.InvalidVersion):
        return None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _moment(seconds: float | None) -> datetime | None:
    """A NumericDate: seconds since 1970, whole or not."""
    if seconds is None:
        return None
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError("no time")
    return _EPOCH + timedelta(seconds=seconds)
