"""`aiops token` and `aiops login`."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from contracts.access import Role
from contracts.envelope import rfc3339
from deploy.cli.clusters import table
from deploy.cli.clusters_api import ClusterApi, Declined, Json, Unanswered, client_of, read_object
from deploy.cli.output import fail, say
from deploy.cli.reach import database_of, gateway_of, hub
from services.runtime.access import Access
from services.runtime.clock import SystemClock

_TOKENS = "/api/v1/tokens"
_PAGE = 100


class TokenApi(ClusterApi):
    """These routes beside those for clusters; each raises Declined or Unanswered."""

    async def create(self, wanted: Json) -> Json:
        """Make a token."""
        return read_object(await self._send("POST", _TOKENS, wanted))

    async def all(self) -> list[Json]:
        """Every token, the newest first."""
        found: list[Json] = []
        while True:
            page = len(found) // _PAGE + 1
            told = await self._get(_TOKENS, {"page": page, "page_size": _PAGE})
            found += told["items"]
            if page >= told["total_pages"]:
                return found

    async def revoke(self, token_id: UUID) -> None:
        """Make a token worthless."""
        await self._send("DELETE", f"{_TOKENS}/{token_id}")


async def create(name: str, role: Role, clusters: Sequence[str], days: int | None) -> None:
    """Print a new token; it is not shown again."""
    wanted: Json = {"name": name, "role": role.value}
    if days is not None:
        wanted["expires_at"] = rfc3339(SystemClock().now() + timedelta(days=days))
    async with _asking() as api:
        wanted["clusters"] = [(await api.find(each))["id"] for each in clusters]
        made = await api.create(wanted)
    say(made["token"])


async def show(*, as_json: bool) -> None:
    """Every token, without its secret."""
    async with _asking() as api:
        found = await api.all()
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        table([_row(each) for each in found], empty="there are no tokens")


def _row(token: Json) -> Json:
    """What fits into a line; JSON has the rest."""
    ends = token["revoked_at"] and "revoked"
    return {
        "id": token["id"],
        "name": token["name"],
        "role": token["role"],
        "clusters": len(token["clusters"]) or "all",
        "used": _day(token["last_used_at"]),
        "ends": ends or _day(token["expires_at"]),
    }


def _day(moment: str | None) -> str | None:
    return moment and moment[:10]


async def revoke(token_id: UUID) -> None:
    """A token is worthless from now on."""
    async with _asking() as api:
        await api.revoke(token_id)
    say("revoked")


async def login() -> None:
    """Print a link that logs a browser in, once."""
    found = hub()
    async with database_of(found) as database:
        code = await Access(database, SystemClock()).mint_login_code()
    # Of what listens on every address, only its name is of use to a browser.
    door = found.settings.gateway.public_url or found.gateway
    say(f"{door}/login#code={code}")


@asynccontextmanager
async def _asking() -> AsyncGenerator[TokenApi]:
    """The gateway's routes for the time of a block, which a refusal ends with one line."""
    try:
        async with client_of(gateway_of()) as client:
            yield TokenApi(client)
    except (Declined, Unanswered) as error:
        fail(str(error))
