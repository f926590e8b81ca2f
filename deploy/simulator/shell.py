"""As much of a shell as a simulated pod needs: statements, pipes, and where output goes."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

MISSING, MISUSED = 127, 2
_ENDS = frozenset({";", "\n", "&&", "||"})
_UNTERMINATED = "sh: syntax error: unterminated quoted string\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program has printed, and how it ended."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


Program = Callable[[Sequence[str], str], Outcome | None]
"""Runs words with an input; None if there is no such program."""


def script(program: Program, text: str) -> Outcome:
    """Run statements one after another."""
    whole, skip = Outcome(), False
    try:
        tokens = _tokens(text)
    except ValueError:
        return Outcome(stderr=_UNTERMINATED, code=MISUSED)
    for words, end in _statements(tokens):
        if words[:1] == ["exit"] and not skip:
            return replace(whole, code=_exit_code(words, whole.code))
        if words and not skip:
            done = _pipeline(program, words)
            whole = Outcome(whole.stdout + done.stdout, whole.stderr + done.stderr, done.code)
        skip = (end == "&&" and whole.code != 0) or (end == "||" and whole.code == 0)
    return whole


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";|&<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    return list(lexer)


def _statements(tokens: Sequence[str]) -> list[tuple[list[str], str]]:
    """Words, and what ends them."""
    found, words = list[tuple[list[str], str]](), list[str]()
    for token in tokens:
        if token in _ENDS:
            found.append((words, token))
            words = []
        else:
            words.append(token)
    return [*found, (words, "")]


def _pipeline(program: Program, words: Sequence[str]) -> Outcome:
    given, stderr, done = "", "", Outcome()
    for part in _parts(words):
        done = _directed(program, part, given)
        given, stderr = done.stdout, stderr + done.stderr
    return replace(done, stderr=stderr)


def _parts(words: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            found.append([])
        else:
            found[-1].append(word)
    return found


def _directed(program: Program, words: list[str], given: str) -> Outcome:
    """One command, with its output where it shall go."""
    match words:
        case [*command, ">&", "2"]:
            done = _run(program, command, given)
            return Outcome(stderr=done.stdout + done.stderr, code=done.code)
        case [*command, "2", ">&", "1"]:
            done = _run(program, command, given)
            return Outcome(done.stdout + done.stderr, code=done.code)
        case [*command, "2", ">", "/dev/null"]:
            return replace(_run(program, command, given), stderr="")
        case [*command, ">", "/dev/null"]:
            return replace(_run(program, command, given), stdout="")
        case _:
            return _run(program, words, given)


def _run(program: Program, words: Sequence[str], given: str) -> Outcome:
    done = program(words, given) if words else None
    if done is None:
        return Outcome(stderr=f"sh: {''.join(words[:1])}: not found\n", code=MISSING)
    return done


def _exit_code(words: Sequence[str], last: int) -> int:
    if len(words) == 1:
        return last
    return int(words[1]) & 0xFF if words[1].isdecimal() and len(words[1]) < 10 else MISUSED
