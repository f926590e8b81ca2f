"""Takes many clusters into the fleet at once: each for itself, so that a broken one keeps none out.

Each is a registration of its own, under an id that follows from the import's, so that an import
that comes again after a crash goes on where it was. Credentials are tried before anything is
registered: a cluster that does not let us in is told as refused, and leaves nothing behind.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import cast
from uuid import UUID

from pydantic import ValidationError

from contracts.clusters import (
    Cluster,
    ClusterNameEvent,
    ClusterNameTaken,
    ImportClusters,
    ImportedCluster,
    ImportOutcome,
    ImportResult,
    ImportSource,
    RegisterCluster,
    cluster_name_key,
)
from contracts.refusals import Code, Refused
from services.clusters import candidates
from services.clusters.candidates import Candidate
from services.clusters.handlers.credentials import keep, spent, tried_on
from services.clusters.handlers.known import alone, known, logins_of, required
from services.clusters.handlers.registry import register, rules_of
from services.clusters.handlers.service import service
from services.clusters.kube_api import ApiFailure, KubeApi
from services.clusters.probes import api_problem
from services.runtime.ids import derived_id
from services.runtime.store import Accepted, Store
from services.runtime.validation import problems
from services.runtime.vault.logins import server_of, target
from services.runtime.vault.references import FOR_IMPORT

_AT_ONCE = 16
_SECONDS, _DEADLINE_SECONDS = 20.0, 60.0
_Found = tuple[ImportedCluster, int | None]


@service.handles(ImportClusters)
async def import_clusters(command: ImportClusters, store: Store) -> Accepted:
    """Take every cluster of a kubeconfig, or every one that a hub manages, into the fleet."""
    if command.reference is None:
        return await _import_all(command, store)
    async with spent(command.reference, store):
        return await _import_all(command, store)


async def _import_all(command: ImportClusters, store: Store) -> Accepted:
    wanted, refused = await _candidates(command, store)
    named = await _named(wanted, command, store)
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(candidate: Candidate) -> _Found:
        async with places:
            return await _import(candidate, command, store)

    found = await asyncio.gather(*map(one, named))
    items = (*(item for item, _ in found), *refused)
    sequences = (sequence for _, sequence in found if sequence is not None)
    return Accepted(
        sequence=max(sequences, default=None),
        details=_result(items, dry_run=command.dry_run).model_dump(mode="json"),
    )


async def _candidates(
    command: ImportClusters, store: Store
) -> tuple[list[Candidate], list[ImportedCluster]]:
    if command.source is ImportSource.KUBECONFIG:
        return candidates.of_kubeconfig(await _kubeconfig(command, store), command.contexts)
    if command.hub_cluster_id is None:
        raise _invalid("hub_cluster_id", "names the hub whose clusters are meant, and is missing")
    found = await required(command.hub_cluster_id, store)
    login = (await logins_of(found, store)).kubernetes
    if login is None:
        text = f"the cluster {found.cluster.name} has no credentials, so it cannot be asked"
        raise Refused(Code.CREDENTIALS_NOT_FOUND, text)
    aim = target(login, found.cluster.api_server_url, _SECONDS)
    try:
        api = KubeApi(store.outside.outbound.client(aim), _SECONDS)
        managed = await api.managed_clusters(_DEADLINE_SECONDS)
    except ApiFailure as failure:
        problem = api_problem(failure)
        raise Refused(problem.code, f"{problem.error}; {problem.advice}") from None
    return candidates.of_managed(managed, command.contexts, found.cluster.api_server_url)


async def _kubeconfig(command: ImportClusters, store: Store) -> str:
    if command.reference is None:
        raise _invalid("kubeconfig", "is missing")
    references = await store.outside.references()
    material = await references.withdraw(
        command.reference, FOR_IMPORT, store.context.command_id, store.at
    )
    if material is None:
        text = "the reference is not known, was used, or is more than ten minutes old"
        raise Refused(Code.CREDENTIALS_INVALID, text)
    return material.decode("utf-8", "replace")


async def _named(
    wanted: Iterable[Candidate], command: ImportClusters, store: Store
) -> list[Candidate]:
    """Each with a name that is free, or is that of the same cluster."""
    taken: set[str] = set()
    named: list[Candidate] = []
    for candidate in wanted:
        for name in candidate.names(command.names.get(candidate.source)):
            if name in taken and candidate.source not in command.names:
                continue
            holder = await _holder(name, store)
            same = holder is not None and _same_server(holder, candidate)
            ours = holder is not None and holder.id == _store_of(candidate, store).mint()
            if holder is None or same or ours or candidate.source in command.names:
                taken.add(name)
                known_as = holder.id if holder is not None and same and not ours else None
                named.append(replace(candidate, name=name, registered=known_as))
                break
    return named


async def _holder(name: str, store: Store) -> Cluster | None:
    """The cluster that has this name."""
    last = await store.log.head(cluster_name_key(name))
    event = None if last is None else cast(ClusterNameEvent, last.event)
    if not isinstance(event, ClusterNameTaken):
        return None
    found = await known(event.cluster_id, store)
    return None if found is None else found.cluster


def _same_server(cluster: Cluster, candidate: Candidate) -> bool:
    return server_of(cluster.api_server_url) == server_of(candidate.api_server_url)


async def _import(candidate: Candidate, command: ImportClusters, store: Store) -> _Found:
    if candidate.registered is not None:
        outcome = ImportOutcome.ALREADY_REGISTERED
        return _item(candidate, outcome, cluster_id=candidate.registered), None
    try:
        return await _register(candidate, command, store)
    except Refused as refused:
        outcome = ImportOutcome.REFUSED
        told = _item(candidate, outcome, code=refused.code.name, message=refused.message)
        return told, None
    except ValidationError as error:
        fields = problems(error)["fields"]
        text = "; ".join(f"{each['field']}: {each['message']}" for each in fields[:3])
        code = Code.VALIDATION_FAILED.name
        return _item(candidate, ImportOutcome.REFUSED, code=code, message=text), None


async def _register(candidate: Candidate, command: ImportClusters, store: Store) -> _Found:
    own = _store_of(candidate, store)
    registration = RegisterCluster.model_validate(candidate.registration(command))
    cluster = candidates.checked(registration, own.mint(), own.at, rules_of(store))
    given = candidate.credentials
    tried = None if given is None else await tried_on(cluster, given, own)
    if command.dry_run:
        return _item(candidate, ImportOutcome.WOULD_REGISTER), None
    accepted = await register(registration, own)
    if tried is not None:
        async with alone(cluster.id, own):
            accepted = await keep(await required(cluster.id, own), *tried, own)
    told = _item(candidate, ImportOutcome.REGISTERED, cluster_id=cluster.id)
    return told, accepted.sequence


def _store_of(candidate: Candidate, store: Store) -> Store:
    """The log for one cluster of an import: the same at every try, another for each."""
    command_id = derived_id(store.context.command_id, candidate.source)
    cause = store.context.command_id
    return replace(store, context=replace(store.context, command_id=command_id, causation_id=cause))


def _item(
    candidate: Candidate,
    outcome: ImportOutcome,
    *,
    cluster_id: UUID | None = None,
    code: str | None = None,
    message: str | None = None,
) -> ImportedCluster:
    return ImportedCluster(
        source=candidate.source,
        name=candidate.name,
        cluster_id=cluster_id,
        api_server_url=candidate.api_server_url,
        outcome=outcome,
        code=code,
        message=message,
    )


def _result(items: tuple[ImportedCluster, ...], *, dry_run: bool) -> ImportResult:
    counted = [item.outcome for item in items]
    return ImportResult(
        dry_run=dry_run,
        registered=counted.count(ImportOutcome.REGISTERED),
        known=counted.count(ImportOutcome.ALREADY_REGISTERED),
        refused=counted.count(ImportOutcome.REFUSED),
        items=items,
    )


def _invalid(field_name: str, message: str) -> Refused:
    fields = [{"field": field_name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{field_name}: {message}", {"fields": fields})
