"""The commands below `aiops alerts` and `aiops silences`, as the command line offers them."""

from typing import Annotated

import typer

from deploy.cli.calling import call, perform

alerts_app = typer.Typer(help="The alerts of the fleet.", no_args_is_help=True)
silences_app = typer.Typer(help="What holds alerts back.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Clusters = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="NAME|ID", help="Only of these; repeatable."),
]
States = Annotated[list[str] | None, typer.Option("--state", help="Only these; repeatable.")]


@alerts_app.command("list")
def show_alerts(
    state: States = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    cluster: Clusters = None,
    alertname: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    namespace: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only these; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of them, the newest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What fires or is pending, newest first; or alerts of other states."""
    filters = {
        "state": state or [],
        "severity": severity or [],
        "alertname": alertname or [],
        "namespace": namespace or [],
        "label": label or [],
    }
    perform("alerts", "show_all", filters, cluster or [], limit, as_json=as_json)


@alerts_app.command("silence")
def silence(
    alert: Annotated[str, typer.Argument(metavar="ID", help="Which alert.")],
    duration: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="30m, 2h, 7d.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="2026-01-31T12:00:00Z, in place of --for.")
    ] = None,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only these must be alike, not all; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Silence an alert in its cluster's Alertmanager."""
    request = call(
        *("cli.alerts", "SilenceRequest"),
        *(alert, duration, until, comment, tuple(label or ()), as_json),
    )
    perform("alerts", "silence", request)


@silences_app.command("list")
def show_silences(cluster: Clusters = None, state: States = None, as_json: AsJson = False) -> None:
    """What the clusters' Alertmanagers have now: active ones, and those that begin later."""
    perform("silences", "show_all", cluster or [], state or [], as_json=as_json)


@silences_app.command("rm")
def remove(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="Which silence.")],
    cluster: Annotated[
        str | None, typer.Option(metavar="NAME|ID", help="Where it is; else all are asked.")
    ] = None,
) -> None:
    """End a silence."""
    perform("silences", "remove", silence_id, cluster)
