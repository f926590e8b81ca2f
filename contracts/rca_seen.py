"""What was seen live in metrics, logs and traces while a root cause was looked for.

It stands in the analysis, so that the same analysis can be made again from the log alone.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.envelope import Message, Timestamp
from contracts.incidents import Text

MOST_SEEN = 80
MOST_CALLS = 300
MOST_PLACED = 300
MOST_LOOKS = 16
RELATED = "RELATED"
"""The name of what a Korrel8r relates to an alert: it is shown, and no cause is judged by it."""

Place = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class RcaSeen(Message):
    """Something that a cluster's metrics, logs or traces told, with the query that shows it."""

    cluster_id: UUID
    backend: Checked
    """``PROMETHEUS``, ``LOKI``, ``TEMPO`` or ``KORREL8R``."""
    name: Text
    """What it is, such as ``ROLLOUT_BEGAN``, ``CONFIG_CHANGED``, ``LOG_DISK_FULL``."""
    severity: Severity
    where: Annotated[tuple[Place, ...], Field(min_length=1, max_length=16)]
    """What it is about, the most particular first, as of a signal."""
    text: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """In a sentence, with the numbers; of log lines their template, never a line itself."""
    query: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    """PromQL, LogQL or TraceQL; of a Korrel8r ``domain:class:selector``."""
    start: Timestamp
    end: Timestamp
    """The time that was asked for."""
    began_at: Timestamp | None = None
    """When it began, as its source tells; null: some time within."""
    precision_seconds: Annotated[float, Field(ge=0)] = 0
    """It may have begun so much earlier: what lasts is looked at in steps."""
    trace_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    """An example."""

    @property
    def since(self) -> datetime:
        """When it began, or the earliest that it can have."""
        return self.start if self.began_at is None else self.began_at


class RcaCall(Message):
    """That one workload calls another one, by traces or by a mesh's metrics."""

    cluster_id: UUID
    caller: Place
    callee: Place
    """Words of place, such as ``workload/shop/cart``."""


class RcaPlaced(Message):
    """That a pod runs on a node."""

    cluster_id: UUID
    pod: Place
    node: Place
    """Words of place, such as ``pod/shop/cart-5d8f`` and ``node/worker-3``."""


class RcaLook(Message):
    """A backend that was asked, and what came of it."""

    cluster_id: UUID
    backend: Checked
    failure: Annotated[str, StringConstraints(max_length=300)] = ""
    """Code and text, where it has not answered all that it was asked; empty: it has."""


class RcaLive(Message):
    """All that was seen live for one analysis."""

    seen: Annotated[tuple[RcaSeen, ...], Field(max_length=MOST_SEEN)] = ()
    calls: Annotated[tuple[RcaCall, ...], Field(max_length=MOST_CALLS)] = ()
    placed: Annotated[tuple[RcaPlaced, ...], Field(max_length=MOST_PLACED)] = ()
    """Of pods that something is told of."""
    looks: Annotated[tuple[RcaLook, ...], Field(max_length=MOST_LOOKS)] = ()
    """Empty: nothing was asked."""
