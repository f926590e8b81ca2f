"""Publishers from outside, as they meet the platform's part of the bus."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.outcomes import Outcome
from services.runtime import outcomes
from services.runtime.answers import Ack
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.principals import Principal, Role
from services.runtime.publishers import Publishers
from tests.kit.gateway import Json, Platform, registration
from tests.kit.runtime import eventually

REGISTER = "clusters.register_cluster"


def unreachable(**changes: Any) -> Json:
    """The body of a registration whose cluster is found to be away without asking for a name."""
    return registration(api_server_url="https://192.0.2.1:6443", **changes)


@dataclass
class Bot:
    """A publisher as it meets the platform's part of the bus."""

    platform: Platform
    name: str

    async def send(
        self, command: str, fields: Any, command_id: UUID | None = None, /, **headers: str
    ) -> tuple[UUID, Ack]:
        """Store a command; ``fields`` may be bytes that are none."""
        chosen = command_id or new_id()
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        bus = self.platform.gate.runtime.bus
        told = {"Nats-Msg-Id": str(chosen)} | headers
        return chosen, await bus.publish(f"cmd.{self.name}.{command}", body, told)

    async def give(self, command: str, fields: Any, **headers: str) -> Outcome:
        """Send a command; the outcome as it is kept."""
        command_id, _ = await self.send(command, fields, None, **headers)
        found = await eventually(lambda: outcomes.find(self.platform.gate.runtime.bus, command_id))
        assert found is not None
        return found.outcome


def publishers(platform: Platform) -> Publishers:
    return Publishers(platform.gate.database, SystemClock())


async def bot(platform: Platform, role: Role, *clusters: str) -> Bot:
    """A new publisher of a role, for these clusters or for all."""
    name = f"bot-{new_id().hex[-8:]}"
    scope = frozenset(map(UUID, clusters))
    await publishers(platform).put(Principal.of(name, role, scope))
    return Bot(platform, name)
