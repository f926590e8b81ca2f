"""What is asked of a detector: how, how much it takes, and which bounds there are."""

from dataclasses import dataclass
from math import inf

from contracts.anomalies import DetectionType, Sensitivity

NEEDED = {
    Sensitivity.LOW: 1.2,
    Sensitivity.MEDIUM: 1.0,
    Sensitivity.HIGH: 0.8,
    Sensitivity.EXTREME: 0.6,
}
"""Strength that makes an anomaly: as robust z-scores of 3.0, 2.5, 2.0 and 1.5 are to 2.5."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one series, or of all of a watch."""

    needed: float = 1.0
    """Strength that makes an anomaly."""
    method: DetectionType | None = None
    """Null: the stronger one of both."""
    above: float = inf
    """A value over it is an anomaly, whatever was usual."""
    below: float = -inf


def asked(
    sensitivity: Sensitivity,
    method: DetectionType | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> Asked:
    """From the words of a watch."""
    return Asked(
        NEEDED[sensitivity],
        method,
        inf if above is None else above,
        -inf if below is None else below,
    )
