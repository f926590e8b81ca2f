"""The door for whoever directs the simulation: sets and shows faults; from this machine only."""

import ipaddress
from collections.abc import Mapping

import msgspec

from deploy.simulator.application import Simulated
from deploy.simulator.cluster import Part
from deploy.simulator.exchange import Answer, Request, json_answer
from deploy.simulator.faults import Fault


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of which cluster shall misbehave, and how; ``none`` heals it."""

    cluster: str
    fault: Fault
    part: Part = Part.API


class Control:
    """Answers below ``/_control``."""

    def __init__(self, clusters: Mapping[str, Simulated]) -> None:
        self._clusters = clusters

    def answer(self, request: Request, address: str) -> Answer:
        """``POST /_control/faults`` sets one, ``GET`` shows all that are set."""
        if not ipaddress.ip_address(address).is_loopback:
            return json_answer({"error": "only from this machine"}, 403)
        if request.path != "/_control/faults":
            return json_answer({"error": "no such thing"}, 404)
        if request.method == "GET":
            return json_answer(self._current())
        if request.method != "POST":
            return json_answer({"error": "GET or POST"}, 405)
        return self._set(request.body)

    def _current(self) -> dict[str, dict[Part, Fault]]:
        found = {name: each.faults.current() for name, each in self._clusters.items()}
        return {name: faults for name, faults in found.items() if faults}

    def _set(self, body: bytes) -> Answer:
        try:
            order = msgspec.json.decode(body, type=FaultOrder)
        except msgspec.DecodeError as wrong:
            return json_answer({"error": str(wrong)}, 422)
        simulated = self._clusters.get(order.cluster)
        if simulated is None:
            return json_answer({"error": f"no cluster {order.cluster}"}, 404)
        simulated.faults.set(order.part, order.fault)
        return json_answer(self._current())
