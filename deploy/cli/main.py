"""The command `aiops`: every subcommand, each importing what it needs when it is called."""

import importlib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.alerts_group import alerts_app, silences_app
from deploy.cli.bench_group import bench_app
from deploy.cli.calling import call, perform
from deploy.cli.clusters_group import cluster_app
from deploy.cli.edge_group import edge_app
from deploy.cli.publishers_group import nats_app, publishers_app
from deploy.cli.replays_group import replays_app

app = typer.Typer(
    help="AIOps NextGen: the operations hub of your fleet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
events_app = typer.Typer(help="The log of events.", no_args_is_help=True)
projections_app = typer.Typer(help="Read models: state and rebuild.", no_args_is_help=True)
dlq_app = typer.Typer(help="Messages that could not be handled.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens.", no_args_is_help=True)
vault_app = typer.Typer(help="Keys of credentials.", no_args_is_help=True)
config_app = typer.Typer(help="Settings.", no_args_is_help=True)
for name, group in {
    "cluster": cluster_app,
    "alerts": alerts_app,
    "silences": silences_app,
    "replays": replays_app,
    "edge": edge_app,
    "publishers": publishers_app,
    "nats": nats_app,
    "events": events_app,
    "projections": projections_app,
    "dlq": dlq_app,
    "token": token_app,
    "vault": vault_app,
    "config": config_app,
    "bench": bench_app,
}.items():
    app.add_typer(group, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


class TokenRole(StrEnum):
    """Roles that a token may have."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    INGEST = "ingest"


@app.command()
def up(
    data_dir: Annotated[Path | None, typer.Option(help="Everything is kept there.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the gateway; 0: any free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser when it is ready.")] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="With a fleet of simulated clusters to look at.")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(help="Show the log of this file, in a data directory of its own."),
    ] = None,
) -> None:
    """Run the whole platform on this machine."""
    if demo and replay is not None:
        raise typer.BadParameter("--demo and --replay do not go together")
    options = {"browser": browser, "demo": demo, "replay": replay}
    raise SystemExit(call("cli.launch", "launch", data_dir, port, **options))


@app.command()
def run(
    part: Annotated[
        str, typer.Argument(help="setup, gateway, projector or workers; at a site collector.")
    ],
    edge: Annotated[
        bool, typer.Option("--edge", help="At a far-edge site, beside a leaf node.")
    ] = False,
    site: Annotated[str, typer.Option(help="Its name; by default that of the settings.")] = "",
) -> None:
    """Run one part of the platform."""
    raise SystemExit(call("run", "run_part", part, site, edge=edge))


@app.command()
def login() -> None:
    """Print a link that logs a browser in, once."""
    perform("tokens", "login")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that the platform stands on."""
    raise SystemExit(perform("doctor", "examine", as_json=as_json))


@app.command()
def replay(file: Annotated[Path, typer.Argument(help="What `aiops events export` wrote.")]) -> None:
    """Load a slice of a log into the hub that runs here: one that is empty and has no services."""
    perform("replaying", "replay", file)


@app.command()
def backup(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Must not be there yet.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="With the vault's keys and all logins, sealed.")
    ] = False,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line seals what is private.")
    ] = None,
) -> None:
    """Write all that the hub keeps to a folder, while it runs."""
    perform("backup", "backup", to, passphrase_file, with_key=with_key)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `aiops backup` wrote.")],
    data_dir: Annotated[Path | None, typer.Option(help="Must be empty, or not be there.")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line opens what is private.")
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Fold all projections from the log: takes minutes.")
    ] = False,
) -> None:
    """Make a hub of a backup, for `aiops up` to start."""
    perform("backup", "restore", folder, data_dir, passphrase_file, rebuild=rebuild)


@events_app.command("export")
def events_export(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    start: Annotated[str | None, typer.Option("--from", help="Time of the log, inclusive.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Time of the log, exclusive.")] = None,
    event_type: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Only of the cluster with this id.")] = None,
) -> None:
    """Write a slice of the log to a file, for `aiops replay`."""
    given = {"from": start, "to": end, "cluster_id": cluster}
    query = [(name, value) for name, value in given.items() if value is not None]
    query += [("event_type", each) for each in event_type or []]
    perform("replaying", "export", output, query)


@events_app.command("tail")
def events_tail(
    event_type: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    cluster: Annotated[list[str] | None, typer.Option(help="Only these cluster ids.")] = None,
    since: Annotated[int | None, typer.Option(help="Begin after this sequence.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show events as they happen; telemetry only if its type is asked for."""
    wanted = (event_type or [], cluster or [], since, count, as_json)
    perform("events", "tail", call("cli.events", "TailRequest", *wanted))


@projections_app.command("status")
def projections_status(as_json: AsJson = False) -> None:
    """How far every projection is."""
    perform("operations", "projections", as_json=as_json)


@projections_app.command("rebuild")
def projections_rebuild(name: Annotated[str, typer.Argument(help="Which projection.")]) -> None:
    """Build a projection anew beside the live one."""
    perform("operations", "rebuild", name)


@dlq_app.command("list")
def dlq_list(
    retried: Annotated[bool, typer.Option(help="Those retried already, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What could not be handled, and why."""
    perform("operations", "letters", as_json=as_json, with_retried=retried)


@dlq_app.command("show")
def dlq_show(letter: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """One dead letter with its body, secrets masked."""
    perform("operations", "show", letter)


@dlq_app.command("retry")
def dlq_retry(letter: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """Publish a dead letter again."""
    perform("operations", "retry", letter)


@dlq_app.command("drop")
def dlq_drop(letter: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """Give a dead letter up: it is not listed any more, and its body is gone."""
    perform("operations", "drop", letter)


@token_app.command("create")
def token_create(
    role: Annotated[TokenRole, typer.Option(help="What it may do.")],
    cluster: Annotated[
        list[str] | None, typer.Option(help="Only for this cluster; repeatable.")
    ] = None,
    name: Annotated[str, typer.Option(help="How events name it.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="How long it is good.")] = None,
) -> None:
    """Print a new token; it is not shown again."""
    access = importlib.import_module("contracts.access")
    perform("tokens", "create", name or role.value, access.Role(role.value), cluster or [], days)


@token_app.command("list")
def token_list(as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    perform("tokens", "show", as_json=as_json)


@token_app.command("revoke")
def token_revoke(token: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """A token is worthless from now on."""
    perform("tokens", "revoke", token)


@vault_app.command("rotate-key")
def vault_rotate_key() -> None:
    """Make a new key, and bring all secrets under it."""
    perform("vault", "rotate_key")


@vault_app.command("reseal")
def vault_reseal() -> None:
    """Bring all secrets under the first of the keys."""
    perform("vault", "reseal")


@config_app.command("show")
def config_show() -> None:
    """The effective settings, secrets masked."""
    settings = call("cli.configured", "settings_or_fail")
    sys.stdout.write(json.dumps(settings.model_dump(mode="json"), indent=2) + "\n")


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
