"""Who may do what on the embedded bus, and their passwords."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.private import write_private
from services.runtime.ids import new_secret

SETUP = "setup"
GATEWAY = "gateway"
PROJECTOR = "projector"
WORKERS = "workers"
OUTSIDE = "outside"
"""The one publisher of commands that is no part of the platform."""

USERS = (SETUP, GATEWAY, PROJECTOR, WORKERS, OUTSIDE)

Permissions = Mapping[str, Any]

# What the hub reads of far-edge sites, and what it tells them.
FAR_AWAY = ("$JS.*.API.STREAM.INFO.*", "$JS.*.API.DIRECT.GET.*", "_H.>")
_INTERNAL = (
    "evt.>",
    "tel.>",
    "cmd.gateway.>",
    "cmd.system.>",
    "dlq.>",
    "qry.>",
    "pos.>",
    "sch.>",
    "due.>",
    "lease.>",
    "snap.>",
    "$KV.>",
    "$JS.API.>",
    "$JS.ACK.>",
    # Answers to flow control, without which a watch on a bucket stalls.
    "$JS.FC.>",
    "_INBOX.>",
    # Where questions on the bus are answered; no outside publisher may ask any.
    "_R.>",
    *FAR_AWAY,
)
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

_ASKED = ("cmd.outside.>", "$JS.API.INFO")
_OUTCOMES = "$JS.API.DIRECT.GET.KV_outcomes.>"
_HEARD = ("_INBOX.>", "$KV.outcomes.>")


def permissions(user: str) -> Permissions:
    """What this user may publish and subscribe to."""
    match user:
        case "setup":
            return {"publish": ">", "subscribe": ">"}
        case "outside":
            return {
                "publish": {"allow": [*_ASKED, _OUTCOMES]},
                "subscribe": {"allow": list(_HEARD)},
            }
        case "gateway":
            return _internal(
                [subject for subject in _INTERNAL if subject not in {"evt.>", *FAR_AWAY}]
            )
        case _:
            return _internal(list(_INTERNAL))


def accounts(known: Mapping[str, str]) -> dict[str, Any]:
    """The platform's account and that of outside publishers, for the server's configuration.

    Two accounts, because the server sends an acknowledgement to whatever reply subject a publisher
    names: within one account ``reply=evt.…`` would append it to the log. Across accounts it goes
    back to the publisher's own account, where no stream listens.
    """
    inside = [_entry(user, password) for user, password in known.items() if user != OUTSIDE]
    outside = [_entry(user, password) for user, password in known.items() if user == OUTSIDE]
    return {
        "PLATFORM": {
            "jetstream": "enabled",
            "users": inside,
            "exports": [
                *({"service": subject, "accounts": ["OUTSIDE"]} for subject in _ASKED),
                {"service": _OUTCOMES, "response_type": "stream", "accounts": ["OUTSIDE"]},
                *({"stream": subject, "accounts": ["OUTSIDE"]} for subject in _HEARD),
            ],
        },
        "OUTSIDE": {
            "users": outside,
            "imports": [
                *(_import("service", subject) for subject in (*_ASKED, _OUTCOMES)),
                *(_import("stream", subject) for subject in _HEARD),
            ],
        },
    }


def _import(kind: str, subject: str) -> dict[str, Any]:
    return {kind: {"account": "PLATFORM", "subject": subject}}


def _entry(user: str, password: str) -> dict[str, Any]:
    return {"user": user, "password": password, "permissions": permissions(user)}


def _internal(allowed: list[str]) -> Permissions:
    return {"publish": {"allow": allowed, "deny": list(_FORBIDDEN)}, "subscribe": {"allow": [">"]}}


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
