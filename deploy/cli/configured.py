"""The settings of a command; apart from `reach`, as the launcher stays, and stays small."""

from typing import Any

from deploy.cli.output import fail
from deploy.platform import platform_settings
from services.runtime.settings import InvalidSettings, Settings


def settings_or_fail(**values: Any) -> Settings:
    """The settings; one clear line for a wrong one."""
    try:
        return platform_settings(**values)
    except InvalidSettings as error:
        fail(str(error), 2)
