"""`aiops cluster import`: many clusters at once, of a kubeconfig or of a hub's managed clusters."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.cli.clusters import asking, table
from deploy.cli.clusters_api import Json
from deploy.cli.clusters_options import Inputs, Traits
from deploy.cli.flatten import NotUsable
from deploy.cli.output import fail, say

_WRONG_USE = 2


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The options of the command."""

    kubeconfig: Path | None
    hub: str | None
    managed_clusters: bool
    contexts: tuple[str, ...]
    traits: Traits
    dry_run: bool
    as_json: bool


async def take_in(wanted: ImportRequest) -> int:
    """Import, and show what became of each cluster; 1 if any was refused."""
    body = _body(wanted)
    async with asking() as api:
        if wanted.hub:
            body["hub_cluster_id"] = (await api.find(wanted.hub))["id"]
        result = await api.take_in(body)
    if wanted.as_json:
        say(json.dumps(result, indent=2))
    else:
        table([_row(item) for item in result["items"]], empty="there is nothing to import")
        say(_summary(result))
    return 1 if result["refused"] else 0


def _body(wanted: ImportRequest) -> Json:
    if bool(wanted.kubeconfig) == wanted.managed_clusters:
        fail("either --kubeconfig or --managed-clusters is needed", _WRONG_USE)
    if bool(wanted.hub) != wanted.managed_clusters:
        fail("--hub and --managed-clusters belong together", _WRONG_USE)
    body: dict[str, Any] = {**wanted.traits.fields(), "dry_run": wanted.dry_run}
    if wanted.contexts:
        body["contexts"] = list(wanted.contexts)
    if wanted.kubeconfig is None:
        return body | {"source": "MANAGED_CLUSTERS"}
    text = _flattened(wanted.kubeconfig, wanted.contexts)
    return body | {"source": "KUBECONFIG", "kubeconfig": text}


def _flattened(path: Path, contexts: tuple[str, ...]) -> str:
    """What can be sent; what the hub will refuse is told, and keeps the others from nothing."""
    try:
        flat = Inputs().kubeconfig(path).flattened(contexts)
    except NotUsable as error:
        fail(f"{path}: {error}")
    for notice in flat.notices:
        sys.stderr.write(f"aiops: {notice}\n")
    return flat.text


def _row(item: Json) -> Json:
    reason = f"{item['code']}: {item['message']}" if item.get("code") else item.get("message")
    return {
        "source": item["source"],
        "name": item["name"],
        "outcome": item["outcome"],
        "api server": item["api_server_url"],
        "reason": reason,
    }


def _summary(result: Json) -> str:
    would = sum(1 for item in result["items"] if item["outcome"] == "WOULD_REGISTER")
    new = f"{would} would be registered" if result["dry_run"] else f"{result['registered']} new"
    return f"{new}, {result['known']} known already, {result['refused']} refused"
