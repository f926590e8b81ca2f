"""Writes nats.conf: the bus of compose.yaml has the users and permissions of the embedded one."""

import json
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
    passwords = {user: f"${password_variable(user)}" for user in USERS}
    settings: dict[str, Any] = {
        "port": 4222,
        "http": "127.0.0.1:8222",
        "server_name": "aiops",
        "max_payload": 2 * 1024 * 1024,
        "write_deadline": "10s",
        "jetstream": {"store_dir": "/data", "sync_interval": "1s"},
        "accounts": accounts(passwords),
    }
    text = json.dumps(end.into(settings) if end else settings, indent=2)
    for variable in passwords.values():
        # A quoted variable would be the name of itself.
        text = text.replace(f'"{variable}"', variable)
    return f"{_HEADER}{text}\n"


if __name__ == "__main__":
    FILE.write_text(configuration())
