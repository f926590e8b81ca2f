"""What `aiops nats init` writes: a hub's NATS configuration, and the login of each part.

Passwords are made once and kept beside it, so that writing again changes nothing that runs.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.nats_publishers import OUTSIDE, publishers, with_publishers
from deploy.local.nats_sites import SITES_FILE, hub_end
from deploy.local.nats_users import accounts, passwords
from deploy.local.private import make_private, write_private


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written."""

    out: Path
    url: str
    """Where the parts and publishers connect."""
    listen: str = "0.0.0.0:4222"
    store: str = "/data"
    certificate: str = ""
    """Files at the server, PEM: with them clients connect by `tls://`; both or none."""
    key: str = ""


def write(wanted: Wanted) -> list[Path]:
    """Write everything anew, each file 0600; gives the files of the parts."""
    make_private(wanted.out)
    known = passwords(wanted.out / "nats-users.json")
    settings: dict[str, Any] = {
        "listen": wanted.listen,
        "http": "127.0.0.1:8222",
        "server_name": "aiops",
        "max_payload": 2 * 1024 * 1024,
        "write_deadline": "10s",
        "jetstream": {"store_dir": wanted.store, "sync_interval": "1s"},
        "accounts": accounts(known),
    }
    if wanted.certificate:
        settings["tls"] = {"cert_file": wanted.certificate, "key_file": wanted.key}
    end = hub_end(wanted.out / SITES_FILE)
    settings = end.into(settings) if end else settings
    added = publishers(wanted.out)
    settings = with_publishers(settings, added)
    write_private(wanted.out / "nats.conf", json.dumps(settings, indent=2))
    if added.get(OUTSIDE) == "":
        del known[OUTSIDE]
    return [_login(wanted, user, password) for user, password in known.items()]


def _login(wanted: Wanted, user: str, password: str) -> Path:
    outside = user == OUTSIDE
    folder = wanted.out / ("publishers" if outside else "parts")
    make_private(folder)
    file = folder / f"{user}.env"
    prefix = "NATS_" if outside else "AIOPS_NATS__"
    write_private(file, login_file(prefix, wanted.url, user, password))
    return file


def login_file(prefix: str, url: str, user: str, password: str) -> str:
    """Three variables of an environment: those that the nats CLI reads, or ours."""
    told = {"URL": url, "USER": user, "PASSWORD": password}
    return "".join(f"{prefix}{name}={value}\n" for name, value in told.items())
