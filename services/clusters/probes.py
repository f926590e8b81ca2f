"""Asks a cluster's endpoints whether they are ready, over HTTP.

Sources: the management APIs of Prometheus and Alertmanager (``/-/ready``), the HTTP APIs of Loki
and Tempo (``/ready``). Each answers 200 when it can serve.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.clusters import Check, Checked
from services.runtime.clock import Clock
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.reading import fetch
from services.runtime.outbound.targets import Target

_READY = {
    Checked.PROMETHEUS: "-/ready",
    Checked.TEMPO: "ready",
    Checked.LOKI: "ready",
    Checked.ALERTMANAGER: "-/ready",
}
_SPOKEN = {
    Checked.API_SERVER: "the API server",
    Checked.PROMETHEUS: "Prometheus",
    Checked.TEMPO: "Tempo",
    Checked.LOKI: "Loki",
    Checked.ALERTMANAGER: "Alertmanager",
}
_LIMIT = 64 * 1024
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Probes:
    """Asks endpoints, each within its own time."""

    outbound: Outbound
    clock: Clock

    async def round(self, targets: Mapping[Checked, Target], seconds: float) -> tuple[Check, ...]:
        """What each of these endpoints says, asked side by side, in their order."""
        checks = (self._ask(name, target, seconds) for name, target in targets.items())
        return tuple(await asyncio.gather(*checks))

    async def _ask(self, name: Checked, target: Target, seconds: float) -> Check:
        began = self.clock.monotonic()
        error, advice = await self._problem(name, target, seconds)
        return Check(
            name=name,
            healthy=error is None,
            latency_ms=round((self.clock.monotonic() - began) * 1000, 1),
            error=error,
            advice=advice,
        )

    async def _problem(
        self, name: Checked, target: Target, seconds: float
    ) -> tuple[str | None, str | None]:
        """What is wrong and what to do about it; None if it is ready."""
        try:
            client = self.outbound.client(target)
            answer = await fetch(
                client, "GET", _READY[name], limit_bytes=_LIMIT, deadline_seconds=seconds
            )
        except Fault as fault:
            return f"{_SPOKEN[name]}: {fault.message}"[:_LONGEST], fault.advice
        if answer.status == 200:
            return None, None
        return f"{_SPOKEN[name]} answered {answer.status}", _advice(answer.status)


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
