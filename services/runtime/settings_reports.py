"""Settings about reports: how long they are kept, and how much of them."""

from typing import Annotated

from pydantic import Field

from services.runtime.settings_collecting import Section


class ReportSettings(Section):
    """Reports that are made of the fleet."""

    retention_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        default=90, description="After so many days a report is deleted."
    )
    max_bytes: Annotated[int, Field(ge=10_000_000)] = Field(
        default=4_000_000_000, description="Of all reports; beyond it none is made."
    )
    seconds: Annotated[float, Field(ge=5, le=600)] = Field(
        default=120.0, description="Seconds that making one may take."
    )
