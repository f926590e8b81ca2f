"""What belongs together of all that is wrong: pure, and decided from the log alone."""

from services.incidents.correlating.board import Board
from services.incidents.correlating.cases import Case, Decision, Part
from services.incidents.correlating.settings import Settings

__all__ = ["Board", "Case", "Decision", "Part", "Settings"]
