"""Pages whose examples are run as they are written, and what they say of their outcome."""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kit.tree import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_END = "end-of-step"
_LEFT_OUT = "…"


def blocks(page: str, language: str) -> list[str]:
    """All blocks of a page in one language."""
    return [code for found, code in _BLOCK.findall((ROOT / page).read_text()) if found == language]


@dataclass(frozen=True)
class Step:
    """One example, and what it prints as the page shows it; None where the page does not."""

    language: str
    code: str
    shown: str | None = None

    @property
    def script(self) -> str:
        """The example for a shell that runs all of a page."""
        if self.language == "sh":
            return self.code
        return f"python - <<'{_END}'\n{self.code}{_END}\n"


def steps(page: str) -> list[Step]:
    """The page's examples in sh and python; a block of text is what the one before it prints."""
    found: list[Step] = []
    for language, code in _BLOCK.findall((ROOT / page).read_text()):
        if language in {"sh", "python"}:
            found.append(Step(language, code))
        elif language == "text":
            assert found, f"{page}: text before any example"
            assert found[-1].shown is None, f"{page}: two outputs of one example"
            found[-1] = Step(found[-1].language, found[-1].code, code)
    return found


def run_steps(told: Sequence[Step], surroundings: Mapping[str, str], within: float) -> list[str]:
    """Run the steps one after the other in one shell, in the checkout; what each has printed."""
    marks = "".join(f"{step.script}\necho {_END}\n" for step in told)
    with tempfile.TemporaryDirectory(prefix="aiops-guide-") as folder:
        file = Path(folder, "guide.sh")
        file.write_text(f"set -euo pipefail\n{marks}")
        done = subprocess.run(
            ["bash", str(file)],
            cwd=ROOT,
            env=dict(surroundings),
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
    printed = done.stdout.split(f"{_END}\n")
    code = told[min(len(printed) - 1, len(told) - 1)].code
    assert done.returncode == 0, f"{code}\n{printed[-1]}{done.stderr}"
    return printed[: len(told)]


def differs(shown: str, printed: str) -> str | None:
    """Where an output is not what its page shows; None if it is. Spaces are as good as lines."""
    wanted, found = " ".join(shown.split()), " ".join(printed.split())
    pieces = [piece.strip() for piece in wanted.split(_LEFT_OUT)]
    if not found.startswith(pieces[0]):
        return f"it does not begin with {pieces[0]!r}: {found!r}"
    at = len(pieces[0])
    for piece in pieces[1:]:
        began = found.find(piece, at)
        if began < 0:
            return f"{piece!r} does not come after {found[:at]!r}: {found[at:]!r}"
        at = began + len(piece)
    if pieces[-1] and not found.endswith(pieces[-1]):
        return f"it does not end with {pieces[-1]!r}: {found!r}"
    return None


def wrong(told: Sequence[Step], printed: Sequence[str]) -> Iterator[str]:
    """Each step whose output is not what its page shows, and how."""
    for step, output in zip(told, printed, strict=True):
        how = None if step.shown is None else differs(step.shown, output)
        if how is not None:
            yield f"{step.code}\n{how}"
