"""PromQL as it is read before it is sent: whether it is valid, and what it comes to."""

from dataclasses import dataclass, field
from enum import StrEnum

import promql_parser as grammar

from contracts.refusals import Code, Refused
from services.runtime.promql.text import (
    Fault,
    newer_form,
    tokens,
    where,
    without_raw,
    worth_parsing,
)
from services.runtime.promql.tree import bare, returned, selects


class Returned(StrEnum):
    """What an expression comes to, in the words of Prometheus."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "vector"
    MATRIX = "matrix"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query that may be sent."""

    text: str
    expression: grammar.Expr | None = field(default=None, repr=False)
    """None for what is newer (or older) than the parser: the backends judge it."""
    returns: Returned = Returned.UNKNOWN
    constant: bool = False
    """Nothing of a cluster is in it, such as ``1 + 1``: it comes to the same everywhere."""
    warnings: tuple[str, ...] = ()


def parse(text: str) -> Parsed:
    """Read a query; Refused with INVALID_PROMQL and the place of the fault.

    Details: ``position`` (characters from 0), ``line`` and ``column`` (from 1) and ``message``.
    The parser tells no place, so it is the first word with which no valid query goes on.
    """
    found = tokens(text)
    fault = worth_parsing(text, found)
    if fault is not None:
        raise refusal(text, fault)
    plain = without_raw(text, found)
    try:
        expression = grammar.parse(plain)
    except BaseException as error:
        if not _of_the_parser(error):
            raise
        newer = newer_form(found)
        if newer is None:
            raise refusal(text, _where(text, plain, str(error))) from None
        warning = f"not checked before it was sent: {newer} is not known here"
        return Parsed(text, warnings=(warning,))
    kind = Returned(returned(expression))
    return Parsed(text, expression, kind, constant=not selects(expression))


def require_instant(text: str) -> None:
    """Refused with INVALID_PROMQL unless it comes to series, or one number, at a moment."""
    parsed = parse(text)
    if parsed.returns in {Returned.MATRIX, Returned.STRING}:
        kind = "range vector" if parsed.returns is Returned.MATRIX else "string"
        told = f'"{kind}" has no value at a moment; it must be a scalar or instant vector'
        raise refusal(text, Fault(0, told))


def selected(text: str) -> str | None:
    """The name of the metric that a valid query selects and leaves as it is; None for any other."""
    expression = parse(text).expression
    found = None if expression is None else bare(expression)
    return found.name or None if isinstance(found, grammar.VectorSelector) else None


def _of_the_parser(error: BaseException) -> bool:
    """True for what a text is to blame for: also a panic in the parser, which is no Exception."""
    if isinstance(error, ValueError | RecursionError):
        return True
    return type(error).__name__ == "PanicException"


def _where(text: str, plain: str, message: str) -> Fault:
    """Where in ``text`` a fault is that was found in ``plain``, which has the same words."""
    words = tokens(plain)
    fault = where(plain, words, message)
    places = zip((each.start for each in words), (each.start for each in tokens(text)), strict=True)
    ends = {0: 0, len(plain): len(text)}
    return Fault((dict(places) | ends)[fault.position], fault.message)


def refusal(text: str, fault: Fault) -> Refused:
    """INVALID_PROMQL with the place of a fault, as `parse` tells it."""
    before = text[: fault.position]
    line, column = before.count("\n") + 1, fault.position - (before.rfind("\n") + 1) + 1
    details = {
        "position": fault.position,
        "line": line,
        "column": column,
        "message": fault.message,
    }
    message = f"the query is not valid PromQL: {line}:{column}: {fault.message}"
    return Refused(Code.INVALID_PROMQL, message, details)
