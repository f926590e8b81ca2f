"""Keeps credentials from ending: new tokens before the old ones end, or a warning seven days ahead.

A token of a service account is followed by one from TokenRequest where the account may ask for it;
one of an OpenID provider by its next grant. One worker at a time looks after a cluster, as each due
message has one holder, and a lease keeps those away who give or destroy credentials meanwhile.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from contracts.clusters import (
    Cluster,
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    Credentials,
    CredentialsEvent,
    Renewal,
)
from contracts.refusals import Code, Refused
from services.clusters import credentials, oidc, status
from services.clusters.credentials import Read
from services.clusters.handlers.known import Known, alone, known, standing
from services.clusters.handlers.service import service
from services.clusters.handlers.timetable import RENEW, renewal_schedule
from services.clusters.kube_api import ApiFailure, KubeApi, Right
from services.clusters.oidc import OidcClient, OidcFailure
from services.clusters.token_claims import claims, service_account
from services.runtime import schedules
from services.runtime.log import Conflict
from services.runtime.service import Due
from services.runtime.store import Store
from services.runtime.vault.logins import FIRST_GRANT, KUBERNETES, RENEWAL, Login, target

_AT_ONCE = 16
_SECONDS = 15.0
_AGAIN = timedelta(hours=1)
_SOON = timedelta(minutes=1)
_WANTED_LIFE = 30 * 86_400
"""Seconds asked for in a TokenRequest; API servers may give less."""


async def kept(found: Known, store: Store) -> Read | None:
    """A cluster's credentials as they are kept, None if it has none."""
    told = found.credentials
    if told is None:
        return None
    wallet = await store.outside.wallet(service.name)
    logins = await wallet.open(found.cluster.id)
    client = await wallet.vault.open(found.cluster.id, RENEWAL, who=service.name)
    return Read(told.auth_type, logins, credentials.read_oidc(client) if client else None)


class _FirstGrant(msgspec.Struct, frozen=True):
    """What a command has got from a provider that takes each refresh token only once."""

    command_id: UUID
    client: OidcClient
    token: str | None
    expires_at: datetime | None

    def __repr__(self) -> str:
        return "_FirstGrant(...)"


async def with_first_token(cluster_id: UUID, read: Read, store: Store) -> Read:
    """The same with a token of its OpenID provider, if one is needed; Refused if it gives none.

    Where that has used the refresh token up, what came for it waits in the vault: a command that
    is cut off and comes again has nothing else to go on with.
    """
    login = read.logins.kubernetes
    if read.oidc is None or login is None or login.token is not None:
        return read
    vault = await store.outside.vault()
    held = await vault.open(cluster_id, FIRST_GRANT, who=service.name)
    before = msgspec.json.decode(held, type=_FirstGrant) if held else None
    if before is not None and before.command_id == store.context.command_id:
        found = replace(read, oidc=before.client)
        return credentials.with_token(found, before.token or "", before.expires_at)
    new = await _first_grant(read, store)
    got = new.logins.kubernetes
    if got is not None and new.oidc is not None and new.oidc != read.oidc:
        kept_back = _FirstGrant(store.context.command_id, new.oidc, got.token, got.expires_at)
        await vault.keep(cluster_id, FIRST_GRANT, msgspec.json.encode(kept_back))
    return new


async def _first_grant(read: Read, store: Store) -> Read:
    try:
        return await _granted(read, store)
    except OidcFailure as failure:
        code = Code.CREDENTIALS_INVALID if failure.refused else Code.UPSTREAM_FAILED
        text = f"{failure.message}; {failure.advice}"
        raise Refused(code, text) from None


async def way_of(cluster: Cluster, read: Read, store: Store) -> Renewal:
    """How these credentials are followed by others when they end."""
    login = read.logins.kubernetes
    if read.oidc is not None:
        return Renewal.AUTOMATIC
    ends = any(each.expires_at is not None for each in read.logins.each.values())
    if not ends:
        return Renewal.NOT_NEEDED
    if login is None or any(
        each.expires_at is not None and not credentials.shares_token(login, each)
        for each in read.logins.backends.values()
    ):
        return Renewal.BY_HAND
    return Renewal.AUTOMATIC if await _may_renew(cluster, login, store) else Renewal.BY_HAND


async def arrange(
    cluster: Cluster, read: Read, told: Credentials, store: Store, *, warned: bool = False
) -> None:
    """See to credentials in time: renew them, or warn before they end, unless that is done."""
    at = _due_at(read, told, store.at, warned=warned)
    if at is None:
        await schedules.cancel(store.log.bus, RENEW, str(cluster.id))
    else:
        await schedules.put(store.log.bus, renewal_schedule(cluster, at))


def _due_at(read: Read, told: Credentials, now: datetime, *, warned: bool) -> datetime | None:
    login, moments = read.logins.kubernetes, list[datetime | None]()
    if told.renewal is Renewal.AUTOMATIC and login is not None:
        moments.append(credentials.renewed_at(now, login))
    if told.expires_at is not None and not warned and _by_hand(read, told):
        moments.append(max(credentials.warned_at(told.expires_at), now + timedelta(seconds=1)))
    return min((moment for moment in moments if moment is not None), default=None)


def _by_hand(read: Read, told: Credentials) -> bool:
    """True if what `Credentials.expires_at` is about is not renewed by the platform."""
    return told.renewal is not Renewal.AUTOMATIC or read.oidc is not None


@service.when_due(RENEW, places=_AT_ONCE)
async def renew(due: Due, store: Store) -> None:
    """Get new credentials before the old ones end, or say that somebody must give some."""
    async with alone(UUID(due.id), store):
        await _renew(UUID(due.id), store)


async def _renew(cluster_id: UUID, store: Store) -> None:
    found = await known(cluster_id, store)
    read = None if found is None else await kept(found, store)
    if found is None or read is None or found.credentials is None:
        return
    if found.credentials.renewal is not Renewal.AUTOMATIC:
        await _warn_in_time(found, read, store)
        return
    try:
        await (_renew_grant(found, read, store) if read.oidc else _renew_token(found, read, store))
    except (ApiFailure, OidcFailure, Refused) as failure:
        login = read.logins.kubernetes
        ends = login and login.expires_at
        if ends is None or store.at >= credentials.warned_at(ends):
            text = f"{failure.message}; {_advice(failure)}"
            await _warn(found, ends, text[:500], store)
        again = store.at + _pause(failure, ends, store.at)
        await schedules.put(store.log.bus, renewal_schedule(found.cluster, again))


def _pause(failure: Exception, ends: datetime | None, now: datetime) -> timedelta:
    """Until the next try: there shall be some before the end, and few where they are in vain."""
    if isinstance(failure, OidcFailure) and failure.refused:
        return _AGAIN
    left = timedelta() if ends is None else ends - now
    return min(max(left / 4, _SOON), _AGAIN)


async def _warn_in_time(found: Known, read: Read, store: Store) -> bool:
    """Warn of what nobody renews, if it ends soon; else see to it that this is asked again."""
    told = found.credentials
    if told is None or told.expires_at is None:
        return False
    if store.at < credentials.warned_at(told.expires_at):
        await arrange(found.cluster, read, told, store)
        return False
    await _warn(found, told.expires_at, "the platform cannot get new ones by itself", store)
    return True


async def _renew_grant(found: Known, read: Read, store: Store) -> None:
    """The next token of the OpenID provider: no event, as nothing changes that people can see."""
    new = await _granted(read, store)
    vault = await store.outside.vault()
    for name in (RENEWAL, KUBERNETES):
        # What brings the next token first: its predecessor may be worthless already.
        await vault.keep(found.cluster.id, name, credentials.materials(new)[name])
    told = found.credentials
    if told is None:
        return
    warned = await _warn_in_time(found, new, store)
    if not warned and _warned(found):
        event = ClusterCredentialsUpdated(cluster_id=found.cluster.id, credentials=told)
        await _append(found, event, store)
    await arrange(found.cluster, new, told, store, warned=warned)


async def _renew_token(found: Known, read: Read, store: Store) -> None:
    cluster, login, told = found.cluster, read.logins.kubernetes, found.credentials
    account = login and _account(login)
    if login is None or account is None or told is None:
        return
    token = await _api(cluster, login, store).new_token(*account, _WANTED_LIFE)
    new = credentials.with_token(read, token.token, token.expires_at)
    if new.logins.kubernetes is not None:
        await _api(cluster, new.logins.kubernetes, store).ready()
    await (await store.outside.vault()).replace(cluster.id, credentials.materials(new))
    changed = credentials.described(
        new, told, told.validation, at=store.at, renewal=Renewal.AUTOMATIC
    ).model_copy(update={"validated_at": told.validated_at})
    event = ClusterCredentialsUpdated(cluster_id=cluster.id, credentials=changed)
    if await _append(found, event, store):
        await arrange(cluster, new, changed, store)


async def _append(found: Known, event: CredentialsEvent, store: Store) -> bool:
    """False if something else has become of the credentials meanwhile."""
    try:
        await store.append([event], {event.key: standing(found.secrets)})
    except Conflict:
        return False
    return True


async def _granted(read: Read, store: Store) -> Read:
    assert read.oidc is not None  # noqa: S101 - asked for by callers
    grant = await oidc.grant(store.outside.outbound, read.oidc, store.at, _SECONDS)
    new = credentials.with_token(read, grant.token, grant.expires_at)
    return replace(new, oidc=replace(read.oidc, refresh_token=grant.refresh_token))


async def _may_renew(cluster: Cluster, login: Login, store: Store) -> bool:
    account = _account(login)
    if account is None or login.certificate is not None:
        return False
    right = Right("create", "serviceaccounts", subresource="token", namespace=account[0])
    try:
        return not await _api(cluster, login, store).missing([right])
    except ApiFailure:
        return False


def _account(login: Login) -> tuple[str, str] | None:
    told = claims(login.token) if login.token else None
    return service_account(told.subject) if told else None


def _api(cluster: Cluster, login: Login, store: Store) -> KubeApi:
    _, seconds = status.interval_and_timeout(cluster.cluster_type)
    aim = target(login, cluster.api_server_url, seconds)
    return KubeApi(store.outside.outbound.client(aim), seconds)


def _advice(failure: ApiFailure | OidcFailure | Refused) -> str:
    return "give new credentials" if isinstance(failure, Refused) else failure.advice


def _warned(found: Known) -> bool:
    return found.secrets is not None and isinstance(found.secrets.event, ClusterCredentialsExpiring)


async def _warn(found: Known, ends: datetime | None, reason: str, store: Store) -> None:
    """Say once that credentials end; the same credentials are not warned of again."""
    told = found.credentials
    if told is None or _warned(found):
        return
    event = ClusterCredentialsExpiring(
        cluster_id=found.cluster.id,
        credentials=told,
        expires_at=ends or store.at,
        reason=reason,
    )
    await _append(found, event, store)
