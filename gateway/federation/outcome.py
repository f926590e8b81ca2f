"""What came of asking one cluster."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contracts.refusals import Code
from gateway.federation.fleet import ClusterRef

_LATE = frozenset({Code.QUERY_TIMEOUT})


class Status(StrEnum):
    """What came of asking one cluster."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    PARTIAL = "PARTIAL"
    """It answered, and said that this is not all: see its warnings."""


@dataclass(frozen=True, slots=True)
class ClusterAnswer:
    """What one cluster has answered, or why it has not."""

    cluster: ClusterRef
    status: Status
    parts: tuple[bytes, ...] = field(default=(), repr=False)
    """The backend's own JSON, in the order in which it came."""
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    """What was said of the whole (`contracts.telemetry.Told`)."""
    code: Code | None = None
    message: str | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    took_ms: float = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What its backend has said beside the data: warnings, and what does not make it less."""
        return (*self.told.get("warnings", ()), *self.told.get("infos", ()))

    @property
    def body(self) -> bytes:
        """The whole answer as one."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
