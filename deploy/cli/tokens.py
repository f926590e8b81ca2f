"""`aiops token` and `aiops login`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from deploy.cli.output import fail, listing, say
from deploy.cli.reach import database_of, hub
from projections.fleet import queries
from services.runtime.access import Access, Role, TokenRequest
from services.runtime.clock import SystemClock
from services.runtime.database import Database


async def create(name: str, role: Role, clusters: list[str], days: int | None) -> None:
    """Print a new token; it is not shown again."""
    async with database_of(hub()) as database:
        scope = tuple([await _cluster(database, each) for each in clusters])
        if role is Role.ADMIN and scope:
            fail("an admin token is for all clusters: leave --cluster out")
        request = TokenRequest(name, role, scope, timedelta(days=days) if days else None)
        _, secret = await Access(database, SystemClock()).mint_token(request)
    say(secret)


async def _cluster(database: Database, name: str) -> UUID:
    _, known = await queries.names(database)
    found = [cluster_id for cluster_id, called in known if name in {called, str(cluster_id)}]
    return found[0] if found else fail(f"there is no cluster named {name}: register it first")


async def show(*, as_json: bool) -> None:
    """Every token, without its secret."""
    async with database_of(hub()) as database:
        rows = await database.fetch_all(
            "select id, name, role, clusters, created_at, expires_at, revoked_at"
            " from aiops.token order by created_at"
        )
    names = ("id", "name", "role", "clusters", "created_at", "expires_at", "revoked_at")
    found: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in rows]
    listing(found, as_json=as_json, empty="there are no tokens")


async def revoke(token_id: UUID) -> None:
    """A token is worthless from now on."""
    async with database_of(hub()) as database:
        if not await Access(database, SystemClock()).revoke_by_id(token_id):
            fail(f"there is no valid token {token_id}")
    say("revoked")


async def login() -> None:
    """Print a link that logs a browser in, once."""
    found = hub()
    async with database_of(found) as database:
        code = await Access(database, SystemClock()).mint_login_code()
    say(f"{found.gateway}/login#code={code}")
