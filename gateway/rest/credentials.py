"""Credentials of clusters over REST: they go into the vault, and only a reference onto the bus."""

from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody

from contracts.clusters import (
    DeleteCredentials,
    Given,
    ImportClusters,
    ImportOptions,
    ImportRequest,
    ImportResult,
    RotateCredentials,
    UploadCredentials,
    ValidateCredentials,
)
from contracts.envelope import Command
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving, principal_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.clusters import CHANGE_ERRORS, WRITE_HEADERS
from gateway.rest.documented import CredentialsTried
from gateway.rest.shared import AnyRequest, WithGate, errors, raw
from gateway.rest.writes import Pending, write
from projections.fleet import queries
from projections.fleet.view import CredentialsView
from services.runtime import rights
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.queries import AsOf
from services.runtime.vault.references import FOR_IMPORT, for_cluster

_PATIENCE = 45.0
"""Seconds: the slowest kind of cluster has 30 for an answer."""
_ERRORS = CHANGE_ERRORS | errors(
    Code.CREDENTIALS_INVALID,
    Code.CLUSTER_NOT_FOUND,
    Code.CREDENTIALS_NOT_FOUND,
    Code.LIMIT_REACHED,
    Code.UPSTREAM_FAILED,
    Code.BUS_UNAVAILABLE,
    Code.CLUSTER_UNREACHABLE,
)


@get("/{cluster_id:uuid}/credentials", operation_id="getCredentials",
     opt=READERS, summary="What is known of a cluster's credentials",
     response_headers=[AS_OF_HEADER],
     responses=errors(Code.CLUSTER_NOT_FOUND, Code.CREDENTIALS_NOT_FOUND))  # fmt: skip
async def get_credentials(
    gate: WithGate,
    mine: Mine,
    cluster_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[CredentialsView]:
    """Kind, fingerprint, times and the last validation; never any of the material."""
    at = await as_of.find(gate, moment, sequence, "fleet")
    return raw(await _shown(gate, cluster_id, mine, at), headers=as_of.headers(at))


@post("/{cluster_id:uuid}/credentials", operation_id="uploadCredentials", status_code=201,
      opt=giving(UploadCredentials),
      summary="Give a cluster credentials", response_headers=WRITE_HEADERS,
      responses=_ERRORS)  # fmt: skip
async def upload_credentials(
    gate: WithGate, request: AnyRequest, cluster_id: FromPath[UUID], data: JSONBody[Given]
) -> Response[CredentialsView]:
    """Validated on every configured endpoint, then kept in place of what there was."""
    del data  # It is well formed; what is kept is what was sent.
    rights.require_scope(principal_of(request), UploadCredentials, cluster_id)
    reference = await _deposited(gate, request, for_cluster(cluster_id))
    command = UploadCredentials(cluster_id=cluster_id, reference=reference)
    return await _changed(gate, request, command, status=201)


@post("/{cluster_id:uuid}/credentials/rotate", operation_id="rotateCredentials", status_code=200,
      opt=giving(RotateCredentials),
      summary="Replace parts of a cluster's credentials", response_headers=WRITE_HEADERS,
      responses=_ERRORS)  # fmt: skip
async def rotate_credentials(
    gate: WithGate, request: AnyRequest, cluster_id: FromPath[UUID], data: JSONBody[Given]
) -> Response[CredentialsView]:
    """What is given replaces what there was, without a gap; what is not given stays."""
    del data
    rights.require_scope(principal_of(request), RotateCredentials, cluster_id)
    reference = await _deposited(gate, request, for_cluster(cluster_id))
    command = RotateCredentials(cluster_id=cluster_id, reference=reference)
    return await _changed(gate, request, command, status=200)


@post("/{cluster_id:uuid}/credentials/validate", operation_id="validateCredentials",
      opt=giving(ValidateCredentials),
      status_code=200, summary="Try credentials on every endpoint", responses=_ERRORS)  # fmt: skip
async def validate_credentials(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: FromPath[UUID],
    data: JSONBody[Given | None] = None,
) -> Response[CredentialsTried]:
    """Those in the body, which are not kept; without a body the cluster's own."""
    rights.require_scope(principal_of(request), ValidateCredentials, cluster_id)
    reference = None
    if data is not None:
        reference = await _deposited(gate, request, for_cluster(cluster_id))
    command = ValidateCredentials(cluster_id=cluster_id, reference=reference)
    done = await write(gate, request, command, "fleet", wait=_PATIENCE)
    if isinstance(done, Pending):
        return done.response()
    return raw(msgspec.json.encode(done.outcome.details))


@delete("/{cluster_id:uuid}/credentials", operation_id="deleteCredentials", status_code=204,
        opt=giving(DeleteCredentials),
        summary="Destroy a cluster's credentials", responses=_ERRORS)  # fmt: skip
async def delete_credentials(
    gate: WithGate, request: AnyRequest, cluster_id: FromPath[UUID]
) -> Response[None]:
    """They are destroyed; from now on only what answers anybody is checked."""
    done = await write(gate, request, DeleteCredentials(cluster_id=cluster_id), "fleet")
    if isinstance(done, Pending):
        return done.response()
    headers = {"X-Event-Sequence": str(done.outcome.sequence)}
    return Response(None, status_code=204, headers=headers)


@post("/import", operation_id="importClusters", status_code=200, summary="Register many clusters",
      responses=_ERRORS)  # fmt: skip
async def import_clusters(
    gate: WithGate, request: AnyRequest, data: JSONBody[ImportRequest]
) -> Response[ImportResult]:
    """Every context of a kubeconfig, or every ManagedCluster of a hub; each for itself."""
    rights.require_scope(principal_of(request), ImportClusters, None)
    options = {name: getattr(data, name) for name in ImportOptions.model_fields}
    reference = None
    if data.kubeconfig is not None:
        material = data.kubeconfig.get_secret_value().encode()
        reference = await _deposit(gate, material, FOR_IMPORT)
    command = ImportClusters(**options, reference=reference)
    done = await write(gate, request, command, "fleet", wait=_PATIENCE)
    if isinstance(done, Pending):
        return done.response()
    return raw(msgspec.json.encode(done.outcome.details))


async def _deposited(gate: Gate, request: AnyRequest, bound_to: str) -> str:
    return await _deposit(gate, await request.body(), bound_to)


async def _deposit(gate: Gate, material: bytes, bound_to: str) -> str:
    references, now = await gate.runtime.outside.references(), gate.clock.now()
    await references.sweep(now)  # What no command has come for.
    return await references.deposit(material, bound_to, now)


async def _changed(
    gate: Gate, request: AnyRequest, command: Command, *, status: int
) -> Response[CredentialsView]:
    done = await write(gate, request, command, "fleet", wait=_PATIENCE)
    if isinstance(done, Pending):
        return done.response()
    return raw(
        await _shown(gate, UUID(_entity(done.outcome)), EVERYWHERE),
        status=status,
        headers={"X-Event-Sequence": str(done.outcome.sequence)},
    )


def _entity(outcome: Outcome) -> str:
    return outcome.id or ""


async def _shown(gate: Gate, cluster_id: UUID, mine: Scope, at: AsOf | None = None) -> bytes:
    registered, told = await queries.credentials(gate.database, cluster_id, mine, at)
    if not registered:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
    if told is None:
        raise Refused(Code.CREDENTIALS_NOT_FOUND, f"the cluster {cluster_id} has no credentials")
    return told


credentials = Router(
    "/clusters",
    route_handlers=[
        get_credentials,
        upload_credentials,
        rotate_credentials,
        validate_credentials,
        delete_credentials,
        import_clusters,
    ],
    tags=["Fleet registry"],
)
