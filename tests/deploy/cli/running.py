"""Runs the command `aiops` in this process, as a user would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from deploy.cli.main import app


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """What it said, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Aiops:
    """The command with its environment."""

    runner: CliRunner
    environment: Mapping[str, str | None]

    def __call__(self, *words: str, stdin: str | None = None, **variables: str) -> Said:
        env = {**self.environment, **variables}
        result = self.runner.invoke(app, [*words], input=stdin, env=env)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def well(self, *words: str, **options: Any) -> Said:
        """The same, which must end well."""
        said = self(*words, **options)
        assert said.code == 0, said
        return said
