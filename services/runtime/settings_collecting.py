"""Sections of the settings about what is collected, and how long it is kept."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_EVEN = (0, 10, 15, 20, 30, 60, 120, 180, 240, 300)
"""Whole parts of a minute or of an hour: what a schedule can keep to."""


class Section(BaseModel):
    """Settings that belong together; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RetentionSettings(Section):
    """How long things are kept."""

    facts_hours: Annotated[int, Field(ge=1)] = Field(
        default=2160, description="Alerts and other observed facts in the log, in hours."
    )
    telemetry_hours: Annotated[int, Field(ge=1)] = Field(
        default=48, description="Telemetry on the bus, in hours."
    )
    telemetry_bytes: int = Field(default=8_000_000_000, ge=1_000_000, description="And its bytes.")
    commands_bytes: int = Field(
        default=2_000_000_000,
        ge=1_000_000,
        description="Commands not yet handled, in bytes; beyond it they are refused.",
    )
    gpu_samples_hours: Annotated[int, Field(ge=2)] = Field(
        default=48, description="Single samples of GPUs in the database, in hours."
    )
    gpu_minutes_days: Annotated[int, Field(ge=1)] = Field(
        default=14, description="What they were minute by minute, in days."
    )
    gpu_hours_days: Annotated[int, Field(ge=1)] = Field(
        default=400, description="And hour by hour, in days."
    )
    cnf_hours: Annotated[int, Field(ge=2)] = Field(
        default=168, description="How network functions were, in hours."
    )
    dead_letters_days: Annotated[int, Field(ge=1)] = Field(default=30, description="In days.")
    dead_letters_bytes: int = Field(default=2_000_000_000, ge=1_000_000, description="And bytes.")


def _even(seconds: int) -> int:
    if seconds not in _EVEN:
        told = ", ".join(map(str, _EVEN[:-1]))
        raise ValueError(f"must be {told} or {_EVEN[-1]}")
    return seconds


class CollectorSettings(Section):
    """What is asked of clusters' backends without anybody's asking."""

    error_traces_seconds: Annotated[int, AfterValidator(_even)] = Field(
        default=60,
        description="From one look for new error traces to the next; EDGE: at least 300; 0: none.",
    )
    alerts_seconds: Annotated[int, AfterValidator(_even)] = Field(
        default=60,
        description="From asking a cluster for its alerts to the next time; EDGE and FAR_EDGE: at"
        " least 120; 0: never.",
    )
    gpu_seconds: Annotated[int, AfterValidator(_even)] = Field(
        default=15,
        description="From one sample of a cluster's GPUs to the next; FAR_EDGE: at least 60; 0:"
        " none.",
    )
    cnf_seconds: Annotated[int, AfterValidator(_even)] = Field(
        default=60,
        description="From one look at a cluster's network functions to the next; FAR_EDGE: at"
        " least 120; 0: none.",
    )


class Threshold(Section):
    """A level at which a value is told as too high, and the lower one at which it is well again."""

    raise_at: float = Field(description="The level or above: crossed.")
    clear_at: float = Field(description="Below this level: cleared.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.clear_at > self.raise_at:
            raise ValueError("clear_at must not be above raise_at")
        return self


class GpuSettings(Section):
    """What counts as remarkable about GPUs."""

    namespace: str = Field(
        default="nvidia-gpu-operator",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="Where the pods are in which nvidia-smi is run.",
    )
    temperature: Threshold | None = Field(
        default=Threshold(raise_at=85, clear_at=80), description="°C; null: never told."
    )
    memory_temperature: Threshold | None = Field(
        default=Threshold(raise_at=95, clear_at=90), description="°C; null: never told."
    )
    memory_used: Threshold | None = Field(
        default=Threshold(raise_at=97, clear_at=92),
        description="Per cent of its memory; null: never told.",
    )
    power_draw: Threshold | None = Field(
        default=None, description="Per cent of its limit; null: never told."
    )
    idle_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=5.0, description="A GPU is idle that stays below this utilisation."
    )
    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=15, description="For so long; one that is idle and held by a pod is wasted."
    )


class IncidentSettings(Section):
    """How long is waited for what belongs together, and until something counts as over."""

    settle_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        default=30.0, description="A warning waits so long for company before it opens an incident."
    )
    settle_critical_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        default=10.0, description="The same of something critical."
    )
    quiet_seconds: Annotated[float, Field(ge=1, le=86_400)] = Field(
        default=300.0, description="An incident of which all has ended for so long is resolved."
    )


class AnomalySettings(Section):
    """From when on what is unusual is told."""

    learning_seconds: Annotated[float, Field(ge=0, le=2_592_000)] = Field(
        default=86_400.0,
        description=(
            "A series is only learnt for so long; nothing but a crossed bound is told of it."
        ),
    )
