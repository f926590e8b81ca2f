"""Which clusters a query is for, by its matchers on ``cluster``, and what each of them is asked.

A cluster does not know its own name: matchers on ``cluster`` are answered here, and groupings by it
are what asking each cluster by itself does anyway. Its series' own label ``cluster`` is called
``exported_cluster`` outside, as Prometheus calls labels that are in the way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import promql_parser as promql
from pydantic_core import SchemaError, SchemaValidator, core_schema

from gateway.ecosystem.prometheus.errors import bad_data
from gateway.ecosystem.prometheus.printing import Printer
from gateway.federation.promql import Parsed, parse
from services.runtime.promql.tree import (
    bare,
    groups_by_cluster,
    inside,
    matches_cluster,
    parts,
    returned,
)

CLUSTER, EXPORTED = "cluster", "exported_cluster"
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
"""Aggregations that leave the labels of series as they are."""
_ABSENT = frozenset({"absent", "absent_over_time"})
_OF_NOTHING = _ABSENT | {"scalar", "vector"}
_OURS = frozenset({CLUSTER, EXPORTED})
_PASSED_ON = 'the query is newer than the parser here: "cluster" in it was passed on as it is'
_EVERYTHING = promql.Matcher(promql.MatchOp.NotEqual, "__name__", "")
_NOTHING = (
    promql.Matcher(promql.MatchOp.Equal, CLUSTER, "-"),
    promql.Matcher(promql.MatchOp.NotEqual, CLUSTER, "-"),
)
"""No series is so: what a selector says to a cluster that it does not choose."""


def selector(text: str) -> promql.VectorSelector:
    """A ``match[]``."""
    tree = parse(text).expression
    if not isinstance(tree, promql.VectorSelector):
        raise bad_data('invalid parameter "match[]": it must be a series selector')
    return tree


@lru_cache(maxsize=256)
def _pattern(regex: str) -> SchemaValidator:
    """In Rust's engine: the syntax of Prometheus' own, and no regex takes long."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=rf"\A(?s:{regex})\z"))
    except SchemaError:
        raise bad_data(f"error parsing regexp: {regex[:100]}") from None


def holds(matcher: promql.Matcher, value: str) -> bool:
    """Whether a label's value is one that the matcher lets through."""
    match matcher.op:
        case promql.MatchOp.Equal:
            return value == matcher.value
        case promql.MatchOp.NotEqual:
            return value != matcher.value
        case promql.MatchOp.Re:
            return _pattern(matcher.value).isinstance_python(value)
        case _:
            return not _pattern(matcher.value).isinstance_python(value)


def chooses(node: promql.VectorSelector, cluster: str) -> bool:
    """Whether the selector is for the cluster of this name."""
    return all(holds(each, cluster) for each in node.matchers.matchers if each.name == CLUSTER)


def _inside(labels: Sequence[str]) -> list[str]:
    """Names of labels as the clusters know them."""
    return [CLUSTER if name == EXPORTED else name for name in labels if name != CLUSTER]


def _rest(node: promql.VectorSelector) -> list[promql.Matcher]:
    return [
        promql.Matcher(each.op, CLUSTER, each.value) if each.name == EXPORTED else each
        for each in node.matchers.matchers
        if each.name != CLUSTER
    ]


def narrowed(node: promql.VectorSelector) -> str | None:
    """What a ``match[]`` says to a cluster that it chooses; None: every series."""
    if not node.name and not _rest(node):
        return None
    return Printer(_rest, _inside).write(node)


@dataclass
class Question:
    """A query, and what it says to each cluster."""

    parsed: Parsed
    selectors: list[promql.VectorSelector] = field(
        default_factory=list[promql.VectorSelector], init=False
    )
    warnings: list[str] = field(default_factory=list[str], init=False)
    _names_ours: bool = field(default=False, init=False)
    _written: dict[tuple[bool, ...], str] = field(
        default_factory=dict[tuple[bool, ...], str], init=False
    )

    def __post_init__(self) -> None:
        tree = self.parsed.expression
        if tree is not None:
            promql.walk(tree, self._look)
        elif CLUSTER in self.parsed.text:
            text = (
                'this query is newer than the parser here: "cluster" in it was passed on as it is'
            )
            self.warnings.append(text)

    def _look(self, node: promql.Expr) -> None:
        named: list[str] = []
        match node:
            case promql.VectorSelector():
                self.selectors.append(node)
                named = [each.name for each in node.matchers.matchers]
            case promql.AggregateExpr():
                named = node.modifier.labels if node.modifier else []
                self._look_for_ours(str(node.op), [node.param])
            case promql.BinaryExpr() if node.modifier is not None:
                matching = node.modifier.matching
                named = [
                    *(node.modifier.group_labels or ()),
                    *(matching.labels if matching else ()),
                ]
            case promql.Call() if node.func.name in {"label_replace", "label_join"}:
                self._look_for_ours(node.func.name, node.args[1:])
            case _:
                return
        self._names_ours = self._names_ours or not _OURS.isdisjoint(named)

    def _look_for_ours(self, function: str, args: Sequence[promql.Expr | None]) -> None:
        told = {arg.val for arg in args if isinstance(arg, promql.StringLiteral)}
        if not _OURS.isdisjoint(told):
            text = f'{function} does not see the label "cluster", which is added afterwards'
            self.warnings.append(text)

    def for_cluster(self, name: str) -> str | None:
        """The query as this cluster is asked; None where it selects nothing."""
        chosen = tuple(chooses(each, name) for each in self.selectors)
        if chosen and not any(chosen):
            return None
        tree = self.parsed.expression
        if tree is None or (all(chosen) and not self._names_ours):
            return self.parsed.text
        if chosen not in self._written:
            self._written[chosen] = Printer(_for(name), _inside).write(tree)
        return self._written[chosen]


def _for(name: str) -> Callable[[promql.VectorSelector], Sequence[promql.Matcher]]:
    """What selectors say to the cluster of this name."""

    def matchers(node: promql.VectorSelector) -> Sequence[promql.Matcher]:
        rest = _rest(node)
        if not chooses(node, name):
            return [*rest, *_NOTHING]
        return rest if rest or node.name else [_EVERYTHING]

    return matchers


def drops_cluster(node: promql.Expr) -> bool | None:
    """Whether results have lost the label ``cluster`` of series; None: some have, some have not."""
    match node:
        case promql.AggregateExpr():
            kept = str(node.op) in _CHOOSING or groups_by_cluster(node)
            return not kept or drops_cluster(node.expr)
        case promql.BinaryExpr():
            return _matching_drops(node)
        case promql.Call() if node.func.name in _ABSENT:
            return not _is_cluster(bare(node.args[0]))
        case promql.Call():
            read = [each for each in node.args if returned(each) in {"vector", "matrix"}]
            return drops_cluster(read[0]) if read else True
        case _:
            inner = parts(node)
            return drops_cluster(inner[0]) if inner else False


def _matching_drops(both: promql.BinaryExpr) -> bool | None:
    vectors = [each for each in (both.lhs, both.rhs) if returned(each) == "vector"]
    drops = [drops_cluster(each) for each in vectors]
    if len(vectors) < 2 or str(both.op) in {"and", "unless"}:
        return drops[0] if drops else True
    if str(both.op) == "or":
        return drops[0] if drops[0] == drops[1] else None
    card = both.modifier.card if both.modifier else promql.VectorMatchCardinality.OneToOne
    if card == promql.VectorMatchCardinality.OneToMany:
        return drops[1]
    alone = card == promql.VectorMatchCardinality.OneToOne
    return True if alone and not matches_cluster(both) else drops[0]


def _is_cluster(node: promql.Expr) -> bool:
    """Whether it is a selector that names its cluster."""
    chosen = node.vector_selector if isinstance(node, promql.MatrixSelector) else node
    return isinstance(chosen, promql.VectorSelector) and any(
        each.name == CLUSTER and each.op == promql.MatchOp.Equal
        for each in chosen.matchers.matchers
    )


def makes_something(node: promql.Expr) -> bool:
    """Whether a query may have results where there are no series at all."""
    return any(
        isinstance(each, promql.Call) and each.func.name in _OF_NOTHING for each in inside(node)
    )
