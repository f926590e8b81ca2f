"""Tries credentials on every endpoint of a cluster, before they are kept and whenever asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.clusters import Checked, Cluster, Validation
from contracts.refusals import Code, Refused
from services.clusters import status
from services.clusters.kube_api import NEEDED, ApiFailure, KubeApi, Right
from services.clusters.probes import Probes, Problem, api_problem, unusable
from services.runtime.kube.failures import of_fault
from services.runtime.outbound.faults import Fault, FaultKind, place
from services.runtime.outbound.targets import Target
from services.runtime.vault.logins import Logins, fits, target

_ADVICE = "bind a ClusterRole with these rights to the account"


@dataclass(frozen=True, slots=True)
class Tried:
    """What each endpoint says of credentials."""

    validation: tuple[Validation, ...]
    codes: Mapping[Checked, Code]
    """What whoever gave them is told, for each endpoint that does not take them."""


async def try_all(cluster: Cluster, logins: Logins, probes: Probes) -> Tried:
    """Try credentials on every endpoint that the cluster has, side by side."""
    _, seconds = status.interval_and_timeout(cluster.cluster_type)
    endpoints = status.with_a_login(cluster, logins)
    tries = (_try(name, url, logins, probes, seconds) for name, url in endpoints.items())
    found = dict(zip(endpoints, await asyncio.gather(*tries), strict=True))
    return Tried(
        tuple(_validation(name, *each) for name, each in found.items()),
        {name: problem.code for name, (problem, _) in found.items() if problem is not None},
    )


async def _try(
    name: Checked, url: str, logins: Logins, probes: Probes, seconds: float
) -> tuple[Problem | None, tuple[Right, ...]]:
    try:
        aim = target(logins.of(name), url, seconds)
        if name is Checked.API_SERVER:
            return await _rights(aim, probes, seconds)
    except Refused as refused:
        return unusable(name, refused), ()
    return await probes.problem(name, aim, seconds), ()


async def _rights(
    aim: Target, probes: Probes, seconds: float
) -> tuple[Problem | None, tuple[Right, ...]]:
    """Whether the API server knows us, and which of the needed rights it does not grant."""
    client = probes.outbound.client(aim)
    api = KubeApi(client, seconds)
    try:
        async with asyncio.timeout(seconds):
            missing = await api.missing(NEEDED)
            if not missing:
                await api.ready()
    except ApiFailure as failure:
        return api_problem(failure), ()
    except TimeoutError:  # Each answer has come in time, and all of them together have not.
        text = f"no whole answer from {place(client.base_url)} within {seconds:g} s"
        return api_problem(of_fault(Fault(FaultKind.TIMEOUT, text))), ()
    if not missing:
        return None, ()
    text = "the API server does not grant all of the rights that are needed"
    return Problem(text, _ADVICE, answered=True, code=Code.CREDENTIALS_INVALID), missing


def _validation(name: Checked, problem: Problem | None, missing: tuple[Right, ...]) -> Validation:
    return Validation(
        name=name,
        valid=problem is None,
        error=problem and problem.error,
        advice=problem and problem.advice,
        missing=tuple(map(str, missing)),
    )


def bound(cluster: Cluster, logins: Logins) -> bool:
    """True if the login to the API server is for where the cluster says that it is."""
    return fits(logins.kubernetes, cluster.api_server_url)
