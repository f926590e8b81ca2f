"""Who may do what on the embedded bus, and their passwords."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.nats_publishers import ACCOUNT, EXPORTS, OUTSIDE, publisher_accounts
from deploy.local.private import write_private
from services.runtime.ids import new_secret

SETUP = "setup"
GATEWAY = "gateway"
PROJECTOR = "projector"
WORKERS = "workers"

USERS = (SETUP, GATEWAY, PROJECTOR, WORKERS, OUTSIDE)

Permissions = Mapping[str, Any]

# What the hub reads of far-edge sites, and what it tells them.
FAR_AWAY = ("$JS.*.API.STREAM.INFO.*", "$JS.*.API.DIRECT.GET.*", "_H.>")
_ANY_PART = (
    "dlq.>",
    "qry.>",
    "pos.>",
    "$KV.>",
    "$JS.API.>",
    "$JS.ACK.>",
    # Answers to flow control, without which a watch on a bucket stalls.
    "$JS.FC.>",
    # Where questions on the bus are answered; no outside publisher may ask any.
    "_R.>",
)
# Outcomes: of commands of our own, and of those from outside, by publisher.
_OUTCOMES = ("_INBOX.>", "_P.>")
_OF_PART: Mapping[str, tuple[str, ...]] = {
    GATEWAY: ("cmd.gateway.>",),
    # Of events only that it was told to build a projection anew, or by whom it will not be told.
    PROJECTOR: (*_OUTCOMES, "lease.>", "evt.-.projection.>", "evt.-.access.>"),
    # All commands: a dead letter is published again under the name that it came under.
    WORKERS: (
        *("evt.>", "tel.>", "cmd.>", "sch.>", "due.>", "lease.>", "snap.>", "$O.>"),
        # Words of an answer while they are said, for gateways; they are stored nowhere.
        "chat.>",
        *_OUTCOMES,
        *FAR_AWAY,
    ),
}
# A worker answers to the subject that a message names, so it must not be able to reach these.
_FORBIDDEN = (
    "$JS.API.STREAM.CREATE.>",
    "$JS.API.STREAM.UPDATE.>",
    "$JS.API.STREAM.DELETE.>",
    "$JS.API.STREAM.PURGE.>",
    "$JS.API.STREAM.RESTORE.>",
    "$JS.API.STREAM.MSG.DELETE.>",
    "$JS.API.ACCOUNT.PURGE.>",
)


def permissions(user: str) -> Permissions:
    """What this user may publish and subscribe to; further parts may do what workers may."""
    if user == SETUP:
        return {"publish": ">", "subscribe": ">"}
    allowed = [*_ANY_PART, *_OF_PART.get(user, _OF_PART[WORKERS])]
    return {"publish": {"allow": allowed, "deny": list(_FORBIDDEN)}, "subscribe": {"allow": [">"]}}


def accounts(known: Mapping[str, str]) -> dict[str, Any]:
    """The platform's account and that of its first publisher, for the server's configuration."""
    inside = [_entry(user, password) for user, password in known.items() if user != OUTSIDE]
    outside = {user: password for user, password in known.items() if user == OUTSIDE}
    platform = {"jetstream": "enabled", "users": inside, "exports": list(EXPORTS)}
    return {ACCOUNT: platform, **publisher_accounts(outside)}


def _entry(user: str, password: str) -> dict[str, Any]:
    return {"user": user, "password": password, "permissions": permissions(user)}


def passwords(file: Path, *more: str) -> dict[str, str]:
    """The password of every user (``more``: of further parts).

    They are kept in a file of mode 0600, so that a restart keeps them.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    complete = {user: kept.get(user) or new_secret() for user in (*USERS, *more, *kept)}
    if complete != kept:
        write_private(file, json.dumps(complete, indent=2))
    return complete
