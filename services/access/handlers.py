"""Tokens are made and revoked; what happens at the doors is kept."""

from contracts.access import (
    CreateToken,
    NoteAccess,
    RevokeToken,
    TokenCreated,
    TokenEvent,
    TokenRevoked,
    token_key,
)
from contracts.refusals import Code, Refused
from services.runtime.log import NOTHING
from services.runtime.service import Service
from services.runtime.store import Accepted, Store

service = Service("access")


@service.handles(CreateToken)
async def create_token(command: CreateToken, store: Store) -> Accepted:
    """Tell of a new token. Its secret is kept by whoever has asked, as a hash."""
    if command.expires_at is not None and command.expires_at <= store.at:
        raise Refused(Code.VALIDATION_FAILED, "expires_at must be in the future")
    event = TokenCreated(token_id=store.mint(), **command.model_dump())

    async def attempt() -> Accepted:
        await store.load(event.key, _newest)
        return await store.append([event], {event.key: NOTHING})

    return await store.settle(attempt)


@service.handles(RevokeToken)
async def revoke_token(command: RevokeToken, store: Store) -> Accepted:
    """Tell that a token is good for nothing any more; TOKEN_NOT_FOUND if it is not known."""
    key = token_key(command.token_id)

    async def attempt() -> Accepted:
        known = await store.load(key, _newest)
        if known.state is None:
            raise Refused(Code.TOKEN_NOT_FOUND, f"there is no token {command.token_id}")
        if isinstance(known.state, TokenRevoked):
            return Accepted(id=key.id)
        return await store.append([TokenRevoked(**known.state.model_dump())], {key: known.head})

    return await store.settle(attempt)


@service.handles(NoteAccess)
async def note_access(command: NoteAccess, store: Store) -> Accepted:
    """Keep what has happened at a door."""
    return await store.tell(command.noted)


def _newest(_: TokenEvent | None, event: TokenEvent) -> TokenEvent:
    return event
