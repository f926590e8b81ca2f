"""Dead letters are published again."""

from contracts.operations import RetryDeadLetter
from services.runtime import dead_letters
from services.runtime.service import Service
from services.runtime.store import Accepted, Store

service = Service("operations")


@service.handles(RetryDeadLetter, one_at_a_time=lambda command: command.sequence)
async def retry(command: RetryDeadLetter, store: Store) -> Accepted:
    """Publish a dead letter again on its original subject; it is then marked as retried."""
    letter = await dead_letters.retry(store.log.bus, command.sequence)
    return Accepted(id=str(letter.sequence))
