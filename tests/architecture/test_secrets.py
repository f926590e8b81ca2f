"""No secret is in the repository."""

import re
import subprocess

from services.runtime.access import TOKEN_PREFIX
from services.runtime.ids import new_secret
from tests.kit.tree import ROOT

SECRET = re.compile(
    rb"%s[A-Za-z0-9_-]{40,}|-----BEGIN [A-Z ]*PRIVATE KEY-----\n" % TOKEN_PREFIX.encode()
)


def test_what_the_search_looks_for_is_what_a_token_looks_like() -> None:
    assert SECRET.search((TOKEN_PREFIX + new_secret()).encode())


def test_no_token_and_no_private_key_was_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert len(files) > 100
    held = [file for file in files if file.is_file() and SECRET.search(file.read_bytes())]
    assert held == []
