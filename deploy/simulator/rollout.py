"""A rollout that goes wrong: what fails, who suffers from it, and where that is seen.

Only in clusters where it is seen in metrics, logs, traces and alerts alike. Its ReplicaSet comes
and goes; the pods that answer with errors keep the names that they had.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.simulator.cluster import Cluster
from deploy.simulator.incidents import Incident, happening
from deploy.simulator.workloads import Workload

APP = "billing"
"""What gets a new version; the traces say who asks it."""
SHARE = 0.75
"""Of requests that fail meanwhile."""
_LEAD = 45.0
"""Seconds from the new pods to the first alert."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An alert of it."""

    name: str
    severity: str
    app: str
    text: str
    after: timedelta
    """The first errors."""


_COMPLAINTS = (
    Complaint("HighErrorRate", "critical", "billing", "answers with errors", timedelta(seconds=0)),
    Complaint("HighErrorRate", "warning", "orders", "answers with errors", timedelta(seconds=20)),
    Complaint("HighErrorRate", "critical", "shop", "answers with errors", timedelta(seconds=35)),
    Complaint(
        "ErrorBudgetBurn", "critical", "shop", "uses up its error budget", timedelta(seconds=60)
    ),
)


def suits(cluster: Cluster) -> bool:
    """Whether it can happen in a cluster."""
    traits = cluster.traits
    return traits.loki and traits.tempo and traits.alertmanager and not traits.cnf


def rolled(cluster: Cluster, at: float) -> float | None:
    """When the bad version came that runs at a moment, in unix time; None if all is well."""
    if not suits(cluster):
        return None
    found = happening(cluster, Incident.BAD_ROLLOUT, at)
    return None if found is None else found.began


def complaints(cluster: Cluster, now: datetime) -> Iterator[tuple[Complaint, datetime]]:
    """What fires because of it, and since when."""
    began = rolled(cluster, now.timestamp())
    if began is None:
        return
    for each in _COMPLAINTS:
        since = datetime.fromtimestamp(began + _LEAD, now.tzinfo) + each.after
        if since <= now:
            yield each, since


def line(cluster: Cluster, app: str, at: float, drawn: int) -> str | None:
    """The error that a container writes instead of what it does else; ``drawn``: 0 to 255."""
    if app not in {APP, "orders"} or drawn >= 256 * SHARE or rolled(cluster, at) is None:
        return None
    if app == APP:
        return 'msg="cannot read price list: unknown field discount_v2"'
    return 'msg="charge card failed: upstream billing answered 500"'


def versions(cluster: Cluster, workload: Workload) -> Iterator[tuple[str, bool]]:
    """Its ReplicaSets, and whether one is there only while the bad version is."""
    yield cluster.owner(workload), False
    if workload.app == APP:
        yield cluster.owner(workload, version=2), True
