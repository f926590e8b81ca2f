"""The hub's end of links to far-edge sites, in the configuration of its NATS server.

The server is given a JetStream domain, a port for leaf nodes, and a user for each site. That user
may do next to nothing: answer what it was asked, hear the questions to its own site and what the
hub tells it. A site's server that is in wrong hands can neither write to the hub's streams nor
read from them; the hub fetches what the site has kept, and looks at it before it is stored.
Source: https://docs.nats.io/running-a-nats-service/configuration/leafnodes
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.clusters import HUB
from deploy.local.nats_publishers import ACCOUNT
from deploy.local.nats_users import Permissions

SITES_FILE = "nats-sites.json"
"""The hub's end as a file: where leaf nodes connect, certificates, and each site's password."""


def site_user(site: str) -> str:
    """The name that a site's server logs in with at the hub."""
    return f"site-{site}"


def site_permissions(site: str) -> Permissions:
    """What may cross the link: published is from the site to the hub, subscribed the other way."""
    api = f"$JS.{site}.API"
    asked = [f"{api}.STREAM.INFO.*", f"{api}.DIRECT.GET.*"]
    return {
        "publish": {"allow": ["_R.>"]},
        "subscribe": {"allow": [f"_R.{site}.>", f"qry.{site}.>", f"_H.{site}.>", *asked]},
    }


@dataclass(frozen=True, slots=True)
class HubEnd:
    """The hub's end: where leaf nodes connect, and the password of each site."""

    listen: str
    """Host and port, for example `0.0.0.0:7422`."""
    passwords: Mapping[str, str] = field(repr=False)
    """By site."""
    certificate: str = ""
    """Files at the hub, PEM: with them sites connect by `tls://`; both or none."""
    key: str = ""

    def into(self, settings: dict[str, Any]) -> dict[str, Any]:
        """A hub's configuration with this end in it."""
        accounts = settings["accounts"]
        platform = accounts[ACCOUNT]
        users = [*platform["users"], *map(self._user, self.passwords)]
        return settings | {
            "jetstream": settings["jetstream"] | {"domain": HUB},
            "leafnodes": self.leafnodes(),
            "accounts": accounts | {ACCOUNT: platform | {"users": users}},
        }

    def leafnodes(self) -> dict[str, Any]:
        """The block of this name. A site is not told other ways than the one that it was given."""
        block: dict[str, Any] = {"listen": self.listen, "no_advertise": True}
        if self.certificate:
            block["tls"] = {"cert_file": self.certificate, "key_file": self.key, "timeout": 5}
        return block

    def _user(self, site: str) -> dict[str, Any]:
        return {
            "user": site_user(site),
            "password": self.passwords[site],
            "permissions": site_permissions(site),
            "allowed_connection_types": ["LEAFNODE"],
        }


def hub_end(file: Path) -> HubEnd | None:
    """The hub's end as `write` has left it for the hub; None if there is no such file."""
    told = read_json(file)
    if not told:
        return None
    return HubEnd(
        listen=told["listen"],
        passwords=told["sites"],
        certificate=told.get("certificate", ""),
        key=told.get("key", ""),
    )


def read_json(file: Path) -> dict[str, Any]:
    """What a file holds, nothing if there is none."""
    return json.loads(file.read_text()) if file.exists() else {}
