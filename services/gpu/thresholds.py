"""The levels at which values of GPUs are told, as the settings have them."""

from contracts.gpu import GpuMetric
from services.gpu.domain import Level, Levels
from services.runtime.settings_collecting import GpuSettings


def levels(settings: GpuSettings) -> Levels:
    """By metric; those that are never told are left out."""
    by_metric = {
        GpuMetric.TEMPERATURE: settings.temperature,
        GpuMetric.MEMORY_TEMPERATURE: settings.memory_temperature,
        GpuMetric.MEMORY_USED: settings.memory_used,
        GpuMetric.POWER_DRAW: settings.power_draw,
    }
    return {
        metric: Level(threshold.raise_at, threshold.clear_at)
        for metric, threshold in by_metric.items()
        if threshold is not None
    }
