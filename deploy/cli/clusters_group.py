"""The commands below `aiops cluster`, as the command line offers them."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.calling import call, perform

cluster_app = typer.Typer(help="The clusters of the fleet.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Reference = Annotated[str, typer.Argument(metavar="NAME|ID", help="Which cluster.")]
Secret = Annotated[Path | None, typer.Option(metavar="FILE", help="Its token; - for stdin.")]
Url = Annotated[str | None, typer.Option(metavar="URL")]
Type = Annotated[str | None, typer.Option("--type", help="hub, spoke, edge or far-edge.")]
Platform = Annotated[str | None, typer.Option(help="openshift, kubernetes or microshift.")]
Environment = Annotated[str | None, typer.Option(help="production, staging, development or lab.")]
Region = Annotated[str | None, typer.Option(help="Where it stands.")]
Site = Annotated[str | None, typer.Option(help="The far-edge site whose collector reaches it.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Repeatable.")
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The kubeconfig; - for stdin. Files that it names are sent."),
]


@cluster_app.command("add")
def add(
    name: Annotated[str | None, typer.Argument(help="By default that of the context.")] = None,
    kubeconfig: Kubeconfig = None,
    context: Annotated[str | None, typer.Option(help="Which one of the kubeconfig.")] = None,
    api_server_url: Annotated[
        str | None, typer.Option(metavar="URL", help="By default that of the context.")
    ] = None,
    token_file: Secret = None,
    ca_file: Annotated[Path | None, typer.Option(metavar="FILE", help="A CA, as PEM.")] = None,
    cluster_type: Type = None,
    platform: Platform = None,
    environment: Environment = None,
    region: Region = None,
    site: Site = None,
    label: Labels = None,
    display_name: Annotated[str | None, typer.Option(help="How people call it.")] = None,
    prometheus_url: Url = None,
    prometheus_token_file: Secret = None,
    tempo_url: Url = None,
    tempo_token_file: Secret = None,
    loki_url: Url = None,
    loki_token_file: Secret = None,
    alertmanager_url: Url = None,
    alertmanager_token_file: Secret = None,
    korrel8r_url: Url = None,
    korrel8r_token_file: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Register a cluster, with its credentials. With --kubeconfig and --token-file the token is
    used in place of the kubeconfig's user."""
    traits = call(
        *("cli.clusters_options", "Traits"),
        *(cluster_type, platform, environment, region, label or [], site),
    )
    request = call(
        *("cli.clusters_add", "AddRequest"),
        name=name,
        kubeconfig=kubeconfig,
        context=context,
        api_server_url=api_server_url,
        token_file=token_file,
        ca_file=ca_file,
        display_name=display_name,
        traits=traits,
        backend_urls={
            "prometheus": prometheus_url,
            "tempo": tempo_url,
            "loki": loki_url,
            "alertmanager": alertmanager_url,
            "korrel8r": korrel8r_url,
        },
        backend_tokens={
            "prometheus": prometheus_token_file,
            "tempo": tempo_token_file,
            "loki": loki_token_file,
            "alertmanager": alertmanager_token_file,
            "korrel8r": korrel8r_token_file,
        },
        as_json=as_json,
    )
    perform("clusters_add", "add", request)


@cluster_app.command("list")
def show_all(
    state: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    cluster_type: Annotated[
        list[str] | None, typer.Option("--type", help="Only these; repeatable.")
    ] = None,
    environment: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    label: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Every cluster, or those with all that is asked for."""
    filters = {
        "state": state or [],
        "cluster_type": [each.replace("-", "_") for each in cluster_type or []],
        "environment": environment or [],
        "label": label or [],
    }
    perform("clusters", "show_all", filters, as_json=as_json)


@cluster_app.command("show")
def show(cluster: Reference, as_json: AsJson = False) -> None:
    """One cluster: what is registered, how it is, what it can do."""
    perform("clusters", "show", cluster, as_json=as_json)


@cluster_app.command("refresh")
def refresh(cluster: Reference) -> None:
    """Check a cluster now."""
    perform("clusters", "refresh", cluster)


@cluster_app.command("rm")
def remove(
    cluster: Reference,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a cluster out of the fleet."""
    perform("clusters", "remove", cluster, sure=yes)


@cluster_app.command("import")
def take_in(
    kubeconfig: Kubeconfig = None,
    hub: Annotated[str | None, typer.Option(metavar="NAME|ID", help="A registered hub.")] = None,
    managed_clusters: Annotated[
        bool, typer.Option("--managed-clusters", help="What that hub manages.")
    ] = False,
    context: Annotated[
        list[str] | None,
        typer.Option(help="Only these contexts or managed clusters; repeatable."),
    ] = None,
    cluster_type: Type = None,
    platform: Platform = None,
    environment: Environment = None,
    region: Region = None,
    label: Labels = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register every cluster of a kubeconfig, or those that a hub manages."""
    traits = call(
        *("cli.clusters_options", "Traits"),
        *(cluster_type, platform, environment, region, label or []),
    )
    request = call(
        *("cli.clusters_import", "ImportRequest"),
        kubeconfig=kubeconfig,
        hub=hub,
        managed_clusters=managed_clusters,
        contexts=tuple(context or ()),
        traits=traits,
        dry_run=dry_run,
        as_json=as_json,
    )
    raise SystemExit(perform("clusters_import", "take_in", request))
