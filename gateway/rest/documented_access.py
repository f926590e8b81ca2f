"""Shapes of tokens and sessions."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.access import LoginMethod, Role, TokenName
from contracts.envelope import Message, Timestamp


class NewToken(Message):
    """What a token shall be."""

    name: TokenName
    """Who or what uses it: it stands in events and in the audit log."""
    role: Role
    clusters: tuple[UUID, ...] = Field(default=(), max_length=1000)
    """Those that it is for; empty: all of them, also those to come."""
    expires_at: Timestamp | None = None
    """Null: when it is revoked."""


class TokenView(Message):
    """A token, without its secret."""

    id: UUID
    name: str
    role: Role
    clusters: list[UUID]
    created_at: Timestamp
    created_by: str | None
    expires_at: Timestamp | None
    revoked_at: Timestamp | None
    last_used_at: Timestamp | None
    """To within a minute."""


class TokenMade(TokenView):
    """A new token."""

    token: str
    """Its secret, which is told only here."""


class TokenList(Message):
    """Tokens, the newest first."""

    items: list[TokenView]
    total: int
    page: int
    page_size: int
    total_pages: int


class SessionView(Message):
    """A login in a browser, without its secret."""

    id: UUID
    user: str
    method: LoginMethod
    groups: list[str]
    """Those that the identity provider named at the login: they say what the user may do."""
    address: str | None
    """Where the user came from, as the connection showed it."""
    created_at: Timestamp
    expires_at: Timestamp
    last_used_at: Timestamp | None
    """To within a minute."""
    current: bool
    """The one that has asked."""


class SessionList(Message):
    """Sessions, the newest first."""

    items: list[SessionView]
    total: int
    page: int
    page_size: int
    total_pages: int


class LoginWays(Message):
    """How one logs in here."""

    mode: Literal["token", "oidc", "openshift", "none"]
    """`oidc` and `openshift`: also at an identity provider, from `/auth/start` on."""
