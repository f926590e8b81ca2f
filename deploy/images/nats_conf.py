"""Writes nats.conf: the bus of compose.yaml has the users and permissions of the embedded one."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.nats_sites import HubEnd
from deploy.local.nats_users import USERS, accounts

FILE = Path(__file__).with_name("nats.conf")
_HEADER = """\
# Written by `python -m deploy.images.nats_conf`; users and permissions: deploy/local/nats_users.py.
# Passwords come from the environment: letters and digits, a letter first, for the server reads
# them as part of this text.
"""


def password_variable(user: str) -> str:
    """The environment variable that holds a user's password."""
    return f"AIOPS_NATS_{user.upper()}_PASSWORD"


def configuration(end: HubEnd | None = None) -> str:
    """The text of nats.conf, which is JSON but for the header and the variables.

    ``end``: that of links to far-edge sites.
    """
    settings = settings_of_a_server()
    return as_text(end.into(settings) if end else settings)


def settings_of_a_server() -> dict[str, Any]:
    """The settings; a value `$NAME` stands for a variable of the environment."""
    return {
        "port": 4222,
        "http": "127.0.0.1:8222",
        "server_name": "aiops",
        "max_payload": 2 * 1024 * 1024,
        "write_deadline": "10s",
        "jetstream": {"store_dir": "/data", "sync_interval": "1s"},
        "accounts": accounts({user: f"${password_variable(user)}" for user in USERS}),
    }


def as_text(settings: Mapping[str, Any]) -> str:
    """Settings as the server reads them, under a header."""
    # A quoted variable would be the name of itself.
    text = re.sub(r'"(\$AIOPS_NATS_[A-Z_]+)"', r"\1", json.dumps(settings, indent=2))
    return f"{_HEADER}{text}\n"


if __name__ == "__main__":
    FILE.write_text(configuration())
