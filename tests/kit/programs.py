"""Programs of the system's packages that tests run."""

import shutil

import pytest

from services.runtime.settings import environment


def program(name: str) -> str:
    """The path of a program; without it the test is skipped here and fails in CI."""
    found = shutil.which(name)
    if found is None:
        why = f"{name} is not installed (Debian package {name})"
        if environment().get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found
