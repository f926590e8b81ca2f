"""Settings about which users may do what, and for how long they are logged in."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.access import Bindings
from services.runtime.settings_collecting import Section


class AccessSettings(Section):
    """What groups of users may do; a user is in those that the identity provider names."""

    bindings: Bindings = Field(
        default=(),
        description='JSON: [{"group": "ran", "role": "operator", "selector": {"team": "ran"}}, …];'
        " without a selector for all clusters.",
    )
    bindings_file: Path | None = Field(
        default=None,
        description="Or a file with that list, as YAML or JSON; what changes in it counts at once.",
    )
    session_hours: Annotated[int, Field(ge=1, le=720)] = Field(
        default=12, description="How long a login in a browser is good for, in hours."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.bindings and self.bindings_file is not None:
            raise ValueError("give bindings or bindings_file, not both")
        return self
