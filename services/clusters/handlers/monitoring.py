"""Watches clusters: schedules their checks, checks what is due, and says what has changed."""

from uuid import UUID

from contracts.clusters import (
    HUB,
    Check,
    Checked,
    ClusterCredentialsDeleted,
    ClusterDeleted,
    ClusterHealthChecked,
    ClusterRegistered,
    RefreshCluster,
    cluster_credentials_key,
    cluster_health_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.clusters import credentials, status
from services.clusters.handlers.discovering import discover_now
from services.clusters.handlers.elsewhere import checked_at_its_site
from services.clusters.handlers.known import (
    Known,
    alone,
    known,
    logins_of,
    probes,
    required,
    standing,
)
from services.clusters.handlers.service import service
from services.clusters.handlers.timetable import CHECK, check_schedule, unschedule
from services.clusters.kube_api import ApiFailure, ApiFailureKind
from services.clusters.probes import check_of, unusable
from services.runtime import schedules
from services.runtime.log import Conflict
from services.runtime.outbound.targets import Target
from services.runtime.service import Due
from services.runtime.store import Accepted, Store
from services.runtime.vault.logins import Logins, fits, target

_SEEN_BY_CHECKS = frozenset(
    {
        ApiFailureKind.UNREACHABLE,
        ApiFailureKind.UNTRUSTED,
        ApiFailureKind.REFUSED_ADDRESS,
        ApiFailureKind.UNAUTHORIZED,
    }
)
_AT_ONCE = 256
"""Checks in work in one process: so many clusters may hang without delaying another."""


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def watch(event: Recorded, store: Store) -> None:
    """Schedule what is done about a new cluster; end it, and its credentials, with the cluster."""
    match event.event:
        case ClusterDeleted() as gone:
            await unschedule(store.log.bus, str(gone.cluster_id))
            await _forget(gone.cluster_id, store)
        case ClusterRegistered() as told:
            await schedules.put(store.log.bus, check_schedule(told.cluster), first=True)
        case _:
            return


async def _forget(cluster_id: UUID, store: Store) -> None:
    """Destroy the credentials of a cluster that has left the fleet.

    Also those of which there is no event: whoever brought them may have been cut off before it.
    """
    key = cluster_credentials_key(cluster_id)
    async with alone(cluster_id, store):
        await (await store.outside.vault()).destroy(cluster_id)
        last = await store.log.head(key)
        if last is not None and not isinstance(last.event, ClusterCredentialsDeleted):
            gone = ClusterCredentialsDeleted(cluster_id=cluster_id)
            await store.append([gone], {key: standing(last)})


@service.when_due(CHECK, places=_AT_ONCE)
async def check(due: Due, store: Store) -> None:
    """Check a cluster's health, and say so if it is not as before."""
    found = await known(UUID(due.id), store)
    if found is None:
        await unschedule(store.log.bus, due.id)
        # They may have come when its end was already told: nothing else would see to them.
        await _forget(UUID(due.id), store)
        return
    if due.body != check_schedule(found.cluster).body:
        # The cluster is of another type now. Seen here and not in its update, which most often
        # has nothing to do with checks, so that no change of a name pays for it.
        await schedules.put(store.log.bus, check_schedule(found.cluster))
    await _check(found, store)


@service.handles(RefreshCluster, one_at_a_time=lambda command: command.cluster_id, repeatable=True)
async def refresh(command: RefreshCluster, store: Store) -> Accepted:
    """Check a cluster's health and find out what it can do, now."""
    found = await required(command.cluster_id, store)
    await schedules.put(store.log.bus, check_schedule(found.cluster))
    changed = [await _check(found, store), await _discover(found, store)]
    last = max((sequence for sequence in changed if sequence is not None), default=None)
    return Accepted(str(found.cluster.id), sequence=last)


async def _discover(found: Known, store: Store) -> int | None:
    """Refused if the cluster is there for us, but does not let itself be looked at."""
    if found.cluster.site != HUB:
        return None
    try:
        return await discover_now(found, store)
    except ApiFailure as failure:
        if failure.kind in _SEEN_BY_CHECKS:
            return None
        text = f"{failure.message}; {failure.advice}"
        raise Refused(Code.DISCOVERY_FAILED, text) from None


async def _check(found: Known, store: Store) -> int | None:
    """Check, tell what was found, and what has changed; the change's position, if there is one."""
    cluster, last = found.cluster, found.health
    key = cluster_health_key(cluster.id)
    interval, seconds = status.interval_and_timeout(cluster.cluster_type)
    logins = await logins_of(found, store)
    moved = _moved(found, logins)
    checks = [
        _told(check, moved.get(check.name))
        for check in await _checks(found, logins, store, seconds)
    ]
    since = 0.0 if last is None else (store.at - last.time).total_seconds()
    now, change = status.judge(
        cluster.id,
        found.status,
        checks,
        rounds_since=round(since / interval),
        note=next(iter(moved.values()), None),
    )
    await store.measure(
        "health",
        str(cluster.id),
        ClusterHealthChecked(
            cluster_id=cluster.id,
            checked_at=store.at,
            answered=status.answered(checks),
            state=now.state,
            health_score=now.health_score,
            checks=tuple(checks),
        ),
    )
    if change is None:
        return None
    try:
        return (await store.append([change], {key: standing(last)})).sequence
    except Conflict:
        return None  # Another check was quicker, and is as good.


async def _checks(found: Known, logins: Logins, store: Store, seconds: float) -> tuple[Check, ...]:
    if found.cluster.site != HUB:
        return await checked_at_its_site(found.cluster, store, seconds)
    targets: dict[Checked, Target] = {}
    broken: list[Check] = []
    for name, url in status.endpoints(found.cluster, logins).items():
        try:
            targets[name] = target(logins.of(name), url, seconds)
        except Refused as refused:
            broken.append(check_of(name, unusable(name, refused)))
    return status.in_order([*broken, *await probes(store).round(targets, seconds)])


def _moved(found: Known, logins: Logins) -> dict[Checked, str]:
    """What to say of secrets that are not shown any more, as their endpoint is elsewhere now."""
    moved: dict[Checked, str] = {}
    for name, login in logins.each.items():
        url = credentials.endpoint(found.cluster, name)
        if login.secret and url is not None and not fits(login, url):
            told = f"{credentials.SPOKEN[name]} has moved: its credentials were for {login.origin}"
            moved[name] = told
    return moved


def _told(check: Check, moved: str | None) -> Check:
    """A check that has failed, with why that is no wonder."""
    if check.error is None or moved is None:
        return check
    return check.model_copy(update={"error": f"{check.error}; {moved}"})
