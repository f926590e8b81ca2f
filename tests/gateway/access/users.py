"""Users who have logged in by an identity provider, in their browsers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from contracts.access import LoginMethod
from gateway.auth.credentials import SESSION_COOKIE
from services.runtime.access import Session
from tests.kit.gateway import ORIGIN, Platform


async def logged_in(
    platform: Platform, user: str, *groups: str, method: LoginMethod = LoginMethod.OIDC
) -> Session:
    """A new session of a user whom the provider has named these groups of."""
    access = platform.gate.access
    return await access.begin_session(user, method, frozenset(groups), "192.0.2.7")


@asynccontextmanager
async def browser(platform: Platform, session: Session) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that shows a session from a page of ours."""
    cookies = {SESSION_COOKIE: session.secret}
    async with platform.client(headers={"origin": ORIGIN}, cookies=cookies) as client:
        yield client
