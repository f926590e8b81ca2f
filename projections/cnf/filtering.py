"""Which of what is known of network functions is asked for, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Where, contains


@dataclass(frozen=True, slots=True)
class CnfFilter:
    """What is asked for; empty fields do not restrict, and each list knows some of them."""

    now: datetime
    """The time at which it is so: what is older than three intervals then is stale."""
    mine: Scope
    """Whose network functions are seen."""
    as_of: AsOf | None = None
    """After which event; None for now."""
    cluster_id: Sequence[UUID] = ()
    node_name: Sequence[str] = ()
    namespace: Sequence[str] = ()
    pod: Sequence[str] = ()
    cnf_type: Sequence[str] = ()
    state: Sequence[str] = ()
    """Of workloads, also ``CRASHING``, or of clocks; ``UNKNOWN`` for one that is not known."""
    interface: Sequence[str] = ()
    """Of a clock, or of one of its ports."""
    resource_name: Sequence[str] = ()
    exhausted: bool | None = None
    dropping: bool | None = None
    stale: bool | None = None
    q: str | None = None
    """Text in any of its names."""

    def where(self, *words: str) -> Where:
        """Conditions on a row ``r`` and its columns; ``words`` are those that are searched."""
        where = Where()
        for column in ("node_name", "namespace", "pod", "cnf_type", "resource_name"):
            where.one_of(f"r.{column}", getattr(self, column))
        if self.interface:
            where.add("r.interfaces && %s", list(self.interface))
        where.one_of("r.shown", self.state)
        for column in ("exhausted", "dropping", "stale"):
            wanted = getattr(self, column)
            if wanted is not None:
                where.add(f"r.{column} = %s", wanted)
        if self.q is not None:
            text = ", ".join(f"r.{word}" for word in words)
            where.add(f"concat_ws(E'\\n', {text}) ilike %s", contains(self.q))
        return where
