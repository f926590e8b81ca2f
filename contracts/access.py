"""Who may do what: roles, tokens, logins, and what was refused. No secret is in any of it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from contracts.clusters import LabelKey, LabelValue
from contracts.envelope import Command, Event, Message, Timestamp
from contracts.subjects import NO_CLUSTER, EntityKey, token

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Of a token or a user, as it stands in events and logs: in one line."""


def _no_colon(name: str) -> str:
    if ":" in name or not name.isprintable():
        raise ValueError("must be one line without a colon")
    return name


TokenName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        # What a schema can say of it: all but Unicode's invisible and unassigned characters.
        json_schema_extra={"pattern": r"^[^:\x00-\x1f\x7f-\x9f]*$"},
    ),
    AfterValidator(_no_colon),
]
"""Without a colon: `service:…` and `oidc:…` are other actors, which no token may pass for."""


class Role(StrEnum):
    """What somebody may do, the most first; rights are spelled out where they are asked for."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    INGEST = "ingest"


class LoginMethod(StrEnum):
    """How somebody has shown who they are."""

    CODE = "code"
    """By the one-time code of somebody who may read the hub's files."""
    OIDC = "oidc"
    OPENSHIFT = "openshift"


class Binding(Message):
    """The role that users of a group have, and for which clusters."""

    group: Annotated[str, Field(min_length=1, max_length=256)]
    """As the identity provider names it."""
    role: Role
    selector: Annotated[dict[LabelKey, LabelValue], Field(max_length=16)] = Field(
        default_factory=dict[str, str]
    )
    """Labels that a cluster must have, each with this value; empty: all clusters, also those to
    come."""


MOST_BINDINGS = 500
Bindings = Annotated[tuple[Binding, ...], Field(max_length=MOST_BINDINGS)]


class _TokenFact(Event):
    entity: ClassVar[str] = "token"
    aggregate: ClassVar[bool] = False

    token_id: UUID
    name: Name
    role: Role
    clusters: tuple[UUID, ...] = ()
    """Those that it is for; empty: all of them."""
    expires_at: Timestamp | None = None

    @property
    def key(self) -> EntityKey:
        """The token."""
        return token_key(self.token_id)


class TokenCreated(_TokenFact):
    """Somebody has made a token."""


class TokenRevoked(_TokenFact):
    """A token is good for nothing any more."""


class _SessionFact(Event):
    entity: ClassVar[str] = "session"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    session_id: UUID
    user: Name
    method: LoginMethod
    address: str | None = None
    """Where they have come from, as the connection shows it."""

    @property
    def key(self) -> EntityKey:
        """The session."""
        return EntityKey(NO_CLUSTER, "session", str(self.session_id))


class LoggedIn(_SessionFact):
    """A browser's session has begun."""


class LoggedOut(_SessionFact):
    """A browser's session has ended before its time."""

    reason: Literal["logout", "everywhere", "ended"] = "logout"
    """`everywhere`: they have ended all that they had; `ended`: this one, by its id, from another
    browser or by an administrator."""


class AccessDenied(Event):
    """Somebody who is known has asked for what they may not do; told once a minute."""

    entity: ClassVar[str] = "access"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    user: Name
    role: Role | None
    """That they have; null: none."""
    method: str
    path: str
    """Its template: nothing of what was sent."""
    times: Annotated[int, Field(ge=1)]
    """That the same was denied, from `first_at` to `last_at`."""
    first_at: Timestamp
    last_at: Timestamp

    @property
    def key(self) -> EntityKey:
        """What is refused to the user."""
        return EntityKey(NO_CLUSTER, "access", token(self.user))


class AccessBindingsChanged(Event):
    """Other groups have other roles than before, from now on."""

    entity: ClassVar[str] = "access"
    aggregate: ClassVar[bool] = False

    bindings: Bindings
    """All that there are."""
    reason: Literal["start", "file"]
    """`file`: the file was changed; `start`: a gateway has started with others than were told."""

    @property
    def key(self) -> EntityKey:
        """The bindings."""
        return BINDINGS_KEY


class LoginsFailed(Event):
    """An address has shown tokens, sessions or codes that are none; told once a minute."""

    entity: ClassVar[str] = "logins"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    address: str
    times: Annotated[int, Field(ge=1)]
    """From `first_at` to `last_at`."""
    first_at: Timestamp
    last_at: Timestamp

    @property
    def key(self) -> EntityKey:
        """The address."""
        return EntityKey(NO_CLUSTER, "logins", token(self.address))


TokenEvent = TokenCreated | TokenRevoked
AccessEvent = (
    TokenEvent | LoggedIn | LoggedOut | AccessDenied | LoginsFailed | AccessBindingsChanged
)
Noted = LoggedIn | LoggedOut | AccessDenied | LoginsFailed | AccessBindingsChanged
"""What happens at the doors and is no command's effect."""


class CreateToken(Command):
    """Make a token; whoever gives this keeps its secret, of which the bus never hears."""

    area: ClassVar[str] = "access"

    name: TokenName
    role: Role
    clusters: tuple[UUID, ...] = ()
    expires_at: Timestamp | None = None


class RevokeToken(Command):
    """Make a token good for nothing."""

    area: ClassVar[str] = "access"

    token_id: UUID


class NoteAccess(Command):
    """Keep what has happened at a door of the hub, one thing: only its own doors may say so."""

    area: ClassVar[str] = "access"

    logged_in: LoggedIn | None = None
    logged_out: LoggedOut | None = None
    denied: AccessDenied | None = None
    failed: LoginsFailed | None = None
    bindings: AccessBindingsChanged | None = None

    @classmethod
    def of(cls, noted: Noted) -> "NoteAccess":
        """The command that keeps this."""
        match noted:
            case LoggedIn():
                return cls(logged_in=noted)
            case LoggedOut():
                return cls(logged_out=noted)
            case AccessDenied():
                return cls(denied=noted)
            case LoginsFailed():
                return cls(failed=noted)
            case AccessBindingsChanged():
                return cls(bindings=noted)

    @property
    def noted(self) -> Noted:
        """What has happened."""
        (one,) = self._told
        return one

    @property
    def _told(self) -> tuple[Noted, ...]:
        told = (self.logged_in, self.logged_out, self.denied, self.failed, self.bindings)
        return tuple(each for each in told if each is not None)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self._told) != 1:
            raise ValueError("one thing must be told")
        return self


BINDINGS_KEY = EntityKey(NO_CLUSTER, "access", "bindings")
"""Which group has which role."""


def token_key(token_id: UUID) -> EntityKey:
    """A token."""
    return EntityKey(NO_CLUSTER, "token", str(token_id))
