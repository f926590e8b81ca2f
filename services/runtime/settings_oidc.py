"""Section of the settings about an OpenID Connect issuer that people log in at."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from services.runtime.settings_collecting import Section


def _issuer(text: str) -> str:
    if text and not may_be_asked(text):
        raise ValueError(
            "must be an https URL without user, query and fragment; http on loopback only"
        )
    return text


def may_be_asked(url: str, *, query: bool = False) -> bool:
    """True for a URL that secrets may be sent to: https, or on loopback http; without a user."""
    parts = _split(url)
    if parts is None or not parts.hostname or "@" in parts.netloc or "#" in url:
        return False
    if "?" in url and not query:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def on_loopback(url: str) -> bool:
    """True for a URL of this very machine."""
    parts = _split(url)
    return parts is not None and _is_loopback(parts.hostname or "")


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # Read here: what looks like a port may be none.
    except ValueError:
        return None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class OidcSettings(Section):
    """An OpenID Connect issuer: whom to ask, as which client, and what its claims mean here."""

    issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        default="", description="Its URL: the `iss` of its tokens, letter by letter."
    )
    client_id: str = Field(default="", description="What it knows this platform by.")
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="And its secret; empty: a public client."
    )
    audience: str = Field(
        default="",
        description="Bearer tokens of the issuer are taken whose `aud` holds this; empty: none.",
    )
    scopes: str = Field(
        default="openid profile email groups",
        description="What is asked for, with spaces; `openid` among it.",
    )
    groups_claim: str = Field(
        default="groups", min_length=1, description="The claim with somebody's groups."
    )
    user_claim: str = Field(
        default="preferred_username",
        min_length=1,
        description="The claim with their name: `preferred_username`, `email` (if verified) or"
        " `sub`. Nobody may be able to choose another's.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="Certificates in PEM to trust at the issuer; none: those of the system.",
    )

    @model_validator(mode="after")
    def _whole(self) -> "OidcSettings":
        if self.issuer and not self.client_id:
            raise ValueError("an issuer needs a client_id")
        if "openid" not in self.scopes.split():
            raise ValueError("scopes must hold openid")
        return self
