"""`aiops cluster list`, `show`, `refresh` and `rm`."""

import json
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rich.markup import escape

from deploy.cli.clusters_api import ClusterApi, Declined, Json, Unanswered, connected
from deploy.cli.output import fail, listing, say
from deploy.cli.reach import gateway_of

_WRONG_USE = 2


@asynccontextmanager
async def asking() -> AsyncGenerator[ClusterApi]:
    """The gateway's routes for the time of a block, which a refusal ends with one line."""
    try:
        async with connected(gateway_of()) as api:
            yield api
    except (Declined, Unanswered) as error:
        fail(str(error))


def table(rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Rows as a table; what others wrote in them is shown as it is."""
    plain = [
        {name: escape(str(value)) if value is not None else None for name, value in row.items()}
        for row in rows
    ]
    listing(plain, as_json=False, empty=empty)


async def show_all(filters: Mapping[str, list[str]], *, as_json: bool) -> None:
    """Every cluster that passes the filters."""
    async with asking() as api:
        found = await api.every(filters)
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        table([_row(cluster) for cluster in found], empty="there are no such clusters")


async def show(reference: str, *, as_json: bool) -> None:
    """All that is known of one cluster."""
    async with asking() as api:
        cluster = await api.find(reference)
        health = await api.status(cluster["id"])
    if as_json:
        say(json.dumps({**cluster, "health": health}, indent=2))
        return
    for name, value in _facts(cluster).items():
        say(f"{name:<14} {value}")
    say("")
    rows = [_check(check) for check in health["checks"]]
    table(rows, empty="nothing was checked yet: `aiops cluster refresh` does it now")


async def refresh(reference: str) -> None:
    """Check a cluster now."""
    async with asking() as api:
        cluster = await api.refresh((await api.find(reference))["id"])
    say(f"{cluster['name']} is {_state(cluster)}")


async def remove(reference: str, *, sure: bool) -> None:
    """Take a cluster out of the fleet, once somebody is sure."""
    async with asking() as api:
        cluster = await api.find(reference)
        if not sure:
            _ask(cluster["name"])
        await api.remove(cluster["id"])
    say(f"{cluster['name']} was removed; its history stays readable")


def _ask(name: str) -> None:
    if not sys.stdin.isatty():
        fail(f"nobody can be asked here: give --yes to remove {name}", _WRONG_USE)
    sys.stdout.write(f"Remove {name} from the fleet, with its credentials? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        fail("nothing was removed")


def _row(cluster: Json) -> Json:
    status = cluster["status"]
    return {
        "name": cluster["name"],
        "state": status["state"],
        "score": status["health_score"],
        "type": cluster["cluster_type"],
        "environment": cluster["environment"],
        "region": cluster["region"],
        "last error": status["last_error"],
    }


def _facts(cluster: Json) -> dict[str, str]:
    labels = [f"{key}={value}" for key, value in cluster["labels"].items()]
    endpoints = [
        f"{name.removesuffix('_url')} {url}" for name, url in cluster["endpoints"].items() if url
    ]
    facts = {
        "name": cluster["name"],
        "display name": cluster["display_name"],
        "id": cluster["id"],
        "state": _state(cluster),
        "last error": cluster["status"]["last_error"],
        "api server": cluster["api_server_url"],
        "endpoints": ", ".join(endpoints) or "none",
        "type": cluster["cluster_type"],
        "platform": " ".join(filter(None, (cluster["platform"], cluster["platform_version"]))),
        "environment": cluster["environment"],
        "region": cluster["region"],
        "labels": ", ".join(labels),
        "last seen": cluster["last_seen_at"],
        "credentials": _credentials(cluster.get("credentials")),
        "capabilities": _capabilities(cluster.get("capabilities")),
    }
    return {name: value for name, value in facts.items() if value}


def _state(cluster: Json) -> str:
    status = cluster["status"]
    score = status["health_score"]
    return status["state"] if score is None else f"{status['state']}, score {score}"


def _credentials(known: Json | None) -> str:
    if not known:
        return ""
    ends, renewal = known.get("expires_at"), str(known.get("renewal") or "").lower()
    parts = [
        str(known.get("auth_type") or "given"),
        f"until {ends}" if ends else "",
        f"renewal {renewal.replace('_', ' ')}" if ends and renewal else "",
    ]
    return ", ".join(filter(None, parts))


def _capabilities(known: Json | None) -> str:
    """What a cluster has, in the words of its flags: ``has_gpu_nodes`` is "gpu nodes"."""
    if not known:
        return "not known"
    has = [
        name.removeprefix("has_").replace("_", " ")
        for name, value in known.items()
        if name.startswith("has_") and value
    ]
    nodes = f"{known['node_count']} nodes" if "node_count" in known else ""
    return ", ".join(filter(None, (nodes, *has))) or "none"


def _check(check: Json) -> Json:
    return {
        "check": check["name"],
        "healthy": "yes" if check["healthy"] else "no",
        "ms": f"{check['latency_ms']:.0f}",
        "error": check["error"],
        "do": check["advice"],
    }
