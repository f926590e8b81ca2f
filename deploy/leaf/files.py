"""What `aiops edge init` writes: one folder to carry to the site, one file for the hub.

Passwords are made once and kept beside them, so that writing again changes nothing that runs.
Every file has mode 0600, as each holds a password or is of no interest to others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.images.nats_conf import configuration
from deploy.leaf.servers import COLLECTOR, SiteEnd
from deploy.local.nats_sites import SITES_FILE, hub_end, read_json
from deploy.local.nats_users import SETUP
from deploy.local.private import make_private, write_private
from deploy.platform import IMAGE, INFRASTRUCTURE
from services.runtime.ids import new_secret

_NATS_IMAGE = next(server.image for server in INFRASTRUCTURE if server.name == "nats")
_SCHEMES = ("nats-leaf", "tls")
_PORT = 7422
_UNIT = """\
# /etc/systemd/system/aiops-collector.service
[Unit]
Description=AIOps NextGen collector of site {site}
Wants=network-online.target
After=network-online.target nats.service

[Service]
User=aiops
StateDirectory=aiops
EnvironmentFile=/etc/aiops/collector.env
ExecStartPre=/bin/sh -c 'set -a; . /etc/aiops/setup.env; exec aiops run setup --edge'
ExecStart=/usr/bin/env aiops run collector --edge
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
"""


class WrongAddress(ValueError):
    """The address of the hub is not one that a leaf node can connect to."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written."""

    site: str
    hub: str
    out: Path
    listen: str = ""
    """Where the hub's server listens for leaf nodes; by default all addresses, the port of `hub`"""
    ca_file: str = ""

    @property
    def port(self) -> int:
        """The port of the hub's address; WrongAddress if that is none."""
        parts = urlsplit(self.hub)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise WrongAddress(f"--hub must be nats-leaf://HOST:{_PORT} or tls://HOST:{_PORT}")
        if parts.username or parts.password:
            raise WrongAddress("--hub must not hold a password: the site gets one of its own")
        return parts.port or _PORT


def write(wanted: Wanted) -> tuple[Path, Path]:
    """Write everything anew; gives the site's folder and the hub's file."""
    port = wanted.port
    make_private(wanted.out)
    at_hub = wanted.out / "hub" / SITES_FILE
    make_private(at_hub.parent)
    told = read_json(at_hub)
    sites: dict[str, str] = told.get("sites", {})
    sites = {**sites, wanted.site: sites.get(wanted.site) or new_secret()}
    listen = wanted.listen or told.get("listen") or f"0.0.0.0:{port}"
    write_private(at_hub, json.dumps(told | {"listen": listen, "sites": sites}, indent=2))
    write_private(at_hub.with_name("nats-compose.conf"), configuration(hub_end(at_hub)))
    folder = wanted.out / wanted.site
    make_private(folder)
    for name, text in _site_files(wanted, sites[wanted.site], _local(folder)).items():
        write_private(folder / name, text)
    return folder, at_hub


def _local(folder: Path) -> Mapping[str, str]:
    """The passwords at the site itself."""
    file = folder / "passwords.json"
    kept = read_json(file)
    complete = {user: kept.get(user) or new_secret() for user in (SETUP, COLLECTOR)}
    write_private(file, json.dumps(complete, indent=2))
    return complete


def _site_files(wanted: Wanted, password: str, users: Mapping[str, str]) -> dict[str, str]:
    end = SiteEnd(
        wanted.site,
        wanted.hub if urlsplit(wanted.hub).port else f"{wanted.hub}:{_PORT}",
        password,
        users,
        ca_file=wanted.ca_file,
    )
    inside = SiteEnd(
        end.site, end.hub, end.password, end.users, listen="0.0.0.0:4222", ca_file=end.ca_file
    )
    on_host = SiteEnd(
        end.site, end.hub, end.password, end.users, Path("/var/lib/nats"), ca_file=end.ca_file
    )
    return {
        "nats.conf": json.dumps(on_host.settings(), indent=2),
        "nats-compose.conf": json.dumps(inside.settings(), indent=2),
        "setup.env": _environment(wanted.site, SETUP, users),
        "collector.env": _environment(wanted.site, COLLECTOR, users),
        "compose.yaml": _compose(wanted.site),
        "aiops-collector.service": _UNIT.format(site=wanted.site),
    }


def _environment(site: str, user: str, users: Mapping[str, str]) -> str:
    told = {
        "AIOPS_SITE": site,
        "AIOPS_EDGE__WORKER": "true",
        "AIOPS_DATA_DIR": "/var/lib/aiops",
        "AIOPS_NATS__URL": "nats://127.0.0.1:4222",
        "AIOPS_NATS__USER": user,
        "AIOPS_NATS__PASSWORD": users[user],
    }
    return "".join(f"{name}={value}\n" for name, value in told.items())


def _compose(site: str) -> str:
    """JSON, which is YAML."""
    part = {
        "image": IMAGE,
        "init": True,
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": ["aiops:/var/lib/aiops"],
    }
    there = {"AIOPS_NATS__URL": "nats://nats:4222"}
    told: dict[str, Any] = {
        "name": f"aiops-{site}",
        "services": {
            "nats": {
                "image": _NATS_IMAGE,
                "command": ["--config", "/etc/nats/nats.conf"],
                "restart": "unless-stopped",
                "volumes": ["./nats-compose.conf:/etc/nats/nats.conf:ro", "nats:/data"],
            },
            "setup": part
            | {
                "command": ["run", "setup", "--edge"],
                "restart": "on-failure",
                "env_file": ["setup.env"],
                "environment": there,
                "depends_on": ["nats"],
            },
            "collector": part
            | {
                "command": ["run", "collector", "--edge"],
                "restart": "unless-stopped",
                "env_file": ["collector.env"],
                "environment": there,
                "depends_on": {"setup": {"condition": "service_completed_successfully"}},
            },
        },
        "volumes": {"nats": {}, "aiops": {}},
    }
    return json.dumps(told, indent=2) + "\n"
