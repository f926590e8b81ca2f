"""Samples the GPUs of a whole cluster from the metrics of dcgm-exporter in its Prometheus.

Source: https://github.com/NVIDIA/dcgm-exporter; "Querying basics",
https://prometheus.io/docs/prometheus/latest/querying/basics/.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from contracts.gpu import GpuUpdate
from contracts.telemetry import Budget, QueryMetrics
from services.gpu.dcgm_fields import METRICS
from services.gpu.dcgm_parsing import Origin, updates
from services.gpu.dcgm_series import DESCRIBING, KEY, POD, Series
from services.runtime.backends.backend import Backend
from services.runtime.backends.bodies import read
from services.runtime.backends.prometheus import Prometheus

BUDGET = Budget(bytes=64 * 1024 * 1024, series=200_000)
"""Of one cluster's answer: some 5,000 GPUs; to be given to `backend_of`."""
_DATED = (
    "DCGM_FI_DEV_GPU_TEMP",
    "DCGM_FI_DEV_FB_USED",
    "DCGM_FI_DEV_SM_CLOCK",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "DCGM_FI_DEV_GPU_TEMP_CELSIUS",
)
"""Each exporter has at least one of these; all metrics of a GPU have the same labels."""


def _query() -> str:
    """Values with the few labels that tell GPUs apart, and each GPU's labels once with a time.

    In one question, so that all is of the same moment. Each part has a label more, as ``or`` takes
    nothing that looks like a series before it. Where an exporter calls its pod its host, only the
    metrics of the pods themselves (kube-state-metrics) tell on which node that is.
    """
    values = f'max by (__name__, {", ".join(KEY)}) ({{__name__=~"{"|".join(METRICS)}"}})'
    scraped = " or ".join(f"timestamp({name})" for name in _DATED)
    described = f"max by ({', '.join(DESCRIBING)}) ({scraped})"
    pods = 'max by (pod, node) (kube_pod_info{pod=~".*dcgm.*"})'
    named = {"labels": described, POD: pods}
    more = [f'label_replace({each}, "kind", "{kind}", "", "")' for kind, each in named.items()]
    return " or ".join([values, *more])


QUERY = _query()


async def sample(
    backend: Backend, cluster_id: UUID, *, reason: str, now: datetime, interval: int
) -> list[GpuUpdate]:
    """What the cluster's GPUs are like, node by node; nothing if it has no such metrics.

    ``backend`` is its Prometheus, with `BUDGET`; ``interval`` is told as that of the samples, in
    seconds. Refused for whatever is wrong with the Prometheus or its answer.
    """
    found = await Prometheus(backend, BUDGET.series).query(QueryMetrics(query=QUERY, budget=BUDGET))
    series = read(backend.which, msgspec.Raw(found.data), list[Series])
    return updates(series, Origin(cluster_id, reason, now, interval))
