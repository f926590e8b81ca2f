"""GPUs of the fleet over REST: nodes, figures, who uses them, and what is remarkable."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, QueryParameter

from contracts.gpu import Attribution, GpuMetric, GpuSource
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_gpu import (
    GpuMap,
    GpuNodeList,
    GpuProcessList,
    GpuSummary,
    GpuThresholds,
)
from gateway.rest.gpu_history import get_history
from gateway.rest.gpu_moment import moment_of, sampled_moment_of
from gateway.rest.shared import (
    Flag,
    PageNumber,
    PageSize,
    Several,
    Text,
    WithGate,
    choices,
    errors,
    field_error,
    ids,
    page_of,
    raw,
)
from projections.gpu import (
    map_queries,
    node_queries,
    process_queries,
    stamp_queries,
    summary_queries,
    threshold_queries as thresholds,
)
from projections.gpu.sources import Moment
from projections.gpu.view import GpuNodeDetail
from services.runtime.settings_collecting import GpuSettings, Threshold

Model = Annotated[
    list[str] | None, QueryParameter(description="Name of a GPU of the node; may be repeated.")
]
Using = Annotated[str | None, QueryParameter(description="Of a pod that uses a GPU of it.")]
Words = Annotated[
    str | None, QueryParameter(description="A part of its name, its cluster's, or a GPU's.")
]
Sort = Annotated[
    str,
    QueryParameter(
        description="`cluster`, `name`, `last_updated`, `gpus`, `utilization`, `memory`,"
        " `temperature`, `power`; several by comma, `-` in front for descending. The hottest GPU"
        " of a node, the mean of the others."
    ),
]


@get("/nodes", operation_id="listGpuNodes", opt=READERS, summary="Nodes with GPUs",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_nodes(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    node_name: Text = None,
    model: Model = None,
    namespace: Using = None,
    source: Text = None,
    stale: Flag = None,
    q: Words = None,
    sort: Sort = "cluster,name",
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuNodeList]:
    """Nodes with GPUs and what their last samples tell, node by node."""
    wanted = node_queries.NodeFilter(
        cluster_id=ids("cluster_id", cluster_id),
        node_name=node_name,
        model=tuple(model or ()),
        namespace=namespace,
        source=choices("source", [source] if source else None, tuple(GpuSource)),
        stale=stale,
        q=q,
        sort=_sort(sort),
    )
    at = await sampled_moment_of(gate, mine, moment, sequence)
    asked = page_of(page, page_size)
    found = await _briefly(
        gate,
        ("nodes", wanted, asked),
        at,
        lambda: node_queries.listing(gate.database, wanted, asked, at),
    )
    return raw(found, headers=as_of.headers(at.as_of))


def _sort(text: str) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if any(field.removeprefix("-") not in node_queries.SORTABLE for field in fields):
        raise field_error("sort", f"must name some of {', '.join(node_queries.SORTABLE)}")
    return fields


@get("/nodes/{cluster_id:uuid}/{node_name:str}", operation_id="getGpuNode", summary="One node",
     opt=READERS, response_headers=[AS_OF_HEADER], responses=errors(Code.NO_GPU_NODES))  # fmt: skip
async def get_node(
    gate: WithGate,
    mine: Mine,
    cluster_id: FromPath[UUID],
    node_name: FromPath[str],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuNodeDetail]:
    """One node with GPUs, and which of them have disappeared."""
    at = await sampled_moment_of(gate, mine, moment, sequence)
    found = await node_queries.one(gate.database, cluster_id, node_name, at)
    if found is None:
        raise Refused(Code.NO_GPU_NODES, f"nothing is known of GPUs of {node_name} of this cluster")
    return raw(found, headers=as_of.headers(at.as_of))


@get("/summary", operation_id="getGpuSummary", summary="The GPUs of the fleet in figures",
     opt=READERS, response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def get_summary(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    namespace: Using = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuSummary]:
    """How many GPUs there are and how they are used: in all, by model, cluster and namespace.

    Means and sums are over what is known of nodes that are not stale.
    """
    at = await sampled_moment_of(gate, mine, moment, sequence)
    clusters = ids("cluster_id", cluster_id)
    found = await _briefly(
        gate,
        ("summary", clusters, namespace),
        at,
        lambda: summary_queries.summary(gate.database, clusters, namespace, at),
    )
    return raw(found, headers=as_of.headers(at.as_of))


@get("/processes", operation_id="listGpuProcesses", opt=READERS, summary="What uses GPUs",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_processes(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    node_name: Text = None,
    namespace: Text = None,
    gpu_uuid: Text = None,
    attribution: Several = None,
    q: Annotated[
        str | None, QueryParameter(description="A part of its name, or its pod's.")
    ] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuProcessList]:
    """Processes and pods that use GPUs, those with the most memory first."""
    wanted = process_queries.ProcessFilter(
        cluster_id=ids("cluster_id", cluster_id),
        node_name=node_name,
        namespace=namespace,
        gpu_uuid=gpu_uuid,
        attribution=choices("attribution", attribution, tuple(Attribution)),
        q=q,
    )
    at = await sampled_moment_of(gate, mine, moment, sequence)
    found = await process_queries.listing(gate.database, wanted, page_of(page, page_size), at)
    return raw(found, headers=as_of.headers(at.as_of))


@get("/map", operation_id="getGpuMap", opt=READERS, summary="Every GPU of the fleet in few bytes",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def get_map(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuMap]:
    """What a picture of all GPUs is made of: rows instead of objects, in the order of the nodes."""
    at = await sampled_moment_of(gate, mine, moment, sequence)
    clusters = ids("cluster_id", cluster_id)
    found = await _briefly(
        gate,
        ("map", clusters),
        at,
        lambda: map_queries.everything(gate.database, clusters, at),
    )
    return raw(found, headers=as_of.headers(at.as_of))


@get("/thresholds", operation_id="listGpuThresholds", summary="Thresholds, and those crossed",
     opt=READERS, response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_thresholds(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    metric: Several = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[GpuThresholds]:
    """The thresholds in force, and of which GPUs they are crossed, the newest first.

    The thresholds are those of now, whatever time is asked for.
    """
    wanted = thresholds.RaisedFilter(
        cluster_id=ids("cluster_id", cluster_id),
        metric=choices("metric", metric, tuple(GpuMetric)),
    )
    at = await moment_of(gate, mine, moment, sequence)
    levels = _levels(gate.runtime.settings.gpu)
    found = await thresholds.raised(gate.database, wanted, page_of(page, page_size), at, levels)
    return raw(found, headers=as_of.headers(at.as_of))


def _levels(settings: GpuSettings) -> list[thresholds.Level]:
    told: tuple[tuple[GpuMetric, Threshold | None, str], ...] = (
        (GpuMetric.TEMPERATURE, settings.temperature, "°C"),
        (GpuMetric.MEMORY_TEMPERATURE, settings.memory_temperature, "°C"),
        (GpuMetric.MEMORY_USED, settings.memory_used, "%"),
        (GpuMetric.POWER_DRAW, settings.power_draw, "%"),
    )
    return [
        thresholds.Level(metric, level.raise_at, level.clear_at, unit)
        for metric, level, unit in told
        if level is not None
    ]


async def _briefly(
    gate: Gate, question: tuple[Hashable, ...], at: Moment, work: Callable[[], Awaitable[bytes]]
) -> bytes:
    """What looks at every GPU: of now, all who ask at once are given one answer.

    Of what events tell, nothing is late by it: they make it another question.
    """
    if at.as_of is not None:
        return await work()
    seen = None if at.mine.clusters is None else tuple(sorted(at.mine.clusters))
    told = await stamp_queries.stamp(gate.database)
    return await gate.briefly.answered((*question, seen, *told), work)


gpus = Router(
    "/gpu",
    route_handlers=[
        list_nodes,
        get_node,
        get_summary,
        list_processes,
        get_history,
        get_map,
        list_thresholds,
    ],
    tags=["Observability"],
)
