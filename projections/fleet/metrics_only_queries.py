"""Which clusters are metrics-only: they have no logs and no traces, whatever is registered."""

from collections.abc import Sequence
from uuid import UUID

from projections.fleet.sources import sources
from services.runtime.database import Database
from services.runtime.principals import EVERYWHERE


async def metrics_only(database: Database, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these clusters that stand at the far edge."""
    if not ids:
        return frozenset()
    rows = await database.fetch_all(
        f"select c.id from {sources(EVERYWHERE).clusters}"  # noqa: S608
        " where c.cluster_type = 'FAR_EDGE' and c.id = any(%s)",
        (list(ids),),
    )
    return frozenset(row[0] for row in rows)
