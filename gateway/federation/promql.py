"""PromQL that is sent to several clusters: what may be made of it, and of their answers."""

from gateway.federation.across import Across, apart, of
from services.runtime.promql.parsing import Parsed, Returned, parse, refusal
from services.runtime.promql.text import Fault

__all__ = ["Across", "Parsed", "Returned", "across", "caveats", "over_steps", "parse"]


def across(parsed: Parsed) -> tuple[Across, str]:
    """Whether the clusters' answers can be made into the fleet's, how, and why so."""
    if parsed.expression is None:
        return Across.NOT_EXACT, "the query is not understood here"
    return of(parsed.expression)


def caveats(parsed: Parsed) -> list[str]:
    """What is to be said of answers that stand side by side, as one whole."""
    told = None if parsed.expression is None else apart(parsed.expression)
    return [] if told is None else [told]


def over_steps(parsed: Parsed) -> Parsed:
    """The same, if it can be evaluated at each step of a range; else Refused."""
    if parsed.returns in {Returned.MATRIX, Returned.STRING}:
        kind = "range vector" if parsed.returns is Returned.MATRIX else "string"
        text = f'"{kind}" cannot be evaluated over a range; it must be a scalar or instant vector'
        raise refusal(parsed.text, Fault(0, text))
    return parsed
