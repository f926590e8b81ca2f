"""What clusters' answers to an expression may be made into, so that it is the fleet's answer.

Read as a fleet, each series carries its ``cluster``, and vectors are matched within a cluster;
`apart` says where one Prometheus with all series would match them across clusters.
An expression without aggregation is then answered cluster by cluster; one whose outermost
aggregation leaves the cluster out is put together again where that gives what evaluating it over
the series of all clusters would, up to rounding.
"""

import math
from enum import StrEnum
from typing import NamedTuple

import promql_parser as grammar

from services.runtime.promql.tree import (
    CLUSTER,
    bare,
    groups_by_cluster,
    inside,
    literal,
    matches_cluster,
    returned,
    selects,
)

_OVER_ALL = frozenset({"absent", "absent_over_time", "scalar"})
_LINEAR = frozenset({"*", "/"})
_CHOOSING = frozenset({"and", "unless"})
_MANY_TO_ONE = grammar.VectorMatchCardinality.ManyToOne
_ITS_NAMES = frozenset({CLUSTER, f"exported_{CLUSTER}"})


class Across(StrEnum):
    """How the clusters' answers become one."""

    CONCATENATE = "CONCATENATE"
    """Each cluster's series stand side by side, told apart by their ``cluster``."""
    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT_SUM = "COUNT_SUM"
    """The clusters' counts are added up."""
    NOT_EXACT = "NOT_EXACT"
    """No arithmetic on the answers gives the fleet's."""


_ADDITIVE = {
    "sum": Across.SUM,
    "count": Across.COUNT_SUM,
    "count_values": Across.COUNT_SUM,
}


class Verdict(NamedTuple):
    """How, and why so."""

    how: Across
    why: str


_SAME = Verdict(Across.MAX, "nothing of a cluster is in it: it is the same everywhere")
_BESIDE = Verdict(Across.CONCATENATE, "each cluster's series stay its own")


def of(expression: grammar.Expr) -> Verdict:
    """What may be made of the clusters' answers to this expression."""
    expression = bare(expression)
    if not selects(expression):
        return _SAME
    match expression:
        case grammar.AggregateExpr():
            found = _of_aggregation(expression)
        case grammar.BinaryExpr():
            found = _of_both(expression)
        case grammar.Call():
            found = _of_call(expression)
        case grammar.UnaryExpr():
            found = _of_negation(expression)
        case grammar.SubqueryExpr():
            inner = of(expression.expr)
            found = inner if inner.how is Across.CONCATENATE else _no("a subquery", inner)
        case _:
            found = _BESIDE
    return found


def apart(expression: grammar.Expr) -> str | None:
    """What is to be said where vectors are matched without regard to ``cluster``, if they are."""
    for each in inside(expression):
        if isinstance(each, grammar.BinaryExpr) and _is_apart(each):
            return f"vectors are matched within each cluster: {CLUSTER} is not among their labels"
    return None


def _is_apart(both: grammar.BinaryExpr) -> bool:
    vectors = all(selects(each) and returned(each) == "vector" for each in (both.lhs, both.rhs))
    return vectors and not matches_cluster(both)


def _of_negation(expression: grammar.UnaryExpr) -> Verdict:
    inner = of(expression.expr)
    match inner.how:
        case Across.CONCATENATE:
            return inner
        case Across.SUM | Across.COUNT_SUM:
            return Verdict(Across.SUM, inner.why)
        case _:
            return _no("a change of sign", inner)


def _of_aggregation(expression: grammar.AggregateExpr) -> Verdict:
    name, inner = str(expression.op), of(expression.expr)
    if isinstance(expression.param, grammar.StringLiteral) and expression.param.val in _ITS_NAMES:
        return Verdict(
            Across.NOT_EXACT, f"{name} writes {CLUSTER}, by which clusters are told apart"
        )
    if inner.how is Across.CONCATENATE:
        if groups_by_cluster(expression):
            return Verdict(Across.CONCATENATE, f"{name} is taken within each cluster")
        return _first(name)
    same = {"sum": {Across.SUM, Across.COUNT_SUM}, "min": {Across.MIN}, "max": {Across.MAX}}
    if selects(expression.expr) and inner.how in same.get(name, set()):
        return Verdict(_first(name).how, f"{name} of the same, in two steps")
    return _no(name, inner)


def _first(name: str) -> Verdict:
    """An aggregation of series that are each of one cluster."""
    match name:
        case "sum" | "count" | "count_values":
            told = "sums" if name == "sum" else "counts"
            return Verdict(_ADDITIVE[name], f"the clusters' {told} are added up")
        case "min" | "max":
            return Verdict(Across(name.upper()), f"the {name} of the clusters' {name}s")
        case "group":
            return Verdict(Across.MAX, "a group is there where any cluster has it")
        case "topk" | "bottomk" | "limitk":
            why = f"{name} is taken within each cluster; those of the fleet are among them"
            return Verdict(Across.NOT_EXACT, why)
        case _:
            why = f"{name} of all series does not follow from each cluster's {name}"
            return Verdict(Across.NOT_EXACT, why)


def _of_both(expression: grammar.BinaryExpr) -> Verdict:
    left, right = of(expression.lhs), of(expression.rhs)
    fixed = [not selects(expression.lhs), not selects(expression.rhs)]
    beside = [each.how is Across.CONCATENATE for each in (left, right)]
    if all(either or other for either, other in zip(fixed, beside, strict=True)):
        return _of_beside(expression, fixed)
    added = _of_added(expression, left if fixed[1] else right) if any(fixed) else None
    sign = str(expression.op)
    return added or _no(f"the operator {sign}", left if not beside[0] and not fixed[0] else right)


def _of_beside(expression: grammar.BinaryExpr, fixed: list[bool]) -> Verdict:
    """Both sides are each cluster's own, or the same everywhere."""
    constant = expression.lhs if fixed[0] else expression.rhs if fixed[1] else None
    if constant is None or returned(constant) == "scalar" or _is_on_constant(expression, fixed):
        return Verdict(Across.CONCATENATE, "vectors are matched within each cluster")
    why = f"the operator {expression.op} meets series that are of no cluster"
    return Verdict(Across.NOT_EXACT, why)


def _is_on_constant(expression: grammar.BinaryExpr, fixed: list[bool]) -> bool:
    """Whether each series of a cluster stays itself, and meets the same constant everywhere."""
    how = expression.modifier
    if how is None or matches_cluster(expression):
        return False
    many = grammar.VectorMatchCardinality.OneToMany if fixed[0] else _MANY_TO_ONE
    return how.card == many or (fixed[1] and str(expression.op) in _CHOOSING)


def _of_added(expression: grammar.BinaryExpr, inner: Verdict) -> Verdict | None:
    """A sum and a constant: where adding up afterwards comes to the same; else None."""
    if inner.how not in {Across.SUM, Across.COUNT_SUM}:
        return None
    sign, left, right = str(expression.op), literal(expression.lhs), literal(expression.rhs)
    factor = left if right is None else right
    linear = sign == "*" if right is None else sign in _LINEAR
    # What is not finite, or divided by 0, comes to NaN where signs differ.
    if linear and factor is not None and math.isfinite(factor) and (sign == "*" or factor):
        return Verdict(Across.SUM, inner.why)
    # Zeros add nothing, wherever they stand in for nothing.
    plain = expression.modifier is None or expression.modifier.matching is None
    if sign == "or" and plain and _is_zero(expression.rhs):
        return Verdict(Across.SUM, inner.why)
    return None


def _is_zero(expression: grammar.Expr) -> bool:
    call = bare(expression)
    if not isinstance(call, grammar.Call) or call.func.name != "vector":
        return False
    return literal(call.args[0]) == 0


def _of_call(expression: grammar.Call) -> Verdict:
    name = expression.func.name
    if name in _OVER_ALL:
        why = f"{name} looks at the series of all clusters together"
        return Verdict(Across.NOT_EXACT, why)
    args = [each for each in expression.args if selects(each)]
    for each in args:
        inner = of(each)
        if inner.how is not Across.CONCATENATE:
            return _no(name, inner)
    return _BESIDE


def _no(name: str, inner: Verdict) -> Verdict:
    if inner.how is Across.NOT_EXACT:
        return inner
    why = f"{name} would need the values of the whole fleet, and each cluster has only its own"
    return Verdict(Across.NOT_EXACT, why)
