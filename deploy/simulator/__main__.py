"""The simulator as a program: ``python -m deploy.simulator --clusters 12 --seed 7 --port 0``."""

import asyncio
import json
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvloop

from deploy.local.private import write_private
from deploy.simulator import rollout
from deploy.simulator.authority import kept
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.incidents import Incident
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from services.runtime.clock import SystemClock

READY = "ready.json"
"""The file that says what runs, written when it does."""
_ROLLOUT_AFTER, _ROLLOUT_SECONDS = 60.0, 1500.0
"""Whoever starts a fleet to look at it finds something that is worth looking at."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for on the command line."""

    fleet: Fleet
    port: int
    folder: Path
    own_ports: bool
    scripted: bool


def simulate(
    clusters: Annotated[int, typer.Option(min=1, max=5000)] = 12,
    seed: int = 7,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    nodes: Annotated[int, typer.Option(min=1, max=1000)] = 6,
    pods: Annotated[int, typer.Option(min=0, max=10_000)] = 60,
    own_ports: Annotated[bool, typer.Option(help="A port for each cluster.")] = False,
    gpu_nodes: Annotated[
        int, typer.Option(min=0, max=1000, help="Nodes with eight GPUs in every cluster.")
    ] = 0,
    calm: Annotated[bool, typer.Option(help="Nothing goes wrong unless it is ordered.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where kubeconfigs go, and the CA stays.")
    ] = None,
) -> None:
    """Serve a simulated fleet on loopback until SIGTERM or SIGINT.

    Prints one line of JSON when it is ready, and leaves it in the folder.
    """
    _raise_file_limit()
    fleet = Fleet.make(clusters, seed, nodes, pods, gpu_nodes)
    with TemporaryDirectory(prefix="aiops-simulator-") as scratch:
        place = folder or Path(scratch)
        uvloop.run(_run(_Plan(fleet, port, place, own_ports=own_ports, scripted=not calm)))


async def _run(plan: _Plan) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = kept(plan.folder, SystemClock().now())
    own = frozenset(each.name for each in plan.fleet.clusters if plan.own_ports)
    options = Options(plan.port, own, bad_tls=False, authority=authority, scripted=plan.scripted)
    async with simulating(plan.fleet, options) as running:
        if plan.scripted:
            _begin(running)
        told = json.dumps(_ready(running, plan.folder)) + "\n"
        sys.stdout.write(told)
        sys.stdout.flush()
        write_private(plan.folder / READY, told)
        await stopping.wait()


def _begin(running: Running) -> None:
    """A rollout goes wrong soon, in one cluster, which has no other one after it."""
    began = SystemClock().now().timestamp() + _ROLLOUT_AFTER
    for each in reversed(_all(running)):
        if rollout.suits(each.simulated.cluster):
            each.simulated.cluster.stage.order(Incident.BAD_ROLLOUT, began, _ROLLOUT_SECONDS)
            return


def _ready(running: Running, folder: Path) -> dict[str, object]:
    whole = running.write_kubeconfigs(folder)
    authority, secrets = folder / "ca.pem", folder / "credentials.json"
    authority.write_bytes(running.authority.pem)
    # In a file of its own: what is printed ends up in logs.
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps({each.name: _secrets(each) for each in _all(running)}))
    return {
        "simulated": True,
        "url": running.url,
        "ca": str(authority),
        "kubeconfig": str(whole),
        "credentials": str(secrets),
        "clusters": [_cluster(each, folder) for each in _all(running)],
    }


def _all(running: Running) -> list[RunningCluster]:
    return list(running.clusters.values())


def _secrets(running: RunningCluster) -> dict[str, dict[str, str]]:
    described = running.simulated.cluster
    return {
        "accounts": {each.name: each.token for each in described.accounts},
        "backends": {each.part: each.token for each in described.backends if each.token},
    }


def _cluster(running: RunningCluster, folder: Path) -> dict[str, object]:
    described = running.simulated.cluster
    backends = (part for part in Part if part is not Part.API)
    return {
        "name": running.name,
        "cluster_type": described.cluster_type,
        "platform": described.platform,
        "api_server_url": running.api_url,
        "kubeconfig": str(folder / f"{running.name}.yaml"),
        "endpoints": {f"{part.value}_url": running.backend_url(part) for part in backends},
    }


def _raise_file_limit() -> None:
    """A connection is a descriptor, and clients keep theirs open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    typer.run(simulate)
