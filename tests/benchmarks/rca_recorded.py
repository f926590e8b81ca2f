"""Recorded incidents: documents, and the scorer beside them."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Ranks = Mapping[str, list[str]]
"""Entities by case, the most likely first."""
Truth = Mapping[str, Any]


def document(path: Path) -> Any:
    """A JSON document."""
    return json.loads(path.read_text())


def scorer(path: Path) -> Any:
    """The module that scores ranks."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
