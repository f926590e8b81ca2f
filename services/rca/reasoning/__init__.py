"""The cause of an incident, from what the log tells of it: pure, with `analyse` as its door."""

from services.rca.reasoning.analysis import KNOWN, Cause, Finding, Link, analyse
from services.rca.reasoning.claims import Claim
from services.rca.reasoning.earlier import Earlier

__all__ = ["KNOWN", "Cause", "Claim", "Earlier", "Finding", "Link", "analyse"]
