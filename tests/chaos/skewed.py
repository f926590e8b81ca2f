"""Parts of a running hub whose clocks are wrong, by libfaketime."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from services.runtime.settings import Settings
from tests.kit.part_process import PartProcess

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Debian's package `faketime`; None where it is not installed."""


@contextmanager
def skewed(settings: Settings, by: str) -> Generator[None]:
    """One more of the workers and of the projector, with this offset, for the time of a block."""
    told = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME": by,
        # Time-outs and deadlines go by the monotonic clock, which nobody sets.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with ExitStack() as stack:
        for part in ("workers", "projector"):
            process = PartProcess(settings, f"{part}-{by}", told, part=part)
            stack.callback(process.kill)
        yield
