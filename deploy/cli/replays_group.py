"""The commands below `aiops replays`, as the command line offers them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.calling import call, perform

replays_app = typer.Typer(
    help="What if: history run again with other settings.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Which = Annotated[str, typer.Argument(metavar="ID", help="Which replay.")]


class Kind(StrEnum):
    """What may be run again."""

    CORRELATION = "correlation"
    DETECTION = "detection"
    RCA = "rca"


@replays_app.command("start")
def start(
    kind: Annotated[Kind, typer.Argument(help="What is run again.")],
    last: Annotated[
        str | None, typer.Option(metavar="DURATION", help="30m, 24h, 7d: until now.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="2026-01-31T12:00:00Z.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="With --from; now, if left out.")
    ] = None,
    cluster: Annotated[
        list[str] | None,
        typer.Option("--cluster", metavar="NAME|ID", help="Only of these; repeatable."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help=(
                "Otherwise than it is; repeatable. correlation: settle_seconds,"
                " settle_critical_seconds, quiet_seconds; detection: sensitivity, detection_type,"
                " learning_seconds; rca: known_from."
            ),
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="A file with a JSON list of correlation rules, in place of those there."),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait for what comes of it.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a time of at most 7 days again, and show what would have been otherwise.

    Ends with 1 where it came to nothing.
    """
    request = call(
        *("cli.replays", "Wanted"),
        *(kind.value, last, since, until, tuple(cluster or ()), tuple(setting or ()), rules),
    )
    perform("replays", "start", request, wait=wait, as_json=as_json)


@replays_app.command("list")
def show_replays(
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many, the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Replays, the newest first."""
    perform("replays", "show_all", limit, as_json=as_json)


@replays_app.command("show")
def show(replay: Which, as_json: AsJson = False) -> None:
    """What came of one."""
    perform("replays", "show", replay, as_json=as_json)


@replays_app.command("cancel")
def cancel(replay: Which) -> None:
    """Do not run one to its end."""
    perform("replays", "cancel", replay)
