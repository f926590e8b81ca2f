"""The fleet's health over REST: one cluster over time, and all of them at once."""

from datetime import timedelta
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath

from contracts.clusters import RefreshCluster
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.clusters import CHANGE_ERRORS, WRITE_HEADERS, show
from gateway.rest.documented import FleetCapabilities, FleetHealth, FleetSummary
from gateway.rest.shared import AnyRequest, Duration, WithGate, duration, errors, field_error, raw
from gateway.rest.writes import write
from projections.fleet import health_queries as queries
from projections.fleet.view import ClusterHealth, ClusterView

_KEPT = timedelta(days=7)
_PATIENCE = 45.0
"""Seconds: a large cluster takes some to be looked at."""
_REFRESH_ERRORS = CHANGE_ERRORS | errors(
    Code.CLUSTER_NOT_FOUND, Code.DISCOVERY_FAILED, Code.BUS_UNAVAILABLE
)


@get("/{cluster_id:uuid}/status", operation_id="getClusterStatus", summary="Health of a cluster",
     opt=READERS, response_headers=[AS_OF_HEADER],
     responses=errors(Code.CLUSTER_NOT_FOUND))  # fmt: skip
async def cluster_status(
    gate: WithGate,
    mine: Mine,
    cluster_id: FromPath[UUID],
    step: Duration = None,
    window: Duration = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ClusterHealth]:
    """The last checks, the runs of the last seven days and, by ``step``, the worst of each step."""
    every = duration("step", step) if step else timedelta()
    back = min(duration("window", window) if window else timedelta(days=1), _KEPT)
    if every and back / every > queries.MOST_STEPS:
        raise field_error("step", f"must cut the window into at most {queries.MOST_STEPS} steps")
    at = await as_of.find(gate, moment, sequence, "fleet")
    until = gate.clock.now() if at is None or at.at is None else at.at
    wanted = queries.Window(until, back, every)
    found = await queries.one(gate.database, cluster_id, wanted, mine, at)
    if found is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
    return raw(found, headers=as_of.headers(at))


@post("/{cluster_id:uuid}/refresh", operation_id="refreshCluster", summary="Check a cluster now",
      opt=giving(RefreshCluster), status_code=200, response_headers=WRITE_HEADERS,
      responses=_REFRESH_ERRORS)  # fmt: skip
async def refresh_cluster(
    gate: WithGate, request: AnyRequest, cluster_id: FromPath[UUID]
) -> Response[ClusterView]:
    """Check the cluster's health and find out what it can do; the answer shows what was found."""
    command = RefreshCluster(cluster_id=cluster_id)
    return await show(gate, await write(gate, request, command, "fleet", wait=_PATIENCE))


@get("/summary", operation_id="getFleetSummary", opt=READERS, summary="The fleet in figures",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def fleet_summary(
    gate: WithGate, mine: Mine, moment: AsOfTime = None, sequence: AsOfSequence = None
) -> Response[FleetSummary]:
    """Clusters by state, type and environment, and their average score."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    return raw(await queries.summary(gate.database, mine, at), headers=as_of.headers(at))


@get("/capabilities", operation_id="getFleetCapabilities", summary="What the fleet can do",
     opt=READERS, response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def fleet_capabilities(
    gate: WithGate, mine: Mine, moment: AsOfTime = None, sequence: AsOfSequence = None
) -> Response[FleetCapabilities]:
    """GPUs, CNF workloads, backends and versions over all clusters that were looked at."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    return raw(await queries.capabilities(gate.database, mine, at), headers=as_of.headers(at))


@get("/health", operation_id="getFleetHealth", opt=READERS, summary="Health of all clusters",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def fleet_health(
    gate: WithGate, mine: Mine, moment: AsOfTime = None, sequence: AsOfSequence = None
) -> Response[FleetHealth]:
    """Every cluster's health, worst first."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    return raw(await queries.health(gate.database, mine, at), headers=as_of.headers(at))


cluster_health = Router(
    "/clusters", route_handlers=[cluster_status, refresh_cluster], tags=["Fleet registry"]
)
fleet = Router(
    "/fleet",
    route_handlers=[fleet_summary, fleet_health, fleet_capabilities],
    tags=["Fleet registry"],
)
