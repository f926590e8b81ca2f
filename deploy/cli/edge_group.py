"""The commands below `aiops edge`, as the command line offers them."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.calling import call, perform

edge_app = typer.Typer(help="Far-edge sites.", no_args_is_help=True)

Cluster = Annotated[UUID, typer.Argument(metavar="CLUSTER", help="Its id.")]
Backend = Annotated[str, typer.Argument(help="prometheus, alertmanager, loki, tempo or korrel8r.")]
Secret = Annotated[Path | None, typer.Option(metavar="FILE", help="- for stdin.")]


@edge_app.command("init")
def init(
    site: Annotated[str, typer.Option(help="The site's name.")],
    hub: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Where it reaches the hub: nats-leaf://HOST:7422, tls://…"
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")],
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the hub's server listens for sites.")
    ] = "",
    ca_file: Annotated[
        str, typer.Option(metavar="FILE", help="At the site: the CA of the hub's certificate.")
    ] = "",
) -> None:
    """Write the configuration of both NATS servers, and of the collector at the site."""
    wanted = call("leaf.files", "Wanted", site, hub, out, listen, ca_file)
    perform("edge", "init", wanted)


@edge_app.command("login")
def login(
    cluster: Cluster,
    backend: Backend,
    url: Annotated[str, typer.Option(help="Where the backend is, as it is registered.")],
    token_file: Secret = None,
    username: Annotated[str | None, typer.Option(help="With --password-file.")] = None,
    password_file: Secret = None,
    tenant: Annotated[str | None, typer.Option(help="X-Scope-OrgID.")] = None,
    ca_file: Annotated[Path | None, typer.Option(metavar="FILE", help="A CA, as PEM.")] = None,
) -> None:
    """At a site: keep the login to a backend of a cluster, sealed, on this machine alone."""
    request = call(
        *("cli.edge", "LoginRequest"),
        cluster=cluster,
        backend=backend,
        url=url,
        token_file=token_file,
        username=username,
        password_file=password_file,
        tenant=tenant,
        ca_file=ca_file,
    )
    perform("edge", "login", request)


@edge_app.command("logout")
def logout(cluster: Cluster, backend: Backend) -> None:
    """At a site: destroy the login to a backend of a cluster."""
    perform("edge", "logout", cluster, backend)
