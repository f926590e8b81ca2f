"""The command `aiops`: every subcommand, each importing what it needs when it is called."""

import asyncio
import importlib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

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
config_app = typer.Typer(help="Settings.", no_args_is_help=True)
for name, group in {
    "events": events_app,
    "projections": projections_app,
    "dlq": dlq_app,
    "token": token_app,
    "config": config_app,
}.items():
    app.add_typer(group, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


class TokenRole(StrEnum):
    """Roles that a token may have."""

    ADMIN = "admin"
    INGEST = "ingest"


def _call(module: str, function: str, *arguments: Any, **options: Any) -> Any:
    return getattr(importlib.import_module(f"deploy.{module}"), function)(*arguments, **options)


def _run(module: str, function: str, *arguments: Any, **options: Any) -> Any:
    try:
        return asyncio.run(_call(f"cli.{module}", function, *arguments, **options))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@app.command()
def up(
    data_dir: Annotated[Path | None, typer.Option(help="Everything is kept there.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the gateway; 0: any free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser when it is ready.")] = False,
) -> None:
    """Run the whole platform on this machine."""
    raise SystemExit(_call("cli.launch", "launch", data_dir, port, browser=browser))


@app.command()
def run(part: Annotated[str, typer.Argument(help="setup, gateway, projector or workers.")]) -> None:
    """Run one part of the platform."""
    raise SystemExit(_call("run", "run_part", part))


@app.command()
def login() -> None:
    """Print a link that logs a browser in, once."""
    _run("tokens", "login")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that the platform stands on."""
    raise SystemExit(_run("doctor", "examine", as_json=as_json))


@events_app.command("tail")
def events_tail(
    event_type: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    cluster: Annotated[list[str] | None, typer.Option(help="Only these cluster ids.")] = None,
    since: Annotated[int | None, typer.Option(help="Begin after this sequence.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show events as they happen."""
    request = _call("cli.events", "TailRequest", event_type or [], cluster or [], since, as_json)
    _run("events", "tail", request)


@projections_app.command("status")
def projections_status(as_json: AsJson = False) -> None:
    """How far every projection is."""
    _run("operations", "projections", as_json=as_json)


@projections_app.command("rebuild")
def projections_rebuild(name: Annotated[str, typer.Argument(help="Which projection.")]) -> None:
    """Build a projection anew beside the live one."""
    _run("operations", "rebuild", name)


@dlq_app.command("list")
def dlq_list(
    retried: Annotated[bool, typer.Option(help="Those retried already, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What could not be handled, and why."""
    _run("operations", "letters", as_json=as_json, with_retried=retried)


@dlq_app.command("retry")
def dlq_retry(letter: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """Publish a dead letter again."""
    _run("operations", "retry", letter)


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
    access = importlib.import_module("services.runtime.access")
    _run("tokens", "create", name or role.value, access.Role(role.value), cluster or [], days)


@token_app.command("list")
def token_list(as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    _run("tokens", "show", as_json=as_json)


@token_app.command("revoke")
def token_revoke(token: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """A token is worthless from now on."""
    _run("tokens", "revoke", token)


@config_app.command("show")
def config_show() -> None:
    """The effective settings, secrets masked."""
    settings = _call("cli.reach", "settings_or_fail")
    sys.stdout.write(json.dumps(settings.model_dump(mode="json"), indent=2) + "\n")


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
