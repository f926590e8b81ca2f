"""The words of a PromQL text: what is too much to parse, and where a fault is.

The parser is recursive native code without a bound, which a long chain of operators would end
together with the process, and it tells no position: both are made up for here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import promql_parser as grammar

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+(?:ms|[smhdwy]))+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^=<>,@:])
    |(?P<wrong>.)""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST, _MOST_SIGNS = 100, 400
"""Far below what the native code and the interpreter take; the time grows with their square."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_CHAINING = frozenset(
    ["-", "+", "*", "/", "%", "^", "<", ">", "==", "!=", "<=", ">=", "and", "or", "unless", "atan2"]
)
_SYNTAX = ("invalid promql", "unclosed", "unexpected", "unterminated", "no expression", "bad ")
_FILLERS = ("", "x", "5m", '"a"', '="a"', 'a="a"', "(x)", "(a) (x)", "(a) x", "start()", "()", "5")
"""What may follow the words of a query that is cut off."""
_RESTS = ("", "(x)", " x")
"""What may follow once its brackets are closed."""
_DURATION_FOLLOWS = frozenset({"[", ":", "offset"})
_LONGEST_DURATION = 1e10
"""Seconds: three hundred years, more than which no Prometheus takes."""
_LONGEST_SEARCHED = 4_096
"""Characters: each try parses the text anew."""
_NEWER_WORDS = frozenset({"anchored", "smoothed"})
_OLDER_FUNCTIONS = frozenset({"holt_winters"})
_IN_DURATIONS = frozenset({"+", "-", "*", "/", "%", "^", "step", "range", "min", "max"})
_NAMED = re.compile(r"(?:unknown function with name|call to(?: function)?) '([^']+)'")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where."""

    position: int
    message: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the text goes on."""
        return self.start + len(self.text)


def tokens(text: str) -> tuple[Token, ...]:
    """The words of a query, without blanks and comments."""
    matches = _TOKEN.finditer(text)
    found = (Token(str(each.lastgroup), each.group(), each.start()) for each in matches)
    return tuple(token for token in found if token.kind != "space")


def without_raw(text: str, found: Sequence[Token]) -> str:
    """The same words with every raw text in double quotes: the parser reads escapes in those too.

    In their order the words are those of ``text``; where they stand may differ.
    """
    told, done = list[str](), 0
    for token in found:
        if token.kind == "string" and token.text.startswith("`"):
            told += [text[done : token.start], _in_quotes(token.text[1:-1])]
            done = token.end
    return "".join([*told, text[done:]])


def worth_parsing(text: str, found: Sequence[Token]) -> Fault | None:
    """What keeps a text from the parser: nothing in it, foreign characters, or too much of it."""
    if not found:
        return Fault(len(text), "there is no expression in it")
    depth = signs = 0
    for token in found:
        if token.kind == "wrong":
            return Fault(token.start, _foreign(token.text))
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        signs += token.text.lower() in _CHAINING
        if depth > _DEEPEST:
            return Fault(token.start, f"brackets are nested more than {_DEEPEST} deep")
        if signs > _MOST_SIGNS:
            return Fault(token.start, f"there are more than {_MOST_SIGNS} operators in it")
    return _too_long(found)


def _too_long(found: Sequence[Token]) -> Fault | None:
    """A duration in bare seconds that the native code would come to grief over."""
    before = ""
    for token in found:
        if before in _DURATION_FOLLOWS and token.kind == "number":
            digits = token.text.lower()
            plain = not digits.startswith("0x") and not digits[-1].isalpha()
            if plain and float(digits) > _LONGEST_DURATION:
                return Fault(token.start, "this duration is too long")
        if token.text not in {"-", "+"}:
            before = token.text.lower()
    return None


def newer_form(found: Sequence[Token]) -> str | None:
    """A word or form that other versions of Prometheus know and the parser does not, if any."""
    inside = 0
    for before, token in pairwise((Token("start", "", 0), *found)):
        if token.text in _NEWER_WORDS and before.kind in {"word", "close"}:
            return f'the modifier "{token.text}"'
        if before.text in _OLDER_FUNCTIONS and token.text == "(":
            return f'the function "{before.text}"'
        inside += (token.text == "[") - (token.text == "]")
        counted = before.text == "offset" and token.text == "("
        if counted or (inside and token.text in _IN_DURATIONS):
            return "arithmetic in a duration"
    return None


def where(text: str, found: Sequence[Token], message: str) -> Fault:
    """Where a fault is that the parser has told of."""
    said = _readable(message)
    named = _NAMED.search(message)
    if named is not None:
        return Fault(_place_of_call(found, named.group(1)), said)
    if not message.startswith(_SYNTAX) or len(text) > _LONGEST_SEARCHED:
        return Fault(0, said)
    low, high = 0, len(found)
    while low < high:  # The most words with which a valid query can begin.
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _may_go_on(text, found[:middle]) else (low, middle - 1)
    if low == len(found):
        return Fault(len(text), f"the query ends too early ({said})")
    return Fault(found[low].start, f"unexpected {found[low].text[:40]}")


def _may_go_on(text: str, found: Sequence[Token]) -> bool:
    """Whether a valid query can begin with these words: tried with what usually follows."""
    begun = text[: found[-1].end]
    closing = _closing(found)
    tried = (f"{begun} {filler}{closing}{rest}" for rest in _RESTS for filler in _FILLERS)
    return any(map(_is_syntax, tried))


def _closing(found: Sequence[Token]) -> str:
    opened: list[str] = []
    for token in found:
        if token.kind == "open":
            opened.append(_CLOSES[token.text])
        elif token.kind == "close" and opened and opened[-1] == token.text:
            opened.pop()
    return "".join(reversed(opened))


def _is_syntax(text: str) -> bool:
    try:
        grammar.parse(text)
    except ValueError as error:
        return not str(error).startswith(_SYNTAX)
    return True


def _place_of_call(found: Sequence[Token], name: str) -> int:
    for token, following in pairwise(found):
        if token.text == name and following.text == "(":
            return token.start
    return 0


def _readable(message: str) -> str:
    return " ".join(message.split())[:300]


def _in_quotes(raw: str) -> str:
    return '"' + "".join(_ESCAPES.get(each, each) for each in raw) + '"'


def _foreign(text: str) -> str:
    if text in "\"'`":
        return f"the text that begins with {text} does not end"
    return f"unexpected character {text!r}"
