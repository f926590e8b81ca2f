"""What can be said of a PromQL expression from its tree alone."""

from collections.abc import Iterator

import promql_parser as grammar

CLUSTER = "cluster"
"""The label by which clusters are told apart, which they do not know themselves."""


def returned(expression: grammar.Expr) -> str:
    """``scalar``, ``string``, ``vector`` or ``matrix``."""
    match bare(expression):
        case grammar.NumberLiteral():
            kind = "scalar"
        case grammar.StringLiteral():
            kind = "string"
        case grammar.MatrixSelector() | grammar.SubqueryExpr():
            kind = "matrix"
        case grammar.Call() as call:
            scalar = call.func.return_type == grammar.ValueType.Scalar
            kind = "scalar" if scalar else "vector"
        case grammar.UnaryExpr() as unary:
            kind = returned(unary.expr)
        case grammar.BinaryExpr() as both:
            scalars = returned(both.lhs) == returned(both.rhs) == "scalar"
            kind = "scalar" if scalars else "vector"
        case _:
            kind = "vector"
    return kind


def bare(expression: grammar.Expr) -> grammar.Expr:
    """Without the parentheses around it."""
    while isinstance(expression, grammar.ParenExpr):
        expression = expression.expr
    return expression


def selects(expression: grammar.Expr) -> bool:
    """Whether any series are read for it."""
    selectors = grammar.VectorSelector | grammar.MatrixSelector
    return any(isinstance(each, selectors) for each in inside(expression))


def literal(expression: grammar.Expr) -> float | None:
    """The number that is written there, reckoned out; None if it is anything else."""
    match bare(expression):
        case grammar.NumberLiteral() as number:
            return number.val
        case grammar.UnaryExpr() as unary:
            value = literal(unary.expr)
            return None if value is None else -value
        case grammar.BinaryExpr() as both:
            left, right = literal(both.lhs), literal(both.rhs)
            return None if left is None or right is None else _reckoned(str(both.op), left, right)
        case _:
            return None


def _reckoned(sign: str, left: float, right: float) -> float | None:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" if right:
            return left / right
        case _:
            return None


def groups_by_cluster(expression: grammar.AggregateExpr) -> bool:
    """Whether it is taken within each cluster."""
    how = expression.modifier
    if how is None:
        return False
    return (CLUSTER in how.labels) is (how.type == grammar.AggModifierType.By)


def matches_cluster(expression: grammar.BinaryExpr) -> bool:
    """Whether only series of the same cluster can match."""
    matching = expression.modifier and expression.modifier.matching
    if not matching:
        return True
    return (CLUSTER in matching.labels) is (matching.type == grammar.LabelModifierType.Include)


def inside(expression: grammar.Expr) -> Iterator[grammar.Expr]:
    """It and all that it is made of."""
    waiting = [expression]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += parts(each)


def parts(expression: grammar.Expr) -> list[grammar.Expr]:
    """What it is made of, one level down."""
    match expression:
        case grammar.ParenExpr() | grammar.UnaryExpr() | grammar.SubqueryExpr():
            return [expression.expr]
        case grammar.AggregateExpr():
            param = expression.param
            return [expression.expr, *([param] if isinstance(param, grammar.Expr) else [])]
        case grammar.BinaryExpr():
            return [expression.lhs, expression.rhs]
        case grammar.Call():
            return [each for each in expression.args if isinstance(each, grammar.Expr)]
        case _:
            return []
