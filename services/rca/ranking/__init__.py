"""Which entity is behind an alarm: pure, without clock, bus or files; same input, same ranking."""

from services.rca.ranking.comparing import compare
from services.rca.ranking.evidence import Evidence, Kind, Unit
from services.rca.ranking.explaining import explain
from services.rca.ranking.flows import Flow, Measure, flows
from services.rca.ranking.graph import Graph, Relation, graph
from services.rca.ranking.handled import Handled, Line, Span, handled
from services.rca.ranking.profile import Past, Profile, profile
from services.rca.ranking.ranking import KNOWN, Candidate, Ranking, rank
from services.rca.ranking.saturation import Usage, saturation
from services.rca.ranking.templates import Templates

__all__ = [
    "KNOWN",
    "Candidate",
    "Evidence",
    "Flow",
    "Graph",
    "Handled",
    "Kind",
    "Line",
    "Measure",
    "Past",
    "Profile",
    "Ranking",
    "Relation",
    "Span",
    "Templates",
    "Unit",
    "Usage",
    "compare",
    "explain",
    "flows",
    "graph",
    "handled",
    "profile",
    "rank",
    "saturation",
]
