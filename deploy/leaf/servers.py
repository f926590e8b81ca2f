"""The NATS server at a far-edge site: a leaf node of the hub's, with JetStream of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local.nats_sites import ACCOUNT, site_user
from deploy.local.nats_users import SETUP, Permissions

COLLECTOR = "collector"
_STORED = ("evt.>", "tel.>", "cmd.>", "dlq.>", "sch.>", "due.>", "lease.>", "snap.>", "$KV.>")
"""What streams take in on both sides: it must never cross, or it would be stored twice."""
_PING = "10s"


@dataclass(frozen=True, slots=True)
class SiteEnd:
    """The server at a site."""

    site: str
    hub: str
    """Where the hub listens for leaf nodes: `nats-leaf://host:7422`, or `tls://`."""
    password: str = field(repr=False)
    """Of the site, at the hub."""
    users: Mapping[str, str] = field(repr=False)
    """Passwords at the site itself, of `SETUP` and `COLLECTOR`."""
    store: Path = Path("/data")
    listen: str = "127.0.0.1:4222"
    ca_file: str = ""
    """The CA of the hub's certificate, for `tls://`; empty: those of the system."""

    def settings(self) -> dict[str, Any]:
        """The whole configuration."""
        return {
            "listen": self.listen,
            "server_name": site_user(self.site),
            "max_payload": 2 * 1024 * 1024,
            "write_deadline": "10s",
            "jetstream": {
                "store_dir": str(self.store),
                "domain": self.site,
                "sync_interval": "1s",
            },
            "leafnodes": {"reconnect": "1s", "remotes": [self._remote()]},
            "accounts": {
                ACCOUNT: {
                    "jetstream": "enabled",
                    "users": [
                        {
                            "user": user,
                            "password": password,
                            "permissions": _local_permissions(user, self.site),
                        }
                        for user, password in self.users.items()
                    ],
                }
            },
            # A link that says nothing is given up after three of them, and made anew.
            "ping_interval": _PING,
            "ping_max": 2,
        }

    def _remote(self) -> dict[str, Any]:
        parts = urlsplit(self.hub)
        login = f"{site_user(self.site)}:{quote(self.password, safe='')}"
        url = urlunsplit((parts.scheme, f"{login}@{parts.netloc}", parts.path, "", ""))
        tls = {"tls": {"ca_file": self.ca_file}} if self.ca_file else {}
        denied = {"deny_exports": list(_STORED), "deny_imports": list(_STORED)}
        return {"urls": [url], "account": ACCOUNT, **denied, **tls}


def _local_permissions(user: str, site: str) -> Permissions:
    """The collector writes events and telemetry, answers questions, and reads; no more."""
    if user == SETUP:
        return {"publish": ">", "subscribe": ">"}
    reads = ["$JS.API.STREAM.INFO.*", "$JS.API.DIRECT.GET.*"]
    return {
        "publish": {"allow": ["evt.>", "tel.>", "_R.>", *reads]},
        "subscribe": {"allow": [f"qry.{site}.>", "_R.>", "_INBOX.>"]},
    }
