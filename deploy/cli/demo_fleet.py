"""Registers simulated clusters with a platform, over the same routes that people use."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.cli.clusters_api import ClusterApi, Declined, Json, Unanswered
from deploy.local.private import write_private

LABEL = "aiops.io/simulated"
Pauses = tuple[float, ...]

_COMPARED = ("api_server_url", "endpoints", "cluster_type", "platform")


class _NotOurs(Exception):
    """A name belongs to a cluster that is not simulated."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """One simulated cluster, as it is registered."""

    registration: Json
    credentials: Json = field(repr=False)

    @property
    def name(self) -> str:
        """Its name in the fleet."""
        return self.registration["name"]

    @property
    def digest(self) -> str:
        """Tells its credentials from others."""
        told = json.dumps(self.credentials, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the simulator shows."""

    clusters: tuple[Simulated, ...]

    @classmethod
    def read(cls, ready: Path) -> "Demonstration":
        """From what the simulator leaves in its folder when it runs."""
        told = json.loads(ready.read_text())
        secrets = json.loads(Path(told["credentials"]).read_text())
        ca_bundle = Path(told["ca"]).read_text()
        return cls(
            tuple(
                Simulated(_registration(each), _credentials(each, secrets, ca_bundle))
                for each in told["clusters"]
            )
        )


class Registrar:
    """Makes the platform know each simulated cluster, as it is now."""

    def __init__(self, api: ClusterApi, shown: Demonstration, memory: Path) -> None:
        """``memory``: a file that remembers which credentials were given."""
        self._api = api
        self._shown = shown
        self._memory = memory
        self._given: dict[str, str] = _remembered(memory)

    async def register_all(self, pauses: Pauses, report: Callable[[str], None]) -> None:
        """Register what is missing and mend what is old; what fails is tried again a few times."""
        every = len(self._shown.clusters)
        for pause in (*pauses, None):
            troubles = await self._once()
            if not troubles:
                report(f"The simulated fleet is shown: {every} clusters")
                return
            again = "" if pause is None else f"; trying again in {pause:g} s"
            which = f"{len(troubles)} of {every} simulated clusters"
            report(f"{which} could not be registered ({troubles[0]}){again}")
            await asyncio.sleep(pause or 0)

    async def _once(self) -> list[str]:
        troubles: list[str] = []
        for cluster in self._shown.clusters:
            try:
                await self._register(cluster)
            except (Declined, _NotOurs) as error:
                troubles.append(f"{cluster.name}: {error}")
            except Unanswered as error:
                # The others would have to wait for nothing, too.
                return [str(error)] * len(self._shown.clusters)
        return troubles

    async def _register(self, cluster: Simulated) -> None:
        found = await self._api.find_named(cluster.name)
        if found is None:
            await self._give(await self._api.register(cluster.registration), cluster)
            return
        if found["labels"].get(LABEL) != "true":
            raise _NotOurs("there is another cluster of this name, which is left alone")
        changes = _changes(found, cluster.registration)
        if changes:
            await self._api.change(found["id"], changes)
        await self._give(found, cluster)
        # The fleet was away: nobody should have to wait for the next check to see it again.
        if changes or found["status"]["state"] == "OFFLINE":
            await self._api.refresh(found["id"])

    async def _give(self, found: Json, cluster: Simulated) -> None:
        """Give the credentials, unless these were given."""
        # Client certificates are made at each start of the simulator and end some day, so clusters
        # that have one get it at each start of the launcher.
        given = f"{found['id']} {cluster.digest}"
        missing = not found.get("credentials", True)
        if missing or self._given.get(cluster.name) != given:
            await self._api.give_credentials(found["id"], cluster.credentials)
            self._given[cluster.name] = given
            write_private(self._memory, json.dumps(self._given))


def _registration(told: Json) -> Json:
    name = told["name"]
    return {
        "name": name,
        "display_name": f"{name} (simulated)",
        "api_server_url": told["api_server_url"],
        "cluster_type": told["cluster_type"],
        "platform": told["platform"],
        "environment": "LAB",
        "labels": {LABEL: "true"},
        "endpoints": told["endpoints"],
    }


def _credentials(told: Json, secrets: dict[str, Any], ca_bundle: str) -> Json:
    tokens: dict[str, str] = secrets[told["name"]]["backends"]
    return {
        "auth_type": "KUBECONFIG",
        "kubeconfig": Path(told["kubeconfig"]).read_text(),
        "ca_bundle": ca_bundle,
        "backends": {backend: {"token": token} for backend, token in tokens.items()},
    }


def _changes(found: Json, wanted: Json) -> Json:
    """What has become old in a registration; what people have changed of the rest is theirs."""
    return {name: wanted[name] for name in _COMPARED if found[name] != wanted[name]}


def _remembered(memory: Path) -> dict[str, str]:
    try:
        told: Any = json.loads(memory.read_text())
        return {str(name): str(given) for name, given in told.items()}
    except (OSError, ValueError, AttributeError):
        return {}
