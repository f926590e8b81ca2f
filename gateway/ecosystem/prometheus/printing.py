"""Writes PromQL from its syntax tree, with other selectors and labels where that is wanted.

The parser's own printers lose escapes or cannot change groupings; this one says what it was given.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import promql_parser as promql

from gateway.ecosystem.prometheus.errors import bad_data

_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

Matchers = Sequence[promql.Matcher]


@dataclass(frozen=True, slots=True)
class Printer:
    """Writes a tree again."""

    matchers: Callable[[promql.VectorSelector], Matchers]
    """What a selector shall say in its braces."""
    labels: Callable[[Sequence[str]], Sequence[str]]
    """What a grouping or matching of series shall name."""

    def write(self, node: promql.Expr) -> str:
        """The expression as text."""
        match node:
            case promql.NumberLiteral():
                told = _number(node.val)
            case promql.StringLiteral():
                told = quoted(node.val)
            case promql.ParenExpr():
                told = f"({self.write(node.expr)})"
            case promql.UnaryExpr():
                told = f"-{self.write(node.expr)}"
            case promql.Call():
                told = f"{node.func.name}({', '.join(map(self.write, node.args))})"
            case promql.BinaryExpr():
                told = self._binary(node)
            case promql.AggregateExpr():
                told = self._aggregate(node)
            case _:
                told = self._selecting(node)
        return told

    def _selecting(self, node: promql.Expr) -> str:
        match node:
            case promql.VectorSelector():
                return self._selector(node, "")
            case promql.MatrixSelector():
                return self._selector(node.vector_selector, f"[{_duration(node.range)}]")
            case promql.SubqueryExpr():
                step = "" if node.step is None else _duration(node.step)
                inner = f"{self.write(node.expr)}[{_duration(node.range or timedelta())}:{step}]"
                return inner + _when(node.offset, node.at)
            case _:
                raise bad_data(f"{type(node).__name__} cannot be asked of several clusters")

    def _selector(self, node: promql.VectorSelector, span: str) -> str:
        if node.matchers.or_matchers:
            raise bad_data('"or" between matchers is not PromQL')
        told = [
            f"{named(each.name)}{_operator(each.op)}{quoted(each.value)}"
            for each in self.matchers(node)
        ]
        braces = f"{{{','.join(told)}}}" if told or not node.name else ""
        return f"{node.name or ''}{braces}{span}{_when(node.offset, node.at)}"

    def _binary(self, node: promql.BinaryExpr) -> str:
        words, how = [self.write(node.lhs), str(node.op)], node.modifier
        if how is not None:
            words += self._matching(how)
        return " ".join([*words, self.write(node.rhs)])

    def _matching(self, how: promql.BinModifier) -> list[str]:
        words = ["bool"] if how.return_bool else []
        if how.matching is not None:
            included = how.matching.type == promql.LabelModifierType.Include
            words.append(self._listed("on" if included else "ignoring", how.matching.labels))
        if how.card == promql.VectorMatchCardinality.ManyToOne:
            words.append(self._listed("group_left", how.group_labels or ()))
        if how.card == promql.VectorMatchCardinality.OneToMany:
            words.append(self._listed("group_right", how.group_labels or ()))
        if how.fill_values.lhs is not None or how.fill_values.rhs is not None:
            raise bad_data("fill modifiers cannot be asked of several clusters")
        return words

    def _aggregate(self, node: promql.AggregateExpr) -> str:
        by = ""
        if node.modifier is not None:
            grouped = node.modifier.type == promql.AggModifierType.By
            by = f" {self._listed('by' if grouped else 'without', node.modifier.labels)} "
        inner = [] if node.param is None else [self.write(node.param)]
        return f"{node.op}{by}({', '.join([*inner, self.write(node.expr)])})"

    def _listed(self, word: str, labels: Sequence[str]) -> str:
        return f"{word} ({', '.join(map(named, self.labels(labels)))})"


def _when(offset: timedelta | None, at: promql.AtModifier | None) -> str:
    told = ""
    if at is not None:
        told = f" @ {_moment(at)}"
    if offset is not None:
        told += f" offset {_duration(offset)}"
    return told


def _moment(at: promql.AtModifier) -> str:
    match at.type:
        case promql.AtModifierType.Start:
            return "start()"
        case promql.AtModifierType.End:
            return "end()"
        case _:
            return f"{at.at.timestamp() if at.at else 0:.3f}"


def _operator(op: promql.MatchOp) -> str:
    match op:
        case promql.MatchOp.Equal:
            return "="
        case promql.MatchOp.NotEqual:
            return "!="
        case promql.MatchOp.Re:
            return "=~"
        case _:
            return "!~"


def _duration(span: timedelta) -> str:
    """In milliseconds: nothing is rounded away."""
    return f"{span // timedelta(milliseconds=1)}ms"


def _number(value: float) -> str:
    told = repr(value).removesuffix(".0")
    return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN"}.get(told, told)


def named(label: str) -> str:
    """A label's name, in quotes where it is not of the old kind."""
    return label if _PLAIN.fullmatch(label) else quoted(label)


def quoted(text: str) -> str:
    """A string of PromQL."""
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'
