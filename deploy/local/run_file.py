"""``run.json``: what runs now, and how to reach it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.private import write_private


@dataclass(frozen=True, slots=True)
class Run:
    """The contents of the file."""

    gateway: str
    nats: str
    database: str
    token: str
    pid: int
    parts: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class RunFile:
    """The file in a data directory."""

    path: Path

    def write(self, run: Run) -> None:
        """Replace it in one step; nobody else may read it."""
        write_private(self.path, json.dumps(asdict(run), indent=2) + "\n")

    def take(self) -> str:
        """Remove it and tell the token in it: of a run that was killed and could not revoke it."""
        try:
            left: Any = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            left = {}
        self.path.unlink(missing_ok=True)
        return str(left.get("token", "")) if isinstance(left, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
