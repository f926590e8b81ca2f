"""What can be said of a PromQL expression from its tree alone."""

from collections.abc import Iterator

import promql_parser as grammar


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
