"""Which alerts are asked for, as the parameters of an address tell it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from contracts.alerts import Severity
from gateway.auth.guards import Mine
from gateway.rest.shared import Several, States, Text, choices, ids, label_pairs, zoned
from projections.alerts import queries
from projections.alerts.queries import AlertFilter

_SEVERITIES = tuple(Severity)
From = Annotated[datetime | None, QueryParameter(name="from", description="Began then or later.")]
To = Annotated[datetime | None, QueryParameter(name="to", description="Began before.")]
Muted = Annotated[bool | None, QueryParameter(description="Without it: shown, and marked.")]

Alike = NamedDependency[SkipValidation[AlertFilter]]
"""By what they are, whatever has become of them."""
Wanted = NamedDependency[SkipValidation[AlertFilter]]
"""Also by what they are now; if no state is given, those that are open."""


def alike(
    mine: Mine,
    severity: Several = None,
    cluster_id: Several = None,
    namespace: Several = None,
    alertname: Several = None,
    label: Several = None,
    fingerprint: Text = None,
    since: From = None,
    until: To = None,
) -> AlertFilter:
    """Of the parameters that alerts and history share."""
    return AlertFilter(
        mine=mine,
        severity=choices("severity", severity, _SEVERITIES),
        cluster_id=ids("cluster_id", cluster_id),
        namespace=namespace or (),
        alertname=alertname or (),
        labels=label_pairs(label),
        fingerprint=fingerprint,
        since=zoned("from", since),
        until=zoned("to", until),
    )


def wanted(
    alike: Alike,
    states: States = None,
    q: Text = None,
    silenced: Muted = None,
    inhibited: Muted = None,
) -> AlertFilter:
    """Of these and the others."""
    state = choices("state", states, queries.STATES) or queries.OPEN
    return replace(alike, state=state, q=q, silenced=silenced, inhibited=inhibited)


FILTERS = {
    "alike": Provide(alike, sync_to_thread=False),
    "wanted": Provide(wanted, sync_to_thread=False),
}
