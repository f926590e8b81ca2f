"""Which clusters could not be sampled last time, so that the log says it once."""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from services.gpu.sampling import Sampled
from services.runtime.logging import logger

_MOST = 4096
_LOG = logger("gpu")


@dataclass(eq=False)
class Failing:
    """Those of one process."""

    _why: OrderedDict[UUID, str] = field(default_factory=OrderedDict[UUID, str])

    def note(self, cluster_id: UUID, found: Sampled) -> None:
        """How it went."""
        before = self._why.pop(cluster_id, None)
        if found.updates or not found.failed:
            return
        if before != found.why:
            _LOG.warning(
                "not_sampled", cluster_id=str(cluster_id), reason=found.why, said=found.said
            )
        self._why[cluster_id] = found.why
        while len(self._why) > _MOST:
            self._why.popitem(last=False)

    def forget(self, cluster_id: UUID) -> None:
        """It has left."""
        self._why.pop(cluster_id, None)
