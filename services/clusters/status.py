"""How a cluster is, judged from what its checks have found: pure.

- **Score**: from 100, API server down -50, Prometheus -20, Tempo -15, Loki -15, Alertmanager -10.
- **State**: an API server that does not answer is OFFLINE; every check passed is ONLINE; otherwise
  DEGRADED, as when it answers that it does not know us. Nothing to check is UNKNOWN, without a
  score: not known is not zero.
- **Connectivity** looks at the last five rounds: two or more changes between answering and not are
  INTERMITTENT. A round answers if the API server does, or, where that is not checked, anything.

The last event carries what the five rounds up to it have shown. Rounds since then are as its last
one, or there would be another event: so an event and the time since it are all there is to know.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from contracts.clusters import (
    Check,
    Checked,
    Cluster,
    ClusterState,
    ClusterStatus,
    ClusterStatusChanged,
    ClusterType,
    Connectivity,
)
from services.runtime.vault.logins import Logins, fits

_COSTS = {
    Checked.API_SERVER: 50,
    Checked.PROMETHEUS: 20,
    Checked.TEMPO: 15,
    Checked.LOKI: 15,
    Checked.ALERTMANAGER: 10,
}
_WATCHED = 5
_FLIPS = 2
_TIMES = {
    ClusterType.HUB: (15, 5.0),
    ClusterType.SPOKE: (30, 10.0),
    ClusterType.EDGE: (60, 15.0),
    ClusterType.FAR_EDGE: (120, 30.0),
}
_METRICS_ONLY = frozenset({Checked.TEMPO, Checked.LOKI, Checked.KORREL8R})


def interval_and_timeout(cluster_type: ClusterType) -> tuple[int, float]:
    """Seconds from one round of checks to the next, and seconds that one check may take."""
    return _TIMES[cluster_type]


def endpoints(cluster: Cluster, logins: Logins | None = None) -> dict[Checked, str]:
    """What is checked again and again, in order: the API server only with a login that is for it.

    A Korrel8r is not, as nothing is broken without it. Far edges are metrics-only.
    """
    known = with_a_login(cluster, logins)
    return {name: url for name, url in known.items() if name in _COSTS}


def with_a_login(cluster: Cluster, logins: Logins | None = None) -> dict[Checked, str]:
    """All that credentials may be for, in order; else as `endpoints`."""
    urls = cluster.endpoints
    known = logins is not None and fits(logins.kubernetes, cluster.api_server_url)
    told = {
        Checked.API_SERVER: cluster.api_server_url if known else None,
        Checked.PROMETHEUS: urls.prometheus_url,
        Checked.TEMPO: urls.tempo_url,
        Checked.LOKI: urls.loki_url,
        Checked.ALERTMANAGER: urls.alertmanager_url,
        Checked.KORREL8R: urls.korrel8r_url,
    }
    left_out = (
        _METRICS_ONLY if cluster.cluster_type is ClusterType.FAR_EDGE else frozenset[Checked]()
    )
    return {name: url for name, url in told.items() if url is not None and name not in left_out}


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Checks in the order in which they are told."""
    order = [*Checked]
    return tuple(sorted(checks, key=lambda check: order.index(check.name)))


def answered(checks: Sequence[Check]) -> bool:
    """Whether a round has found the cluster there."""
    # Only what makes an event by itself may count: rounds without one were as the last with one.
    there = (check.answered for check in checks if check.name is Checked.API_SERVER)
    return next(there, any(check.healthy for check in checks))


def judge(
    cluster_id: UUID,
    before: ClusterStatusChanged | None,
    checks: Sequence[Check],
    *,
    rounds_since: int,
    note: str | None = None,
) -> tuple[ClusterStatus, ClusterStatusChanged | None]:
    """How the cluster is now, and the event of it if that is not as ``before``.

    ``rounds_since``: rounds between that event and this one, this one included. ``note`` is told
    where no check has an error.
    """
    recent = _recent(before, rounds_since, now=answered(checks)) if checks else ()
    found = {check.name: check.healthy for check in checks}
    status = ClusterStatus(
        state=_state(found, there=answered(checks)),
        health_score=_score(found),
        connectivity=_connectivity(recent),
        api_server_healthy=found.get(Checked.API_SERVER),
        prometheus_healthy=found.get(Checked.PROMETHEUS),
        tempo_healthy=found.get(Checked.TEMPO),
        loki_healthy=found.get(Checked.LOKI),
        alertmanager_healthy=found.get(Checked.ALERTMANAGER),
        last_error=next((check.error for check in checks if check.error), note),
    )
    if before is not None and _same(before.status, status):
        return status, None
    return status, ClusterStatusChanged(
        cluster_id=cluster_id,
        old_state=before.new_state if before else ClusterState.PROVISIONING,
        new_state=status.state,
        health_score=status.health_score,
        reason=_reason(found, status),
        status=status,
        recent=recent,
    )


def _recent(
    before: ClusterStatusChanged | None, rounds_since: int, *, now: bool
) -> tuple[bool, ...]:
    earlier = before.recent if before else ()
    unchanged = earlier[-1:] * min(max(rounds_since - 1, 0), _WATCHED)
    return (*earlier, *unchanged, now)[-_WATCHED:]


def _connectivity(recent: Sequence[bool]) -> Connectivity | None:
    if not recent:
        return None
    flips = sum(one is not other for one, other in pairwise(recent))
    if flips >= _FLIPS:
        return Connectivity.INTERMITTENT
    return Connectivity.CONNECTED if recent[-1] else Connectivity.DISCONNECTED


def _score(found: Mapping[Checked, bool]) -> int | None:
    if not found:
        return None
    return max(0, 100 - sum(_COSTS[name] for name, healthy in found.items() if not healthy))


def _state(found: Mapping[Checked, bool], *, there: bool) -> ClusterState:
    if not found:
        return ClusterState.UNKNOWN
    if Checked.API_SERVER in found and not there:
        return ClusterState.OFFLINE
    return ClusterState.ONLINE if all(found.values()) else ClusterState.DEGRADED


def _same(before: ClusterStatus, now: ClusterStatus) -> bool:
    """Another error is told only with something that people would call a change.

    That there is something to say, or nothing any more, is a change by itself.
    """
    same = before == now.model_copy(update={"last_error": before.last_error})
    return same and (before.last_error is None) is (now.last_error is None)


def _reason(found: Mapping[Checked, bool], status: ClusterStatus) -> str:
    if not found:
        return "there is nothing that can be checked without credentials"
    return status.last_error or "every check has passed"
