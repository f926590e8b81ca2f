"""What may be asked of chats: each user of their own."""

from uuid import UUID

from projections.conversations.view import KnownSession
from services.runtime.database import Database
from services.runtime.queries import Page

_SELECT = (
    "select s.id, s.user_id, coalesce(a.title, s.title), s.persona_id, s.cluster_ids, s.provider,"
    " s.rerun_session, s.rerun_message, s.created_at, coalesce(a.expires_at, s.expires_at),"
    " coalesce(l.message_count, 0), coalesce(l.is_answering, false),"
    " coalesce(l.updated_at, s.created_at)"
    " from conversations.session s"
    " left join conversations.asked a on a.id = s.id"
    " left join conversations.stand l on l.id = s.id"
)


async def listing(database: Database, user: str, page: Page) -> tuple[list[KnownSession], int]:
    """A page of a user's sessions, the last used first, and how many there are."""
    count = await database.fetch_one(
        "select count(*) from conversations.session where user_id = %s", (user,)
    )
    rows = await database.fetch_all(
        f"{_SELECT} where s.user_id = %s order by coalesce(l.updated_at, s.created_at) desc, s.id"
        " limit %s offset %s",
        (user, page.size, page.offset),
    )
    return [_known(row) for row in rows], 0 if count is None else count[0]


async def by_id(database: Database, session_id: UUID, user: str) -> KnownSession | None:
    """A session, if it is this user's."""
    row = await database.fetch_one(
        f"{_SELECT} where s.id = %s and s.user_id = %s", (session_id, user)
    )
    return None if row is None else _known(row)


def _known(row: tuple[object, ...]) -> KnownSession:
    found = KnownSession(*row)  # pyright: ignore[reportArgumentType] - as the columns are
    clusters = tuple(UUID(str(each)) for each in found.cluster_ids)
    return found._replace(cluster_ids=clusters)
