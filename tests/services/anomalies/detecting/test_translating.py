"""A kernel for floats means the same for arrays."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from services.anomalies.detecting.many import IFS
from services.anomalies.detecting.translating import for_arrays

KERNEL = """
def kernel(a, b):
    found = a if a > b else b
    if a > 2.0:
        found = -a if (a > 2.0) & (not (b > 0.0)) else found
    return found
"""
LAZY = """
def kernel(a, b):
    return a > 1.0 and b > 1.0
"""


def module(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = tmp_path / "a_kernel.py"
    path.write_text(source)
    made = ModuleType("a_kernel")
    made.__file__ = str(path)
    exec(compile(source, path, "exec"), made.__dict__)
    monkeypatch.setitem(sys.modules, "a_kernel", made)
    return made


def test_every_series_chooses_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = module(tmp_path, KERNEL, monkeypatch)
    cases = [(1.0, 2.0), (2.0, 1.0), (3.0, 1.0), (3.0, -1.0), (3.0, 0.0)]
    alone = [kernel.kernel(*case) for case in cases]
    together = for_arrays(kernel, IFS)["kernel"](*np.array(cases).T)
    assert together.tolist() == alone


def test_what_arrays_cannot_say_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SyntaxError, match="line 3: a kernel says"):
        for_arrays(module(tmp_path, LAZY, monkeypatch), IFS)
