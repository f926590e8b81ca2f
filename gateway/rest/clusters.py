"""The fleet registry over REST."""

from typing import Any, cast
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post, put
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import JsonValue

from contracts.clusters import (
    ClusterState,
    ClusterType,
    DeleteCluster,
    Environment,
    RegisterCluster,
    Registration,
    UpdateCluster,
)
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented import ClusterList
from gateway.rest.shared import (
    AnyRequest,
    Flag,
    IfMatch,
    PageNumber,
    PageSize,
    Several,
    States,
    Text,
    WithGate,
    choices,
    errors,
    expected_version,
    field_error,
    label_pairs,
    page_of,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.fleet import queries
from projections.fleet.view import ClusterView
from services.runtime.principals import EVERYWHERE

WRITE_HEADERS = [
    ResponseHeader(name="ETag", documentation_only=True, description="The cluster's version."),
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    ),
]
_PENDING = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
}
_CODES = (
    Code.INVALID_JSON,
    Code.INVALID_CLUSTER_NAME,
    Code.CLUSTER_ALREADY_EXISTS,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.BUS_UNAVAILABLE,
)
_WRITE = _PENDING | errors(*_CODES)
CHANGE_ERRORS = _PENDING | errors(*_CODES, Code.CLUSTER_NOT_FOUND, Code.PRECONDITION_FAILED)


@get("/", operation_id="listClusters", opt=READERS, summary="List clusters",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_clusters(
    gate: WithGate,
    mine: Mine,
    name: Text = None,
    cluster_type: Several = None,
    environment: Several = None,
    region: Text = None,
    states: States = None,
    has_gpu: Flag = None,
    has_cnf: Flag = None,
    label: Several = None,
    sort: FromQuery[str] = "name",
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ClusterList]:
    """Clusters with filters; ``name`` is a part of it, ``label=k=v`` may be repeated."""
    wanted = queries.ClusterFilter(
        name=name,
        cluster_type=choices("cluster_type", cluster_type, tuple(ClusterType)),
        environment=choices("environment", environment, tuple(Environment)),
        region=region,
        state=choices("state", states, tuple(ClusterState)),
        has_gpu=has_gpu,
        has_cnf=has_cnf,
        labels=label_pairs(label),
        sort=_sort(sort),
    )
    at = await as_of.find(gate, moment, sequence, "fleet")
    found = await queries.listing(gate.database, wanted, page_of(page, page_size), mine, at)
    return raw(found, headers=as_of.headers(at))


def _sort(text: str) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if any(field.removeprefix("-") not in queries.SORTABLE for field in fields):
        raise field_error("sort", f"must name some of {', '.join(queries.SORTABLE)}")
    return fields


@post("/", operation_id="registerCluster", summary="Register a cluster",
      response_headers=WRITE_HEADERS, responses=_WRITE)  # fmt: skip
async def register_cluster(
    gate: WithGate, request: AnyRequest, data: JSONBody[Registration]
) -> Response[ClusterView]:
    """Take a cluster into the fleet; the answer shows it as it is now."""
    command = RegisterCluster.model_validate(data.model_dump())
    done = await write(gate, request, command, "fleet")
    return await show(gate, done, status=201)


@get("/by-name/{name:str}", operation_id="getClusterByName", summary="One cluster by its name",
     opt=READERS, response_headers=[AS_OF_HEADER],
     responses=errors(Code.CLUSTER_NOT_FOUND))  # fmt: skip
async def get_cluster_by_name(
    gate: WithGate,
    mine: Mine,
    name: FromPath[str],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ClusterView]:
    """One cluster; with ``as_of`` the one that had the name then."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    found = await queries.by_name(gate.database, name, mine, at)
    if found is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster named {name}")
    return raw(found.body, headers={"ETag": f'"{found.version}"'} | as_of.headers(at))


@get("/{cluster_id:uuid}", operation_id="getCluster", opt=READERS, summary="One cluster",
     response_headers=[AS_OF_HEADER], responses=errors(Code.CLUSTER_NOT_FOUND))  # fmt: skip
async def get_cluster(
    gate: WithGate,
    mine: Mine,
    cluster_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ClusterView]:
    """One cluster; its version is the ETag."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    found = await queries.by_id(gate.database, cluster_id, mine, at)
    if found is None:
        raise _no_cluster(cluster_id)
    return raw(found.body, headers={"ETag": f'"{found.version}"'} | as_of.headers(at))


@put("/{cluster_id:uuid}", operation_id="replaceCluster", summary="Replace a registration",
     opt=giving(UpdateCluster),
     response_headers=WRITE_HEADERS, responses=CHANGE_ERRORS)  # fmt: skip
async def replace_cluster(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: FromPath[UUID],
    data: JSONBody[Registration],
    if_match: IfMatch = None,
) -> Response[ClusterView]:
    """Write the whole registration; what is left out gets its default."""
    expected = expected_version(if_match, "a cluster")
    command = UpdateCluster(cluster_id=cluster_id, registration=data, expected_version=expected)
    return await show(gate, await write(gate, request, command, "fleet"))


@patch("/{cluster_id:uuid}", operation_id="patchCluster", summary="Change parts of a registration",
       opt=giving(UpdateCluster),
       response_headers=WRITE_HEADERS, responses=CHANGE_ERRORS)  # fmt: skip
async def patch_cluster(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: FromPath[UUID],
    data: JSONBody[dict[str, Any]],
    if_match: IfMatch = None,
) -> Response[ClusterView]:
    """Apply a JSON merge patch: null resets a field or removes a label."""
    values: dict[str, JsonValue] = data
    expected = expected_version(if_match, "a cluster")
    command = UpdateCluster(cluster_id=cluster_id, patch=values, expected_version=expected)
    return await show(gate, await write(gate, request, command, "fleet"))


@delete("/{cluster_id:uuid}", operation_id="deleteCluster", summary="Delete a cluster",
        opt=giving(DeleteCluster), status_code=204, responses=CHANGE_ERRORS)  # fmt: skip
async def delete_cluster(
    gate: WithGate, request: AnyRequest, cluster_id: FromPath[UUID], if_match: IfMatch = None
) -> Response[None]:
    """Take a cluster out of the fleet; its history stays readable."""
    expected = expected_version(if_match, "a cluster")
    command = DeleteCluster(cluster_id=cluster_id, expected_version=expected)
    done = await write(gate, request, command, "fleet")
    if isinstance(done, Pending):
        return cast("Response[None]", done.response())
    headers = {"X-Event-Sequence": str(done.outcome.sequence)}
    return Response(None, status_code=204, headers=headers)


async def show(gate: WithGate, done: Done | Pending, *, status: int = 200) -> Response[Any]:
    """The cluster as it is after a write; 202 if that is not visible yet."""
    if isinstance(done, Pending):
        return done.response()
    cluster_id = UUID(done.outcome.id or "")
    found = await queries.by_id(gate.database, cluster_id, EVERYWHERE)
    if found is None:
        raise _no_cluster(cluster_id)
    headers = {"ETag": f'"{found.version}"', "X-Event-Sequence": str(done.outcome.sequence)}
    if status == 201:
        headers["Location"] = f"/api/v1/clusters/{cluster_id}"
    return raw(found.body, status=status, headers=headers)


def _no_cluster(cluster_id: UUID) -> Refused:
    return Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")


clusters = Router(
    "/clusters",
    route_handlers=[
        list_clusters,
        register_cluster,
        get_cluster_by_name,
        get_cluster,
        replace_cluster,
        patch_cluster,
        delete_cluster,
    ],
    tags=["Fleet registry"],
)
