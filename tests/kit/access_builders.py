"""Messages about who may do what, and about operations, with sensible values."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.access import (
    AccessBindingsChanged,
    AccessDenied,
    CreateToken,
    LoggedIn,
    LoggedOut,
    LoginsFailed,
    NoteAccess,
    RevokeToken,
    TokenCreated,
    TokenRevoked,
)
from contracts.envelope import Command, Event
from contracts.operations import DeadLetterDropped, DeadLetterRetried, ProjectionRebuildStarted

TOKEN_ID = UUID("44444444-4444-5444-8444-444444444444")
SESSION_ID = UUID("55555555-5555-5555-8555-555555555555")
_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_TOKEN: Mapping[str, Any] = {"token_id": TOKEN_ID, "name": "grafana", "role": "viewer"}
_SESSION: Mapping[str, Any] = {
    "session_id": SESSION_ID,
    "user": "ada",
    "method": "oidc",
    "address": "192.0.2.7",
}
_COUNTED: Mapping[str, Any] = {"times": 3, "first_at": _AT, "last_at": _AT}


def denied(**changes: Any) -> AccessDenied:
    told = {"user": "bea", "role": "viewer", "method": "DELETE", "path": "/api/v1/tokens"}
    return AccessDenied.model_validate({**told, **_COUNTED, **changes})


def bindings_changed(**changes: Any) -> AccessBindingsChanged:
    binding = {"group": "ran", "role": "operator", "selector": {"team": "ran"}}
    told = {"bindings": [binding], "reason": "file"}
    return AccessBindingsChanged.model_validate(told | changes)


def note_access() -> NoteAccess:
    return NoteAccess.of(denied())


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    TokenCreated: lambda: TokenCreated.model_validate(_TOKEN),
    TokenRevoked: lambda: TokenRevoked.model_validate(_TOKEN),
    LoggedIn: lambda: LoggedIn.model_validate(_SESSION),
    LoggedOut: lambda: LoggedOut.model_validate(_SESSION),
    AccessDenied: denied,
    LoginsFailed: lambda: LoginsFailed.model_validate({"address": "192.0.2.7", **_COUNTED}),
    AccessBindingsChanged: bindings_changed,
    ProjectionRebuildStarted: lambda: ProjectionRebuildStarted(name="fleet"),
    DeadLetterRetried: lambda: DeadLetterRetried(sequence=7),
    DeadLetterDropped: lambda: DeadLetterDropped(sequence=7),
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    CreateToken: lambda: CreateToken.model_validate({"name": "grafana", "role": "viewer"}),
    RevokeToken: lambda: RevokeToken(token_id=TOKEN_ID),
    NoteAccess: note_access,
}
