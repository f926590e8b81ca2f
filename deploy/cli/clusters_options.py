"""Options of `aiops cluster` as fields of a request, and the files that they name."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from contracts.clusters import ClusterType, Environment, Platform
from deploy.cli.flatten import MOST_BYTES, LocalKubeconfig, NotUsable
from deploy.cli.output import fail

_WRONG_USE = 2
_STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a registration says about a cluster beside its name and its addresses."""

    cluster_type: str | None = None
    platform: str | None = None
    environment: str | None = None
    region: str | None = None
    labels: Sequence[str] = ()
    site: str | None = None

    def fields(self) -> dict[str, Any]:
        """Those that were given, as the gateway takes them."""
        found = {
            "cluster_type": _choice("--type", ClusterType, self.cluster_type),
            "platform": _choice("--platform", Platform, self.platform),
            "environment": _choice("--environment", Environment, self.environment),
            "region": self.region,
            "site": self.site,
            "labels": _labels(self.labels),
        }
        return {name: value for name, value in found.items() if value}


class Inputs:
    """Reads the files that options name; `-` is standard input, for one of them."""

    def __init__(self) -> None:
        self._reader = ""

    def secret(self, option: str, path: Path) -> str:
        """A token: what the file holds, without blanks around it."""
        text = self.text(option, path, 64 << 10).strip()
        return text or fail(f"{option}: {path} is empty", _WRONG_USE)

    def kubeconfig(self, path: Path) -> LocalKubeconfig:
        """A kubeconfig, and the folder that its own paths begin at."""
        text = self.text("--kubeconfig", path, MOST_BYTES)
        folder = Path() if path == _STANDARD_INPUT else path.parent
        try:
            return LocalKubeconfig.read(text, folder.absolute())
        except NotUsable as error:
            fail(f"{path}: {error}")

    def text(self, option: str, path: Path, most: int) -> str:
        """What a file holds; never more than ``most`` bytes."""
        try:
            content = self._content(option, path, most)
            if len(content) > most:
                fail(f"{option}: {path} is longer than {most} bytes", _WRONG_USE)
            return content.decode()
        except OSError as error:
            fail(f"{option}: {path} cannot be read: {error.strerror}", _WRONG_USE)
        except UnicodeDecodeError:
            fail(f"{option}: {path} is no text in UTF-8", _WRONG_USE)

    def _content(self, option: str, path: Path, most: int) -> bytes:
        if path != _STANDARD_INPUT:
            with path.open("rb") as file:
                return file.read(most + 1)
        if self._reader:
            fail(
                f"standard input is for {self._reader} already, and cannot be {option}", _WRONG_USE
            )
        self._reader = option
        return sys.stdin.buffer.read(most + 1)


def _choice(option: str, kind: type[StrEnum], text: str | None) -> str | None:
    if text is None:
        return None
    wanted = text.upper().replace("-", "_")
    if wanted not in tuple(kind):
        fail(f"{option} must be one of {', '.join(kind)}", _WRONG_USE)
    return wanted


def _labels(pairs: Sequence[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not key or not sign:
            fail(f"--label {pair}: must be key=value", _WRONG_USE)
        labels[key] = value
    return labels
