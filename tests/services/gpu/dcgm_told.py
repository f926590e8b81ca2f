"""Series of exporters as a Prometheus answers them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from contracts.gpu import Gpu, GpuUpdate
from services.gpu.dcgm_fields import METRICS
from services.gpu.dcgm_parsing import Origin, updates
from services.gpu.dcgm_series import Labels, Series
from tests.kit.samples import CLUSTER_ID

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = NOW.timestamp() - 5
ORIGIN = Origin(CLUSTER_ID, "it is there", NOW, 15)
UUID = "GPU-4e75c9ab-0ed7-8a57-75f5-23761b9f053f"
LABELS = {"uuid": UUID, "gpu": "0", "device": "nvidia0", "target": "10.0.0.1:9400"}
_NAMES = {what.name: name for name, what in reversed(list(METRICS.items()))}
KEYS = ("uuid", "old_uuid", "gpu", "device", "instance_id", "target")


def values(labels: Mapping[str, str] | None = None, **told: float | str) -> list[Series]:
    """Metrics of one GPU, named after what they are about."""
    of = {name: text for name, text in {**LABELS, **(labels or {})}.items() if name in KEYS}
    return [
        Series(Labels(metric=_NAMES.get(what, what), **of), (AT, str(value)))
        for what, value in told.items()
    ]


def described(labels: Mapping[str, str] | None = None, *, at: float = AT) -> Series:
    """All labels of a GPU, and when its target was scraped."""
    whole = {**LABELS, "host": "worker-1", **(labels or {})}
    return Series(Labels(kind="labels", **whole), (NOW.timestamp(), f"{at}"))


def all_of(series: Sequence[Series]) -> list[GpuUpdate]:
    """What is made of them, node by node."""
    return updates(series, ORIGIN)


def one(*series: Series) -> Gpu:
    """The only GPU of the only node."""
    (update,) = all_of(series)
    (gpu,) = update.gpus
    return gpu
