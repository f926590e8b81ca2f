"""Which clusters a question is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.refusals import Code, Refused
from gateway.gate import Gate
from projections.fleet import queries
from services.runtime.principals import Scope


@dataclass(frozen=True, slots=True)
class ClusterRef:
    """A cluster that is asked."""

    id: UUID
    name: str
    site: str
    state: str
    """Of its registration and credentials: what was cached of another one counts no more."""


async def chosen(
    gate: Gate, ids: Sequence[UUID], backend: str, mine: Scope
) -> tuple[ClusterRef, ...]:
    """The clusters with these ids; without any, every one that has the backend and is not OFFLINE.

    ``backend`` as in the endpoints' names: ``prometheus``, ``tempo``, ``loki``. In the order of
    their names. CLUSTER_NOT_FOUND for an id that is none of a live cluster in the scope ``mine``.
    """
    rows = await queries.askable(gate.database, list(ids), backend)
    found = tuple(ClusterRef(*row) for row in rows if mine.has(row[0]))
    missing = set(ids) - {each.id for each in found}
    if missing:
        text = f"there is no cluster {min(map(str, missing))}"
        raise Refused(Code.CLUSTER_NOT_FOUND, text, {"missing": sorted(map(str, missing))})
    return found
