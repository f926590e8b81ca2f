"""Whether events have told anything new of GPUs since somebody last looked."""

from projections.gpu.view import CLUSTER, CROSSING, STANDING, XID
from services.runtime.database import Database

_SCHEMA = "gpu"
_STAMPS = ", ".join(
    f"(select (coalesce(max(seq), 0), count(*))::text from {table.source(_SCHEMA)})"  # noqa: S608 - our own names
    for table in (CLUSTER, CROSSING, STANDING, XID)
)


async def stamp(database: Database) -> tuple[str, ...]:
    """Another one as soon as an event that is about GPUs or their clusters has been folded.

    Samples are no events and change nothing.
    """
    row = await database.fetch_one(f"select {_STAMPS}")
    return () if row is None else tuple(row)
