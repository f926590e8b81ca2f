"""What is said of replays on the live socket."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from contracts.envelope import Timestamp
from gateway.live.messages import LiveFrame, Subscription, SubscriptionId

FULL_SPEED = 0.0


def _number(speed: object) -> object:
    return FULL_SPEED if speed == "max" else speed


Speed = Annotated[
    float,
    BeforeValidator(_number, json_schema_input_type=float | Literal["max"]),
    Field(ge=0, le=1_000_000, allow_inf_nan=False),
]
"""So many times faster than it was; 0 or ``max``: as fast as the client takes it."""


class Replay(LiveFrame):
    """Send me what happened in a window of the log's time, with the gaps that there were."""

    type: Literal["replay"]
    id: SubscriptionId | None = None
    start: Timestamp = Field(alias="from")
    """Inclusive."""
    end: Timestamp | None = Field(default=None, alias="to")
    """Exclusive; without it, and if it lies ahead, up to the newest event there is."""
    speed: Speed = 1.0
    batch: bool = False
    """Several events may come in one frame."""
    telemetry: bool = False
    """Measurements too, as far back as they are kept."""
    filters: Subscription = Subscription()
    """As of a subscription, without ``since_sequence`` and ``since_time``."""

    @model_validator(mode="after")
    def _forth(self) -> "Replay":
        if self.end is not None and self.end <= self.start:
            raise ValueError("`to` must be later than `from`")
        if self.filters.model_fields_set & {"since_sequence", "since_time"}:
            raise ValueError("`filters` take no since_…: the window says it")
        return self


class ReplayControl(LiveFrame):
    """Do something with a replay that is under way."""

    type: Literal["replay_control"]
    id: SubscriptionId | None = None
    action: Literal["pause", "resume", "seek", "speed", "stop"]
    to: Timestamp | None = None
    """With ``seek``: where to go on, in the window; what was sent may come again."""
    speed: Speed | None = None
    """With ``speed``."""

    @model_validator(mode="after")
    def _complete(self) -> "ReplayControl":
        if (self.to is None) is (self.action == "seek"):
            raise ValueError("`to` goes with seek, and with nothing else")
        if (self.speed is None) is (self.action == "speed"):
            raise ValueError("`speed` goes with speed, and with nothing else")
        return self


State = Literal["playing", "paused", "ended", "stopped"]


class ReplayState(LiveFrame):
    """How a replay stands: when that changes, and once a second while it plays."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    type: Literal["replay_state"] = "replay_state"
    id: str | None
    state: State
    start: Timestamp = Field(serialization_alias="from")
    end: Timestamp | None = Field(serialization_alias="to")
    position: Timestamp
    """The time of the log that it has come to."""
    sequence: int | None
    """The last event that was sent."""
    speed: float | Literal["max"]
    """As it may be asked for."""
    sent: int
    """Events so far, those that were sent again counted again."""
    whole_from: Timestamp | None
    """Events of the window before this time may have aged out of the log; null: it has all."""
