"""Shapes of what is asked and answered about silences, for the OpenAPI document.

A test reads real answers through these models.
"""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from contracts.alerts import LabelName
from contracts.envelope import Message, Timestamp
from gateway.federation.silences import SilenceState
from gateway.rest.documented_logs import Whole
from projections.alerts.view import AlertView

_DURATION = r"^0*[1-9][0-9]{0,6}[smhdw]$"


def _duration(text: str) -> str:
    if re.fullmatch(_DURATION, text) is None:
        told = "must be a whole number and a unit (s, m, h, d or w), such as 2h"
        raise PydanticCustomError("duration", told)
    return text


Duration = Annotated[
    str,
    AfterValidator(_duration),
    Field(examples=["2h"], json_schema_extra={"pattern": _DURATION}),
]


class SilenceRequest(Message):
    """For how long an alert is silenced, and why; either ``duration`` or ``ends_at``."""

    duration: Duration | None = None
    """From now on."""
    ends_at: Timestamp | None = None
    """Within 30 days."""
    comment: Annotated[str, Field(max_length=1024)] = ""
    labels: Annotated[tuple[LabelName, ...] | None, Field(min_length=1, max_length=64)] = None
    """Names of labels that must be as this alert has them; by default all of them.

    With fewer, more alerts than this one are silenced.
    """


class SilenceMade(Message):
    """A silence that was made."""

    silence_id: str
    cluster_id: UUID
    labels: dict[str, str]
    """What an alert must have to be silenced by it."""
    ends_at: Timestamp
    comment: str
    alert: AlertView
    """As it is now."""
    warnings: list[str]
    """For example that the alert has ended already."""


class SilenceMatcher(Message):
    """What a label of an alert must be, or must not be."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool
    """False where it must be anything else."""


class ClusterSilence(Message):
    """A silence of a cluster's Alertmanager, whoever has made it."""

    id: str
    cluster_id: UUID
    cluster_name: str
    state: SilenceState
    matchers: list[SilenceMatcher]
    starts_at: Timestamp
    ends_at: Timestamp
    created_by: str
    comment: str
    command_id: UUID | None
    """Of the command by which it was made here; null if somebody made it there."""


class SilenceList(Whole):
    """Silences of all clusters that have answered."""

    items: list[ClusterSilence]
    """Active ones first, those before others that end sooner."""
    total: int
    """How many there are, also of those beyond the limit."""
