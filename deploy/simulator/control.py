"""The door for whoever directs the simulation: faults and incidents; from this machine only."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated

import msgspec

from deploy.simulator.application import Simulated
from deploy.simulator.cluster import Part
from deploy.simulator.exchange import Answer, Request, json_answer
from deploy.simulator.faults import Fault
from deploy.simulator.incidents import Incident, progress

_LONGEST = 86_400.0


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of which cluster shall misbehave, and how; ``none`` heals it."""

    cluster: str
    fault: Fault
    part: Part = Part.API


class IncidentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall go wrong in which cluster, and for how many seconds; 0 ends it."""

    cluster: str
    incident: Incident
    seconds: Annotated[float, msgspec.Meta(ge=0, le=_LONGEST)] = 0.0


_FAULTS, _INCIDENTS = "/_control/faults", "/_control/incidents"
_ORDERS: Mapping[str, type[FaultOrder | IncidentOrder]] = {
    _FAULTS: FaultOrder,
    _INCIDENTS: IncidentOrder,
}


class Control:
    """Answers below ``/_control``."""

    def __init__(self, clusters: Mapping[str, Simulated]) -> None:
        self._clusters = clusters

    def answer(self, request: Request, address: str) -> Answer:
        """``POST`` to ``…/faults`` or ``…/incidents`` sets one, ``GET`` shows all that are set."""
        if not ipaddress.ip_address(address).is_loopback:
            return json_answer({"error": "only from this machine"}, 403)
        if request.path not in _ORDERS:
            return json_answer({"error": "no such thing"}, 404)
        if request.method == "POST":
            return self._ordered(request, _ORDERS[request.path])
        if request.method != "GET":
            return json_answer({"error": "GET or POST"}, 405)
        return self._shown(request)

    def _shown(self, request: Request) -> Answer:
        if request.path == _FAULTS:
            return json_answer(self._faults())
        return json_answer(self._incidents(request.now.timestamp()))

    def _ordered(self, request: Request, kind: type[FaultOrder | IncidentOrder]) -> Answer:
        try:
            order = msgspec.json.decode(request.body, type=kind)
        except msgspec.DecodeError as wrong:
            return json_answer({"error": str(wrong)}, 422)
        simulated = self._clusters.get(order.cluster)
        if simulated is None:
            return json_answer({"error": f"no cluster {order.cluster}"}, 404)
        if isinstance(order, IncidentOrder):
            now = request.now.timestamp()
            simulated.cluster.stage.order(order.incident, now, order.seconds)
        else:
            simulated.faults.set(order.part, order.fault)
        return self._shown(request)

    def _faults(self) -> dict[str, dict[Part, Fault]]:
        found = {name: each.faults.current() for name, each in self._clusters.items()}
        return {name: faults for name, faults in found.items() if faults}

    def _incidents(self, now: float) -> dict[str, dict[Incident, float]]:
        """What is under way, and how much of it is over."""
        clusters = {name: each.cluster for name, each in self._clusters.items()}
        found = {
            name: {
                each: over
                for each in Incident
                if (over := progress(cluster, each, now)) is not None
            }
            for name, cluster in clusters.items()
        }
        return {name: incidents for name, incidents in found.items() if incidents}
