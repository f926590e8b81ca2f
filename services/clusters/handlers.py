"""Joins the registry's rules with the log: a registration and its name change in one append."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from contracts.clusters import (
    ClusterEvent,
    ClusterNameEvent,
    DeleteCluster,
    RegisterCluster,
    UpdateCluster,
    cluster_key,
    cluster_name_key,
)
from contracts.subjects import EntityKey
from services.clusters import domain
from services.runtime.log import Head
from services.runtime.service import Service
from services.runtime.store import Accepted, Loaded, Store

service = Service("clusters")

Decide = Callable[[Loaded[domain.ClusterState]], list[ClusterEvent]]


@service.handles(RegisterCluster)
async def register(command: RegisterCluster, store: Store) -> Accepted:
    """Take a cluster into the fleet, under a name that no live cluster has."""
    cluster_id = store.mint()
    return await _change(
        store,
        cluster_id,
        lambda loaded: domain.register(
            loaded.state, command, cluster_id=cluster_id, at=store.at, rules=_rules(store)
        ),
    )


@service.handles(UpdateCluster, one_at_a_time=lambda command: command.cluster_id)
async def update(command: UpdateCluster, store: Store) -> Accepted:
    """Change what is registered about a cluster; a new name is reserved and the old one freed."""
    return await _change(
        store,
        command.cluster_id,
        lambda loaded: domain.update(
            loaded.state, command, at=store.at, rules=_rules(store), version=loaded.head.version
        ),
    )


@service.handles(DeleteCluster, one_at_a_time=lambda command: command.cluster_id)
async def delete(command: DeleteCluster, store: Store) -> Accepted:
    """Take a cluster out of the fleet and free its name."""
    return await _change(
        store,
        command.cluster_id,
        lambda loaded: domain.delete(
            loaded.state, command, at=store.at, version=loaded.head.version
        ),
    )


def _rules(store: Store) -> domain.Rules:
    return domain.Rules(store.settings.clusters.allow_insecure_endpoints)


async def _change(store: Store, cluster_id: UUID, decide: Decide) -> Accepted:
    key = cluster_key(cluster_id)

    async def attempt() -> Accepted:
        loaded = await store.load(key, domain.evolve)
        events = decide(loaded)
        if not events:
            return Accepted(key.id, loaded.head.version, loaded.head.sequence)
        state = loaded.state
        for event in events:
            state = domain.evolve(state, event)
        names = domain.name_events(
            domain.live_name(loaded.state), domain.live_name(state), cluster_id
        )
        expected = {key: loaded.head} | await _reserve(store, names)
        return await store.append([*names, *events], expected)

    return await store.settle(attempt)


async def _reserve(store: Store, names: list[ClusterNameEvent]) -> dict[EntityKey, Head]:
    """Where each name stands that is about to change; Refused if one is taken by another."""
    heads: dict[EntityKey, Head] = {}
    for event in names:
        key = cluster_name_key(event.name)
        last = await store.log.head(key)
        if last is not None:
            domain.require_free(cast(ClusterNameEvent, last.event), event.name, event.cluster_id)
            heads[key] = Head(last.sequence)
    return heads
