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
from gateway.federation.promql_tree import parts

CLUSTER, EXPORTED = "cluster", "exported_cluster"
_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
"""Aggregations that leave the labels of series as they are."""
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
            case promql.AggregateExpr() if node.modifier is not None:
                named = node.modifier.labels
            case promql.BinaryExpr() if node.modifier is not None:
                matching = node.modifier.matching
                named = [
                    *(node.modifier.group_labels or ()),
                    *(matching.labels if matching else ()),
                ]
            case promql.Call() if node.func.name in {"label_replace", "label_join"}:
                self._look_for_ours(node)
            case _:
                return
        self._names_ours = self._names_ours or not _OURS.isdisjoint(named)

    def _look_for_ours(self, call: promql.Call) -> None:
        told = {arg.val for arg in call.args[1:] if isinstance(arg, promql.StringLiteral)}
        if CLUSTER in told:
            text = f'{call.func.name} does not see the label "cluster", which is added afterwards'
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


def drops_cluster(node: promql.Expr) -> bool:
    """Whether an aggregation in it takes the label ``cluster`` from the results."""
    if isinstance(node, promql.AggregateExpr) and str(node.op) not in _CHOOSING:
        if node.modifier is None:
            return True
        grouped = node.modifier.type == promql.AggModifierType.By
        return (CLUSTER in node.modifier.labels) != grouped
    return any(map(drops_cluster, parts(node)))
