"""The commands below `aiops publishers` and `aiops nats`, as the command line offers them."""

import importlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.calling import call, perform

publishers_app = typer.Typer(help="Who publishes commands from outside.", no_args_is_help=True)
nats_app = typer.Typer(help="The NATS server of a hub.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name: a-z, 0-9 and -.")]
Server = Annotated[
    Path | None, typer.Option("--nats", metavar="DIR", help="What `aiops nats init` has written.")
]


class PublisherRole(StrEnum):
    """Roles that a publisher may have."""

    ADMIN = "admin"
    OPERATOR = "operator"
    INGEST = "ingest"


@publishers_app.command("add")
def add(
    name: Name,
    role: Annotated[PublisherRole, typer.Option(help="What it may do.")],
    cluster: Annotated[
        list[str] | None, typer.Option(help="Only for this cluster; repeatable.")
    ] = None,
    nats: Server = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="For its login.")] = None,
) -> None:
    """Let a publisher in, or change what it may do; its login goes into a file."""
    access = importlib.import_module("services.runtime.access")
    wanted = call(
        *("cli.publishers", "Wanted", name, access.Role(role.value), tuple(cluster or ())),
        *(nats, out),
    )
    perform("publishers", "add", wanted)


@publishers_app.command("list")
def show(as_json: Annotated[bool, typer.Option("--json", help="JSON.")] = False) -> None:
    """Every publisher, and what it may do."""
    perform("publishers", "show", as_json=as_json)


@publishers_app.command("remove")
def remove(name: Name, nats: Server = None) -> None:
    """Refuse a publisher from now on."""
    perform("publishers", "remove", name, nats)


@nats_app.command("init")
def init(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")],
    url: Annotated[
        str,
        typer.Option(metavar="URL", help="Where parts and publishers connect: nats://HOST:4222"),
    ],
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it listens.")] = (
        "0.0.0.0:4222"
    ),
    store: Annotated[str, typer.Option(metavar="DIR", help="At the server: its data.")] = "/data",
    certificate: Annotated[
        str, typer.Option(metavar="FILE", help="At the server, for tls://; with --key.")
    ] = "",
    key: Annotated[str, typer.Option(metavar="FILE", help="Of the certificate.")] = "",
) -> None:
    """Write a server's configuration, and a file with the login of each part."""
    wanted = call("local.nats_files", "Wanted", out, url, listen, store, certificate, key)
    perform("nats", "init", wanted)
