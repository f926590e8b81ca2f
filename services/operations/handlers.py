"""Dead letters are published again, or given up."""

from contracts.operations import (
    DeadLetterDropped,
    DeadLetterRetried,
    DropDeadLetter,
    RetryDeadLetter,
)
from services.runtime import dead_letters
from services.runtime.service import Service
from services.runtime.store import Accepted, Store

service = Service("operations")


@service.handles(RetryDeadLetter, one_at_a_time=lambda command: command.sequence)
async def retry(command: RetryDeadLetter, store: Store) -> Accepted:
    """Publish a dead letter again on its original subject; it is then marked as retried."""
    letter = await dead_letters.retry(store.log.bus, command.sequence)
    return await store.tell(DeadLetterRetried(sequence=letter.sequence))


@service.handles(DropDeadLetter, one_at_a_time=lambda command: command.sequence)
async def drop(command: DropDeadLetter, store: Store) -> Accepted:
    """Give a dead letter up: it is not listed any more, and its body is gone."""
    letter = await dead_letters.drop(store.log.bus, command.sequence)
    return await store.tell(DeadLetterDropped(sequence=letter.sequence))
