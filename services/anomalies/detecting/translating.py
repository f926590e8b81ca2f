"""Kernels are read a second time, for arrays: the same source, with another meaning of "if".

A kernel is Python for floats. Its twin for arrays comes from the same syntax tree, in which

- ``a if c else b`` becomes ``where(c, a, b)``, or ``maximum`` or ``minimum`` if it says just that,
- ``if`` asks whether it is so for any of the series (inside, each line chooses again),
- ``not`` becomes ``logical_not``, and what was imported from ``floats`` comes from ``arrays``.

So both do the same arithmetic in the same order, and what is changed in one is changed in both.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

_HERE = __package__ or ""
_ORDERS: Mapping[type[ast.cmpop], str] = {ast.Gt: "maximum", ast.Lt: "minimum"}


class _ForArrays(ast.NodeTransformer):
    """Rewrites the tree of a kernel module."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        order = _order(node)
        self.generic_visit(node)
        if order is not None:
            return _call(node, order, node.body, node.orelse)
        return _call(node, "where", node.test, node.body, node.orelse)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.test = _call(node.test, "any_of", node.test)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call(node, "logical_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        raise SyntaxError(f"line {node.lineno}: a kernel says & and |, which arrays know")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.module == f"{_HERE}.floats":
            node.module = f"{_HERE}.arrays"
        return node


def _order(node: ast.IfExp) -> str | None:
    """``a if a > b else b`` is the larger one."""
    test = node.test
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    same = [ast.dump(test.left), ast.dump(test.comparators[0])]
    if same != [ast.dump(node.body), ast.dump(node.orelse)]:
        return None
    return _ORDERS.get(type(test.ops[0]))


def _call(node: ast.AST, name: str, *arguments: ast.expr) -> ast.Call:
    call = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(arguments), keywords=[])
    return ast.copy_location(call, node)


def for_arrays(kernel: ModuleType, given: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """The functions of a kernel module by name, for arrays; ``given`` has what ifs become."""
    tree = _ForArrays().visit(ast.parse(inspect.getsource(kernel)))
    names: dict[str, Any] = {**given, "__name__": f"{kernel.__name__} for arrays"}
    code = compile(ast.fix_missing_locations(tree), kernel.__file__ or "", "exec")
    exec(code, names)  # noqa: S102 - our own source, in other words
    return {name: each for name, each in names.items() if inspect.isfunction(each)}
