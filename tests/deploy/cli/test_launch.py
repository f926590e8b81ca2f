"""The launcher stays for as long as the platform runs, so it loads only what it needs."""

import subprocess
import sys

_HEAVY = ("nats", "httpx", "litestar", "eventsourcing", "kubernetes", "cryptography")


def test_the_launcher_loads_no_heavy_library() -> None:
    program = (
        "import sys, deploy.cli.main, deploy.cli.launch;"
        f"print([each for each in {_HEAVY} if each in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.strip() == "[]"
