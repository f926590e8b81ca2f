"""Publishers of commands from outside, in the configuration of the hub's NATS server.

Each publisher has an account of its own, for two reasons. The server sends an acknowledgement to
whatever reply subject a publisher names: within the platform's account ``reply=evt.…`` would append
it to the log; in an account of one's own no stream listens. And inboxes of one account are heard in
no other, so that any client works with its defaults and nobody reads the replies of somebody else.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.catalog import COMMANDS
from services.runtime import rights

ACCOUNT = "PLATFORM"
"""The account of the platform's own parts, in which the streams are."""
PUBLISHERS_FILE = "nats-publishers.json"
"""Passwords of publishers, by name."""
OUTSIDE = "outside"
"""The publisher that every hub has from the start, with a password among those of the parts."""
_PREFIX = "PUBLISHER-"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}\Z")
_TAKEN = frozenset({"setup", "gateway", "projector", "workers", "collector", "system", OUTSIDE})
_OUTCOMES = "_P"
_AREAS = sorted({each.area for each in COMMANDS if rights.may_be_given_by_name(each)})

EXPORTS: tuple[Mapping[str, Any], ...] = (
    # To whom is said by the imports: all accounts are in this one file.
    {"service": "cmd.>"},
    {"stream": f"{_OUTCOMES}.>"},
)
"""What the platform's account offers to those of publishers."""


def is_publisher_name(name: str) -> bool:
    """True for a name that a new publisher may have: it becomes a token of subjects."""
    return _NAME.match(name) is not None and name not in _TAKEN and not name.startswith("site-")


def publishers(directory: Path) -> dict[str, str]:
    """The password of each publisher that was added here; empty for `outside` once removed."""
    file = directory / PUBLISHERS_FILE
    return json.loads(file.read_text()) if file.exists() else {}


def with_publishers(settings: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """A hub's configuration with these publishers in place of those that it had."""
    mine = f"{_PREFIX}{OUTSIDE}"
    kept = {
        name: account
        for name, account in settings["accounts"].items()
        if not name.startswith(_PREFIX) or (name == mine and OUTSIDE not in known)
    }
    return {**settings, "accounts": kept | publisher_accounts(known)}


def publisher_accounts(known: Mapping[str, str]) -> dict[str, Any]:
    """The accounts of these publishers, by name of the account."""
    return {
        f"{_PREFIX}{name}": _account(name, password) for name, password in known.items() if password
    }


def _account(name: str, password: str) -> dict[str, Any]:
    # Of areas that somebody serves: what nobody takes would fill the queue for ever.
    commands = [f"cmd.{name}.{area}.*" for area in _AREAS]
    permissions = {"publish": {"allow": commands}, "subscribe": {"allow": ["_INBOX.>"]}}
    return {
        "users": [{"user": name, "password": password, "permissions": permissions}],
        "imports": [
            {"service": {"account": ACCOUNT, "subject": f"cmd.{name}.>"}},
            {
                "stream": {"account": ACCOUNT, "subject": f"{_OUTCOMES}.{name}._INBOX.>"},
                "to": "_INBOX.>",
            },
        ],
    }
