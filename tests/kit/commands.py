"""The commands of one area on a real bus, with a handler that does what a test wants."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from contracts.clusters import RegisterCluster
from contracts.outcomes import Outcome
from services.clusters import domain
from services.runtime import outcomes
from services.runtime.bus import Ack, Bus
from services.runtime.command_worker import CommandWorker, RightsOf, nobody
from services.runtime.log import EventLog
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, with_workers

SUBJECT = "cmd.gateway.clusters.register_cluster"
BODY = builders.register().model_dump_json(exclude_unset=True).encode()
PURGE = "$JS.API.STREAM.PURGE.EVT"

Act = Callable[[RegisterCluster, Store], Awaitable[Accepted]]


async def register(command: RegisterCluster, at: Store) -> Accepted:
    """What a real handler does: load, decide, append."""
    event = builders.registered(id=at.mint(), name=command.name)

    async def attempt() -> Accepted:
        loaded = await at.load(event.key, domain.evolve)
        return await at.append([event], {event.key: loaded.head})

    return await at.settle(attempt)


@dataclass
class Handler:
    """Counts its calls, then does what the test wants: register by default."""

    before: Callable[[Store], Awaitable[None]] | None = None
    act: Act = register
    calls: list[Store] = field(default_factory=list[Store])

    async def __call__(self, command: RegisterCluster, at: Store) -> Accepted:
        self.calls.append(at)
        if self.before is not None:
            await self.before(at)
        return await self.act(command, at)


@dataclass
class Area:
    """The commands of one area on a bus."""

    bus: Bus
    log: EventLog
    settings: Settings
    rights_of: RightsOf = nobody

    def worker(self, handler: Act, **limits: float) -> CommandWorker:
        service = Service("clusters")

        @service.handles(RegisterCluster)
        async def handle(command: RegisterCluster, at: Store) -> Accepted:
            """Do what the test wants."""
            return await handler(command, at)

        settings = with_workers(self.settings, **limits)
        shared = (self.bus, self.log, settings, UNTRACED)
        return CommandWorker("clusters", service.commands, *shared, rights_of=self.rights_of)

    async def send(
        self,
        command_id: UUID,
        *,
        subject: str = SUBJECT,
        body: bytes = BODY,
        actor: str = "ada",
        **more: str,
    ) -> Ack:
        """Store a command as any client would."""
        own = {"Nats-Msg-Id": str(command_id), "ce-actor": actor} | more
        return await self.bus.publish(subject, body, own)

    async def outcome(self, command_id: UUID, *, within: float = 10.0) -> Outcome:
        """The outcome, once there is one."""
        found = await eventually(lambda: outcomes.find(self.bus, command_id), within=within)
        assert found is not None
        return found.outcome

    async def queued(self) -> int:
        """Commands that are not off the queue."""
        return (await self.bus.api("STREAM.INFO.CMD"))["state"]["messages"]

    async def left(self, count: int) -> None:
        """Wait until this many commands are in the queue: the server takes them off by and by."""

        async def there() -> bool:
            return await self.queued() == count

        await eventually(there)

    async def done(self) -> None:
        """Wait until the queue is empty."""
        await self.left(0)
