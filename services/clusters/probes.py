"""Asks a cluster's endpoints whether they are there for us: health checks, and trying credentials.

Sources: the management APIs of Prometheus and Alertmanager (``/-/ready``), the HTTP APIs of Loki
and Tempo (``/ready``): each answers 200 when it can serve. The API server has to list namespaces,
and a Korrel8r its domains (doc/korrel8r-openapi.yaml of its repository, v1alpha1).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.clusters import Check, Checked
from contracts.refusals import Code, Refused
from services.clusters.credentials import SPOKEN
from services.clusters.kube_api import ApiFailure, ApiFailureKind, KubeApi
from services.runtime.clock import Clock
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import fetch
from services.runtime.outbound.targets import Target

_READY = {
    Checked.PROMETHEUS: "-/ready",
    Checked.TEMPO: "ready",
    Checked.LOKI: "ready",
    Checked.ALERTMANAGER: "-/ready",
    Checked.KORREL8R: "api/v1alpha1/domains",
}
_LIMIT = 64 * 1024
_LONGEST = 500
_NOT_TRUSTED = frozenset(kind for kind in FaultKind if kind.name.startswith("TLS_"))
_MISTAKEN = frozenset({FaultKind.NOT_HTTP, FaultKind.TOO_LARGE, FaultKind.TOO_MANY_REDIRECTS})
_CODES = {
    ApiFailureKind.UNREACHABLE: Code.CLUSTER_UNREACHABLE,
    ApiFailureKind.REFUSED_ADDRESS: Code.VALIDATION_FAILED,
    ApiFailureKind.UNTRUSTED: Code.CREDENTIALS_INVALID,
    ApiFailureKind.UNAUTHORIZED: Code.CREDENTIALS_INVALID,
    ApiFailureKind.FORBIDDEN: Code.CREDENTIALS_INVALID,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an endpoint is not there for us."""

    error: str
    advice: str | None
    answered: bool
    """False if nobody was there."""
    code: Code
    """What whoever has just given its address or credentials is told."""


@dataclass(frozen=True, slots=True)
class Probes:
    """Asks endpoints, each within its own time."""

    outbound: Outbound
    clock: Clock

    async def round(self, targets: Mapping[Checked, Target], seconds: float) -> tuple[Check, ...]:
        """What each of these endpoints says, asked side by side, in their order."""
        checks = (self._check(name, target, seconds) for name, target in targets.items())
        return tuple(await asyncio.gather(*checks))

    async def problem(self, name: Checked, target: Target, seconds: float) -> Problem | None:
        """What is wrong with an endpoint, None if it is ready for us."""
        try:
            client = self.outbound.client(target)
            if name is Checked.API_SERVER:
                await KubeApi(client, seconds).ready()
                return None
            answer = await fetch(
                client, "GET", _READY[name], limit_bytes=_LIMIT, deadline_seconds=seconds
            )
        except ApiFailure as failure:
            return api_problem(failure)
        except Fault as fault:
            return _of_fault(name, fault)
        except Refused as refused:  # Its certificates cannot be read.
            return unusable(name, refused)
        return None if answer.status == 200 else _of_status(name, answer.status)

    async def _check(self, name: Checked, target: Target, seconds: float) -> Check:
        began = self.clock.monotonic()
        problem = await self.problem(name, target, seconds)
        return check_of(name, problem, self.clock.monotonic() - began)


def check_of(name: Checked, problem: Problem | None, seconds: float = 0.0) -> Check:
    """What a check has found, and how long that took."""
    return Check(
        name=name,
        healthy=problem is None,
        latency_ms=round(seconds * 1000, 1),
        error=problem and problem.error,
        advice=problem and problem.advice,
        answered=problem is None or problem.answered,
    )


def unusable(name: Checked, refused: Refused) -> Problem:
    """What is wrong with credentials with which nothing can be asked at all."""
    text = f"{SPOKEN[name]} cannot be asked: {refused.message}"[:_LONGEST]
    return Problem(text, "mend this part of the credentials", answered=False, code=refused.code)


def api_problem(failure: ApiFailure) -> Problem:
    """What is wrong with an API server."""
    code = _CODES.get(failure.kind, Code.UPSTREAM_FAILED)
    return Problem(failure.message[:_LONGEST], failure.advice, answered=failure.answered, code=code)


def _of_fault(name: Checked, fault: Fault) -> Problem:
    if fault.kind in _NOT_TRUSTED:
        code = Code.CREDENTIALS_INVALID
    elif fault.kind is FaultKind.REFUSED_ADDRESS:
        code = Code.VALIDATION_FAILED
    else:
        code = Code.UPSTREAM_FAILED if fault.kind in _MISTAKEN else Code.CLUSTER_UNREACHABLE
    text = f"{SPOKEN[name]}: {fault.message}"[:_LONGEST]
    return Problem(text, fault.advice, answered=fault.kind in _MISTAKEN, code=code)


def _of_status(name: Checked, status: int) -> Problem:
    code = Code.CREDENTIALS_INVALID if status in {401, 403} else Code.UPSTREAM_FAILED
    text = f"{SPOKEN[name]} answered {status}"
    return Problem(text, _advice(status), answered=True, code=code)


def _advice(status: int) -> str:
    match status:
        case 401 | 403:
            return "give a token that may read it with the cluster's credentials"
        case 404:
            return "check the URL: there is no readiness endpoint below it"
        case _ if 300 <= status < 400:
            return "give the URL that it redirects to"
        case _:
            return "look at its pods and their logs"
