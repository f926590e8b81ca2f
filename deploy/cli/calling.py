"""How a subcommand is reached: its module is imported when it is called, not before."""

import asyncio
import importlib
from typing import Any


def call(module: str, function: str, *arguments: Any, **options: Any) -> Any:
    """Call a function of a module below `deploy`."""
    return getattr(importlib.import_module(f"deploy.{module}"), function)(*arguments, **options)


def perform(module: str, function: str, *arguments: Any, **options: Any) -> Any:
    """Run a coroutine function of a module below `deploy.cli` to its end."""
    try:
        return asyncio.run(call(f"cli.{module}", function, *arguments, **options))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
