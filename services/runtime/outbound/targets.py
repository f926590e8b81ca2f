"""What is to be reached, and with which credentials."""

import base64
import math
import re
from dataclasses import dataclass, field

import httpx

from contracts.refusals import Code, Refused

_TOKEN = re.compile(r"[\x21-\x7e]+")
_SERVER_NAME = re.compile(r"[A-Za-z0-9.:_-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One outside system: where it is, whom to trust, who we are. Refused if it makes no sense."""

    base_url: str
    """http or https, without user and password."""
    ca: str | None = field(default=None, repr=False)
    """The certificates to trust, in PEM; None: those that the system trusts."""
    certificate: str | None = field(default=None, repr=False)
    """Our client certificate with its chain, in PEM."""
    key: str | None = field(default=None, repr=False)
    """Its private key, in PEM and not encrypted."""
    token: str | None = field(default=None, repr=False)
    """Goes as `Authorization: Bearer` (RFC 6750) to this host and to no other."""
    basic: tuple[str, str] | None = field(default=None, repr=False)
    """User and password (RFC 7617), to this host and to no other; a token goes before them."""
    server_name: str | None = None
    """The name that the certificate must have, if it is not the host's."""
    timeout: float = 10.0
    """Seconds to connect, to send, and between two parts of an answer."""
    verify: bool = True
    """False: any certificate is taken. Only for clusters whose owner has said so."""

    def __post_init__(self) -> None:
        """Everything that a library would complain of later, repeating the secret."""
        _require_url(self.base_url)
        if (self.certificate is None) != (self.key is None):
            raise invalid("certificate", "a client certificate and its key come together")
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise invalid("token", "must be printable ASCII without blanks")
        if self.basic is not None and not _sound(self.basic):
            raise invalid("username", "must be printable, without a colon, and have a password")
        if self.server_name is not None and not _SERVER_NAME.fullmatch(self.server_name):
            raise invalid("server_name", "must be a host name")
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise invalid("timeout", "must be more than 0 seconds")

    @property
    def authorization(self) -> str | None:
        """What goes as the header of this name."""
        if self.token is not None:
            return f"Bearer {self.token}"
        if self.basic is None:
            return None
        return f"Basic {base64.b64encode(':'.join(self.basic).encode()).decode()}"


def _sound(basic: tuple[str, str]) -> bool:
    user, password = basic
    return user.isprintable() and ":" not in user and bool(user) and password.isprintable()


def invalid(field_name: str, message: str) -> Refused:
    """422 about one part of a target; never with its content."""
    fields = [{"field": field_name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{field_name}: {message}", {"fields": fields})


def _require_url(text: str) -> None:
    try:
        url = httpx.URL(text)
        host = url.host  # Read here: what looks like an international name may be none.
    except (httpx.InvalidURL, UnicodeError):
        raise invalid("base_url", "is not a URL") from None
    if url.scheme not in {"http", "https"} or not host:
        raise invalid("base_url", "must begin with https:// or http:// and name a host")
    if url.userinfo:
        raise invalid("base_url", "must not hold a user or password")
    if url.query or url.fragment:
        raise invalid("base_url", "must not hold a query or fragment")
