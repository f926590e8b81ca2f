"""The settings of a command; apart from `reach`, as the launcher stays, and stays small."""

from typing import Any

from deploy.cli.output import fail
from services.runtime.settings import InvalidSettings, Settings, load_settings


def settings_or_fail(**values: Any) -> Settings:
    """The settings; one clear line for a wrong one."""
    try:
        return load_settings(**values)
    except InvalidSettings as error:
        fail(str(error), 2)
