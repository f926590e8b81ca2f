"""Where a cluster's backend is and how to log in to it, as the log and the vault know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from contracts.clusters import (
    Checked,
    Cluster,
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    ClusterRegistered,
    ClusterType,
    ClusterUpdated,
    cluster_credentials_key,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from contracts.telemetry import circuit_key
from services.runtime.backends.faults import SPOKEN
from services.runtime.outbound.clients import Outbound
from services.runtime.replies import Asked
from services.runtime.vault.logins import COLLECTOR, Login, fits, target

_NARROW = frozenset({ClusterType.EDGE, ClusterType.FAR_EDGE})
_PATIENCE = 120.0
"""Seconds between two parts of an answer; all deadlines are shorter."""
_NOT_AT_THE_FAR_EDGE = frozenset({Checked.LOKI, Checked.TEMPO, Checked.KORREL8R})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A backend of a registered cluster."""

    cluster_id: UUID
    which: Checked
    url: str
    fingerprint: str
    """Of the cluster's credentials; empty if it has none."""
    login: Login | None = field(repr=False)
    told: Recorded | None = field(repr=False)
    """The last event of its circuit."""
    narrow: bool = False
    """The way to it is narrow, so that packing answers is worth its while."""
    _made: list[httpx.AsyncClient] = field(
        default_factory=list[httpx.AsyncClient], repr=False, compare=False
    )

    @property
    def headers(self) -> Mapping[str, str]:
        """Whose data is meant, where many share the backend; and whether to pack the answer.

        Packing 10,000 samples costs a Prometheus 10 ms of CPU, five times the answer itself.
        """
        found = {} if self.narrow else {"Accept-Encoding": "identity"}
        at_home = self.login is not None and fits(self.login, self.url)
        tenant = self.login.tenant if self.login is not None and at_home else None
        return found if tenant is None else found | {"X-Scope-OrgID": tenant}

    @property
    def moved(self) -> str:
        """What to say of a login that is not shown to it, as it was for elsewhere."""
        if self.login is None or not self.login.secret or fits(self.login, self.url):
            return ""
        return f"; it has moved: its credentials were for {self.login.origin}"

    def client(self, outbound: Outbound) -> httpx.AsyncClient:
        """Asks it, made once: whoever asks has a deadline. Refused if its login cannot be used."""
        if not self._made:
            try:
                made = outbound.client(target(self.login, self.url, _PATIENCE))
            except Refused as refused:
                raise unusable(self.which, refused) from None
            self._made.append(made)
        return self._made[0]


def unusable(which: Checked, refused: Refused) -> Refused:
    """What is said of an address or login with which nothing can be asked at all."""
    text = f"{SPOKEN[which]} cannot be asked: {refused.message}; mend this part of its credentials"
    return Refused(Code.CREDENTIALS_INVALID, text)


async def endpoint(asked: Asked, which: Checked) -> Endpoint:
    """A backend of the cluster that is asked about; Refused if there is none."""
    cluster_id = _id(asked.cluster)
    keys = (
        cluster_key(cluster_id),
        cluster_credentials_key(cluster_id),
        circuit_key(cluster_id, which),
    )
    found = await asked.log.heads(keys)
    cluster = _cluster(asked.cluster, found.get(keys[0]))
    url = _url(cluster, which)
    fingerprint = _fingerprint(found.get(keys[1])) or asked.outside.kept_here(cluster_id)
    login = await _login(asked, cluster_id, which, fingerprint) if fingerprint else None
    narrow = cluster.cluster_type in _NARROW
    return Endpoint(cluster_id, which, url, fingerprint, login, found.get(keys[2]), narrow)


async def backends_of(asked: Asked) -> tuple[Checked, ...]:
    """The backends that the cluster has; Refused if there is no such cluster."""
    key = cluster_key(_id(asked.cluster))
    cluster = _cluster(key.id, await asked.log.head(key))
    return tuple(which for which in SPOKEN if _has(cluster, which))


def _has(cluster: Cluster, which: Checked) -> bool:
    try:
        return bool(_url(cluster, which))
    except Refused:
        return False


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(Code.CLUSTER_NOT_FOUND, "the question names no cluster") from None


def _cluster(cluster_id: str, last: Recorded | None) -> Cluster:
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return told.cluster
        case _:
            raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")


def _url(cluster: Cluster, which: Checked) -> str:
    if cluster.cluster_type is ClusterType.FAR_EDGE and which in _NOT_AT_THE_FAR_EDGE:
        text = f"a FAR_EDGE cluster has metrics only: its {SPOKEN[which]} is not asked"
        raise Refused(Code.CLUSTER_UNREACHABLE, text)
    url = getattr(cluster.endpoints, f"{which.value.lower()}_url", None)
    if not url:
        text = f"this cluster has no {SPOKEN[which]}; register its URL"
        raise Refused(Code.CLUSTER_UNREACHABLE, text)
    return url


def _fingerprint(last: Recorded | None) -> str:
    match last.event if last is not None else None:
        case ClusterCredentialsUpdated() | ClusterCredentialsExpiring() as told:
            return told.credentials.fingerprint
        case _:
            return ""


async def _login(asked: Asked, cluster_id: UUID, which: Checked, fingerprint: str) -> Login | None:
    wallet = await asked.outside.wallet(COLLECTOR)
    return (await wallet.logins(cluster_id, fingerprint)).of(which)
