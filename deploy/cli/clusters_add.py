"""`aiops cluster add`: one cluster, with its credentials or without."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.clusters import HUB
from contracts.refusals import Refused
from deploy.cli.clusters import asking
from deploy.cli.clusters_api import ClusterApi, Declined, Json, Unanswered
from deploy.cli.clusters_options import Inputs, Traits
from deploy.cli.flatten import Instead, LocalKubeconfig, NotUsable
from deploy.cli.output import fail, say
from services.clusters import kubeconfig
from services.clusters.naming import suggested_name

_WRONG_USE = 2
_MOST_OF_A_CA = 256 << 10


@dataclass(frozen=True, slots=True)
class AddRequest:
    """The options of the command; every secret is in a file."""

    name: str | None
    kubeconfig: Path | None
    context: str | None
    api_server_url: str | None
    token_file: Path | None
    ca_file: Path | None
    display_name: str | None
    traits: Traits
    backend_urls: Mapping[str, str | None]
    """By the backend's name."""
    backend_tokens: Mapping[str, Path | None]
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What will be sent."""

    registration: Json
    credentials: Json = field(repr=False)
    """Empty: the cluster gets none."""


@dataclass(frozen=True, slots=True)
class _Login:
    """How a kubeconfig or the options lead into the cluster."""

    name: str
    server: str
    credentials: Json = field(repr=False)


async def add(wanted: AddRequest) -> None:
    """Register a cluster and give its credentials; if those are refused it is not registered."""
    plan = _plan(wanted)
    async with asking() as api:
        cluster = await api.register(plan.registration)
        if plan.credentials:
            await _give(api, cluster, plan.credentials)
            cluster = await api.find(cluster["id"])
    if wanted.as_json:
        say(json.dumps(cluster, indent=2))
        return
    given = "with credentials" if plan.credentials else "without credentials"
    say(f"{cluster['name']} is registered {given} ({cluster['id']})")


async def _give(api: ClusterApi, cluster: Json, credentials: Json) -> None:
    name, cluster_id = cluster["name"], cluster["id"]
    try:
        await api.give_credentials(cluster_id, credentials)
    except Unanswered as error:
        fail(
            f"{name} is registered, but nobody knows whether with its credentials: {error};"
            f" see `aiops cluster show {name}`, or undo it by `aiops cluster rm {name}`"
        )
    except Declined as refusal:
        try:
            await api.remove(cluster_id)
        except (Declined, Unanswered) as error:
            fail(
                f"{refusal}; and its registration could not be removed again: {error};"
                f" do it by `aiops cluster rm {name}`"
            )
        fail(f"{name} was not registered: {refusal}")


def _plan(wanted: AddRequest) -> _Plan:
    inputs = Inputs()
    login = _by_kubeconfig(wanted, inputs) if wanted.kubeconfig else _by_token(wanted, inputs)
    backends = _backends(wanted, inputs)
    ca_bundle = inputs.text("--ca-file", wanted.ca_file, _MOST_OF_A_CA) if wanted.ca_file else None
    if not login.credentials and (backends or ca_bundle):
        fail("tokens of backends and a CA need --kubeconfig or --token-file as well", _WRONG_USE)
    if wanted.traits.site not in {None, HUB} and login.credentials:
        fail(
            "the hub does not reach a cluster of another site: register it without credentials, and"
            " give them there by `aiops edge login`",
            _WRONG_USE,
        )
    urls = {f"{name}_url": url for name, url in wanted.backend_urls.items() if url}
    registration = {
        "name": login.name,
        "api_server_url": login.server,
        **wanted.traits.fields(),
        **({"display_name": wanted.display_name} if wanted.display_name else {}),
        **({"endpoints": urls} if urls else {}),
    }
    extra = {"ca_bundle": ca_bundle, "backends": backends}
    given = {name: value for name, value in extra.items() if value}
    return _Plan(registration, login.credentials | given if login.credentials else {})


def _by_token(wanted: AddRequest, inputs: Inputs) -> _Login:
    if not wanted.name or not wanted.api_server_url:
        fail("without --kubeconfig a NAME and --api-server-url are needed", _WRONG_USE)
    if wanted.context:
        fail("--context belongs to a --kubeconfig", _WRONG_USE)
    credentials: dict[str, Any] = {}
    if wanted.token_file:
        token = inputs.secret("--token-file", wanted.token_file)
        credentials = {"auth_type": "SERVICE_ACCOUNT", "token": token}
    return _Login(wanted.name, wanted.api_server_url, credentials)


def _by_kubeconfig(wanted: AddRequest, inputs: Inputs) -> _Login:
    path = wanted.kubeconfig or Path()
    local = inputs.kubeconfig(path)
    token = inputs.secret("--token-file", wanted.token_file) if wanted.token_file else None
    try:
        name, text = _flattened(local, wanted.context, Instead(wanted.api_server_url, token))
        # The hub reads it in the same way; what it would refuse is told before anything is sent.
        context = kubeconfig.one(text, name)
    except NotUsable as error:
        fail(f"{path}: {error}")
    except Refused as refusal:
        fail(f"{path}: {refusal.message}")
    return _Login(
        name=wanted.name or suggested_name(context),
        server=context.server,
        credentials={"auth_type": "KUBECONFIG", "kubeconfig": text, "context": name},
    )


def _flattened(local: LocalKubeconfig, context: str | None, instead: Instead) -> tuple[str, str]:
    """The context that is meant, and a kubeconfig of it alone."""
    name = local.chosen(context)
    flat = local.flattened([name], instead)
    if flat.notices:
        raise NotUsable("; ".join(flat.notices))
    return name, flat.text


def _backends(wanted: AddRequest, inputs: Inputs) -> dict[str, Json]:
    return {
        name: {"token": inputs.secret(f"--{name}-token-file", path)}
        for name, path in wanted.backend_tokens.items()
        if path
    }
