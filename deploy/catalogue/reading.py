"""What only the source tells: texts of fields, who makes events, and who folds them."""

import ast
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from contracts.envelope import Event

ROOT = Path(__file__).parents[2]
_MADE_BY = frozenset({"model_validate", "model_construct"})
_ASKS = frozenset({"isinstance", "issubclass"})


@cache
def texts(described: type) -> Mapping[str, str]:
    """What stands below the fields of a class, its bases' included, or below an enum's members."""
    told: dict[str, str] = {}
    for each in reversed(described.__mro__):
        if each.__module__.partition(".")[0] == "contracts":
            told |= _below_names(each)
    return told


def _below_names(described: type) -> dict[str, str]:
    written = ast.parse(textwrap.dedent(inspect.getsource(described))).body[0]
    body = written.body if isinstance(written, ast.ClassDef) else []
    told: dict[str, str] = {}
    for statement, after in pairwise(body):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                told[name] = inspect.cleandoc(text)
            case _:
                pass
    return told


def owner(model: type[BaseModel], field: str) -> type:
    """The class that a field is written in."""
    return next(each for each in model.__mro__ if field in inspect.get_annotations(each))


def types_in(annotation: object) -> Iterator[type[BaseModel] | type[Enum]]:
    """The models and enums that an annotation names."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel | Enum):
        yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def made_in(events: Iterable[type[Event]]) -> Mapping[str, list[str]]:
    """The modules that make each event; that hand its class to a maker, where none does."""
    names = frozenset(event.__name__ for event in events)
    made: defaultdict[str, set[str]] = defaultdict(set)
    handed: defaultdict[str, set[str]] = defaultdict(set)
    for path, call in _calls("services", "gateway"):
        match call.func:
            case ast.Name(id=name):
                made[name].add(path)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if attribute in _MADE_BY:
                made[name].add(path)
            case _:
                pass
        if not (isinstance(call.func, ast.Name) and call.func.id in _ASKS):
            for argument in call.args:
                if isinstance(argument, ast.Name):
                    handed[argument.id].add(path)
    return {name: sorted(made[name] or handed[name]) for name in names}


def folded_by(events: Iterable[type[Event]]) -> Mapping[str, list[str]]:
    """The projections that fold each event, by what they register."""
    names = frozenset(event.__name__ for event in events)
    folded: defaultdict[str, set[str]] = defaultdict(set)
    for path, call in _calls("projections"):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="projection"), attr="on"),
                args=[ast.Name(id=name)],
            ):
                folded[name].add(path.split("/")[1])
            case _:
                pass
    return {name: sorted(folded[name]) for name in names}


def _calls(*rooms: str) -> Iterator[tuple[str, ast.Call]]:
    for room in rooms:
        for path in sorted((ROOT / room).glob("**/*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path.relative_to(ROOT).as_posix(), node
