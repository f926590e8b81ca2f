"""The way to a cluster's API server: its address by the log, the login by the vault.

For services that ask API servers for themselves. A login goes to the place that it was given for
and to no other; one for elsewhere counts as none.
"""

from uuid import UUID

import httpx

from contracts.clusters import (
    Cluster,
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    ClusterRegistered,
    ClusterUpdated,
    cluster_credentials_key,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.vault.logins import Login, fits, target


async def client(
    log: EventLog, outside: Outside, cluster_id: UUID, who: str, *, seconds: float
) -> httpx.AsyncClient:
    """A client of a cluster's API server, with the login that the service ``who`` may use.

    ``seconds`` are those to connect and between two parts of an answer. Refused, in words, without
    such a cluster, and as `client_of` says. What was read of the log and the vault is as of now, so
    it is made anew for every use: that costs a read of two heads.
    """
    keys = cluster_key(cluster_id), cluster_credentials_key(cluster_id)
    found = await log.heads(keys)
    cluster = registered(cluster_id, found.get(keys[0]))
    return await client_of(cluster, found.get(keys[1]), outside, who, seconds=seconds)


async def client_of(
    cluster: Cluster, credentials: Recorded | None, outside: Outside, who: str, *, seconds: float
) -> httpx.AsyncClient:
    """The same, of a cluster whose last events are at hand; ``credentials`` is that about them.

    Refused without credentials for Kubernetes, and if they are for elsewhere or cannot be used.
    """
    login = await _login(cluster.id, credentials, outside, who)
    if login is None:
        text = "this cluster has no credentials for its API server; give some"
        raise Refused(Code.CREDENTIALS_NOT_FOUND, text)
    url = cluster.api_server_url
    if not fits(login, url):
        text = f"the API server has moved: its credentials were for {login.origin}; give new ones"
        raise Refused(Code.CREDENTIALS_INVALID, text)
    try:
        return outside.outbound.client(target(login, url, seconds))
    except Refused as refused:
        text = f"the API server cannot be asked: {refused.message}; mend its credentials"
        raise Refused(Code.CREDENTIALS_INVALID, text) from None


def registered(cluster_id: UUID, last: Recorded | None) -> Cluster:
    """The cluster as its last event tells it; Refused if there is none."""
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return told.cluster
        case _:
            raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")


async def _login(
    cluster_id: UUID, credentials: Recorded | None, outside: Outside, who: str
) -> Login | None:
    """At a far-edge site, where the log tells of no credentials, those that were given there."""
    fingerprint = _fingerprint(credentials) or outside.kept_here(cluster_id)
    if not fingerprint:
        return None
    wallet = await outside.wallet(who)
    return (await wallet.logins(cluster_id, fingerprint)).kubernetes


def _fingerprint(last: Recorded | None) -> str:
    match last.event if last is not None else None:
        case ClusterCredentialsUpdated() | ClusterCredentialsExpiring() as told:
            return told.credentials.fingerprint
        case _:
            return ""
