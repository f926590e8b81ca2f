"""The little shell of simulated pods."""

from collections.abc import Sequence

import pytest

from deploy.simulator.shell import Outcome, script


def program(words: Sequence[str], given: str) -> Outcome | None:
    match words:
        case ["echo", *rest]:
            return Outcome(" ".join(rest) + "\n")
        case ["warn", *rest]:
            return Outcome(stderr=" ".join(rest) + "\n")
        case ["fail", code]:
            return Outcome(code=int(code))
        case ["upper"]:
            return Outcome(given.upper())
        case _:
            return None


@pytest.mark.parametrize(
    ("text", "stdout", "stderr", "code"),
    [
        ("", "", "", 0),
        ("echo a; echo b", "a\nb\n", "", 0),
        ("echo a\necho b\n", "a\nb\n", "", 0),
        ("echo 'a; b' \"c | d\"", "a; b c | d\n", "", 0),
        ("echo a | upper", "A\n", "", 0),
        ("echo a | upper | upper; fail 3", "A\n", "", 3),
        ("warn x | upper", "", "x\n", 0),
        ("nothing | upper", "", "sh: nothing: not found\n", 0),
        ("echo a | nothing", "", "sh: nothing: not found\n", 127),
        ("echo a >&2", "", "a\n", 0),
        ("warn a 2>&1", "a\n", "", 0),
        ("warn a 2>/dev/null; echo b", "b\n", "", 0),
        ("echo a >/dev/null", "", "", 0),
        ("fail 1 && echo a; echo b", "b\n", "", 0),
        ("fail 1 || echo a", "a\n", "", 0),
        ("echo a || echo b", "a\n", "", 0),
        ("fail 4; exit", "", "", 4),
        ("exit 300; echo a", "", "", 44),
        ("exit x", "", "", 2),
        ("fail 1 && exit 5; echo a", "a\n", "", 0),
        ("echo 'a", "", "sh: syntax error: unterminated quoted string\n", 2),
    ],
)
def test_statements_run_one_after_another(text: str, stdout: str, stderr: str, code: int) -> None:
    assert script(program, text) == Outcome(stdout, stderr, code)
