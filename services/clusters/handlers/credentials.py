"""Credentials of clusters: taken once every endpoint takes them, rotated, tried, destroyed.

Each step can be repeated: the material waits under its reference for this one command, the vault
takes the place of what it had in one step, and the event comes last. Whoever opens the vault on
the way gets the old or the new, and both are good.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from pydantic import ValidationError

from contracts.clusters import (
    Cluster,
    ClusterCredentialsDeleted,
    ClusterCredentialsUpdated,
    Credentials,
    DeleteCredentials,
    Given,
    RotateCredentials,
    UploadCredentials,
    ValidateCredentials,
    cluster_credentials_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.clusters import credentials, validation
from services.clusters.credentials import Read
from services.clusters.handlers.known import Known, alone, probes, required, standing
from services.clusters.handlers.renewing import arrange, kept, way_of, with_first_token
from services.clusters.handlers.service import service
from services.clusters.handlers.timetable import DISCOVER, RENEW, check_schedule, discovery_schedule
from services.clusters.validation import Tried
from services.runtime import schedules
from services.runtime.store import Accepted, AlreadyDone, Store
from services.runtime.validation import problems
from services.runtime.vault.logins import FIRST_GRANT
from services.runtime.vault.references import for_cluster

Make = Callable[[Given, Read | None], Read]


@service.handles(UploadCredentials, one_at_a_time=lambda command: command.cluster_id)
async def upload(command: UploadCredentials, store: Store) -> Accepted:
    """Give a cluster its credentials, once every endpoint has taken them."""
    async with alone(command.cluster_id, store), spent(command.reference, store):
        found = await required(command.cluster_id, store)
        return await _taken(
            found, command.reference, store, lambda given, _: credentials.read(given, found.cluster)
        )


@service.handles(RotateCredentials, one_at_a_time=lambda command: command.cluster_id)
async def rotate(command: RotateCredentials, store: Store) -> Accepted:
    """Replace parts of a cluster's credentials, once every endpoint has taken the new ones."""
    async with alone(command.cluster_id, store), spent(command.reference, store):
        found = await required(command.cluster_id, store)
        _require_some(found)

        def rotated(given: Given, before: Read | None) -> Read:
            if before is None:
                raise _none(found.cluster.id)
            return credentials.rotated(before, given, found.cluster)

        return await _taken(found, command.reference, store, rotated)


@service.handles(
    ValidateCredentials, one_at_a_time=lambda command: command.cluster_id, repeatable=True
)
async def validate(command: ValidateCredentials, store: Store) -> Accepted:
    """Try credentials on every endpoint: those given, which are not kept, or the cluster's own."""
    if command.reference is None:
        async with alone(command.cluster_id, store):
            return await _own_tried(await required(command.cluster_id, store), store)
    async with spent(command.reference, store):
        found = await required(command.cluster_id, store)
        given = await _given(command.reference, found.cluster.id, store)
        wanted = credentials.read(given, found.cluster)
        read = await with_first_token(found.cluster.id, wanted, store)
        tried = await validation.try_all(found.cluster, read.logins, probes(store))
        if read.oidc is not None:
            await _forget_grant(found.cluster.id, store)
        return _told(found, tried)


@service.handles(DeleteCredentials, one_at_a_time=lambda command: command.cluster_id)
async def delete(command: DeleteCredentials, store: Store) -> Accepted:
    """Destroy a cluster's credentials."""
    async with alone(command.cluster_id, store):
        found = await required(command.cluster_id, store)
        done = found.secrets
        if done is not None and done.command_id == store.context.command_id:
            accepted = Accepted(str(found.cluster.id), sequence=done.sequence)
        else:
            _require_some(found)
            await (await store.outside.vault()).destroy(found.cluster.id)
            gone = ClusterCredentialsDeleted(cluster_id=found.cluster.id)
            accepted = await store.append([gone], {gone.key: standing(done)})
    for kind in (RENEW, DISCOVER):
        await schedules.cancel(store.log.bus, kind, str(found.cluster.id))
    await schedules.put(store.log.bus, check_schedule(found.cluster), first=True)
    return accepted


async def tried_on(cluster: Cluster, read: Read, store: Store) -> tuple[Read, Tried]:
    """Credentials that every endpoint has taken; Refused if one does not take them."""
    read = await with_first_token(cluster.id, read, store)
    tried = await validation.try_all(cluster, read.logins, probes(store))
    refused = credentials.refusal(tried.validation, tried.codes)
    if refused is not None:
        if read.oidc is not None:
            await _forget_grant(cluster.id, store)
        raise refused
    return read, tried


async def _forget_grant(cluster_id: UUID, store: Store) -> None:
    await (await store.outside.vault()).forget(cluster_id, FIRST_GRANT)


async def keep(found: Known, read: Read, tried: Tried, store: Store) -> Accepted:
    """Keep credentials that were tried, and say so."""
    renewal = await way_of(found.cluster, read, store)
    told = credentials.described(
        read, found.credentials, tried.validation, at=store.at, renewal=renewal
    )
    vault = await store.outside.vault()
    materials = credentials.materials(read)
    if read.oidc is not None:
        # Until it is said what there is now: this may be cut off, and come again.
        grant = await vault.open(found.cluster.id, FIRST_GRANT, who=service.name)
        materials |= {FIRST_GRANT: grant} if grant else {}
    await vault.replace(found.cluster.id, materials)
    accepted = await _say(found.cluster.id, told, store)
    if FIRST_GRANT in materials:
        await vault.forget(found.cluster.id, FIRST_GRANT)
    await _arrange(found, read, told, store)
    return accepted


@asynccontextmanager
async def spent(reference: str, store: Store) -> AsyncGenerator[None]:
    """Whatever a command comes to, what waited under its reference is destroyed at its end.

    Not after a failure of ours: then the command comes again, and needs it.
    """
    references = await store.outside.references()
    try:
        yield
    except Refused:
        await references.settle(reference)
        raise
    await references.settle(reference)


async def _taken(found: Known, reference: str, store: Store, make: Make) -> Accepted:
    before = await kept(found, store)
    done = found.secrets
    if done is not None and done.command_id == store.context.command_id:
        return await _went_on(found, before, done, store)
    given = await _given(reference, found.cluster.id, store)
    read, tried = await tried_on(found.cluster, make(given, before), store)
    return await keep(found, read, tried, store)


async def _went_on(found: Known, read: Read | None, done: Recorded, store: Store) -> Accepted:
    """An earlier try of this command has kept them; what follows may be missing."""
    if read is not None and found.credentials is not None:
        await _arrange(found, read, found.credentials, store)
    return Accepted(str(found.cluster.id), sequence=done.sequence)


async def _given(reference: str, cluster_id: UUID, store: Store) -> Given:
    """What waits under a reference; Refused if there is nothing, or nothing that can be used."""
    references = await store.outside.references()
    material = await references.withdraw(
        reference, for_cluster(cluster_id), store.context.command_id, store.at
    )
    if material is None:
        text = "the reference is not known, was used, or is more than ten minutes old"
        raise Refused(Code.CREDENTIALS_INVALID, text)
    try:
        return Given.model_validate_json(material)
    except ValidationError as error:
        told = problems(error)
    raise Refused(Code.VALIDATION_FAILED, "the credentials are not valid", told)


async def _say(cluster_id: UUID, told: Credentials, store: Store) -> Accepted:
    key = cluster_credentials_key(cluster_id)

    async def attempt() -> Accepted:
        last = await store.log.head(key)
        if last is not None and last.command_id == store.context.command_id:
            raise AlreadyDone(last)
        event = ClusterCredentialsUpdated(cluster_id=cluster_id, credentials=told)
        return await store.append([event], {key: standing(last)})

    return await store.settle(attempt)


async def _arrange(found: Known, read: Read, told: Credentials, store: Store) -> None:
    """What follows from new credentials: a check and a discovery now, a renewal in time."""
    bus, cluster = store.log.bus, found.cluster
    await schedules.put(bus, check_schedule(cluster), first=True)
    await schedules.put(bus, discovery_schedule(cluster), first=True)
    await arrange(cluster, read, told, store)


async def _own_tried(found: Known, store: Store) -> Accepted:
    read = await kept(found, store)
    before = found.credentials
    if read is None or before is None:
        raise _none(found.cluster.id)
    tried = await validation.try_all(found.cluster, read.logins, probes(store))
    changed = before.model_copy(update={"validation": tried.validation, "validated_at": store.at})
    said = await _say(found.cluster.id, changed, store)
    return replace(_told(found, tried), sequence=said.sequence)


def _told(found: Known, tried: Tried) -> Accepted:
    each = [result.model_dump(mode="json") for result in tried.validation]
    details = {"valid": all(result.valid for result in tried.validation), "validation": each}
    return Accepted(str(found.cluster.id), details=details)


def _require_some(found: Known) -> None:
    if found.credentials is None:
        raise _none(found.cluster.id)


def _none(cluster_id: UUID) -> Refused:
    return Refused(Code.CREDENTIALS_NOT_FOUND, f"the cluster {cluster_id} has no credentials")
