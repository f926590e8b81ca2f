"""Finding what behaves as it never did: pure, streaming, the same for one series and for many."""

from services.anomalies.detecting.asked import NEEDED, Asked, asked
from services.anomalies.detecting.block import UnreadableStates
from services.anomalies.detecting.counters import is_counter
from services.anomalies.detecting.explaining import Finding, explain
from services.anomalies.detecting.kernels.telling import BEGAN, ENDED, NOTHING
from services.anomalies.detecting.partition import MOST, Partition, Told
from services.anomalies.detecting.single import State, Step, advance, fresh, scores

__all__ = [
    "BEGAN",
    "ENDED",
    "MOST",
    "NEEDED",
    "NOTHING",
    "Asked",
    "Finding",
    "Partition",
    "State",
    "Step",
    "Told",
    "UnreadableStates",
    "advance",
    "asked",
    "explain",
    "fresh",
    "is_counter",
    "scores",
]
