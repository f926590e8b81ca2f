"""The commands below `aiops bench`, as the command line offers them."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.calling import call

bench_app = typer.Typer(help="Detectors and root causes on recorded data.", no_args_is_help=True)


@bench_app.callback()
def bench() -> None:
    """Detectors and root causes on recorded data."""


@bench_app.command("nab")
def nab(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="With CSV files of the columns timestamp,value.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the onset scores go.")],
    episode: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the episode scores go, if anywhere.")
    ] = None,
) -> None:
    """Score every row of every series: a CSV with anomaly_score beside each file, 0.5 and up is a
    detection."""
    call("cli.bench", "score_all", data, out, episode)


_Cases = Annotated[Path, typer.Option(metavar="DIR", help="With the folder cases.")]
_Out = Annotated[Path, typer.Option(metavar="DIR", help="Where ranks.json and reasons.json go.")]


@bench_app.command("petshop")
def petshop(data: _Cases, out: _Out) -> None:
    """Rank the nodes of every case: a call graph, metrics, and an alarm of the front end."""
    call("cli.bench_petshop", "rank_all", data, out)


@bench_app.command("nezha")
def nezha(data: _Cases, out: _Out) -> None:
    """Rank the services of every case: traces, logs, metrics, and the time of an alarm."""
    call("cli.bench_nezha", "rank_all", data, out)
