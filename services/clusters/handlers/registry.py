"""Joins the registry's rules with the log: which events follow, and in which appends.

A registration reserves its name, then registers: two plain appends, as an atomic batch of the two
costs the server five times as much (README of this room). A command that was cut off in between
comes again and goes on, the name being its own; one that never does lets go of the name after a
minute. Whatever changes a cluster and its name later is one atomic batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from contracts.clusters import (
    ClusterEvent,
    ClusterNameEvent,
    ClusterNameTaken,
    DeleteCluster,
    RegisterCluster,
    UpdateCluster,
    cluster_key,
    cluster_name_key,
)
from services.clusters import domain
from services.clusters.handlers.service import service
from services.runtime.log import NOTHING, Head
from services.runtime.store import Accepted, Loaded, Store

Decide = Callable[[Loaded[domain.ClusterState]], list[ClusterEvent]]


@service.handles(RegisterCluster)
async def register(command: RegisterCluster, store: Store) -> Accepted:
    """Take a cluster into the fleet, under a name that no live cluster has."""
    cluster_id = store.mint()
    key = cluster_key(cluster_id)

    async def attempt() -> Accepted:
        loaded = await store.load(key, domain.evolve)
        events = domain.register(
            loaded.state,
            command,
            cluster_id=cluster_id,
            at=store.at,
            rules=rules_of(store),
            version=loaded.head.version,
        )
        if not events:
            return Accepted(key.id, loaded.head.version, loaded.head.sequence)
        await _reserve(store, command.name, cluster_id)
        return await store.append(events, {key: loaded.head})

    return await store.settle(attempt)


@service.handles(UpdateCluster, one_at_a_time=lambda command: command.cluster_id)
async def update(command: UpdateCluster, store: Store) -> Accepted:
    """Change what is registered about a cluster; a new name is reserved and the old one freed."""
    return await _change(
        store,
        command.cluster_id,
        lambda loaded: domain.update(
            loaded.state, command, at=store.at, rules=rules_of(store), version=loaded.head.version
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


def rules_of(store: Store) -> domain.Rules:
    """What the settings say about registrations."""
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
        expected = {key: loaded.head}
        for event in names:
            expected[event.key] = (await _standing(store, event.name, cluster_id)).head
        return await store.append([*names, *events], expected)

    return await store.settle(attempt)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a name stands that a cluster holds or may have."""

    head: Head
    ours: bool


async def _reserve(store: Store, name: str, cluster_id: UUID) -> None:
    """Have a name for a cluster that is about to be registered; Refused if it is another's."""
    standing = await _standing(store, name, cluster_id)
    if not standing.ours:
        taken = ClusterNameTaken(name=name, cluster_id=cluster_id)
        await store.append([taken], {taken.key: standing.head})


async def _standing(store: Store, name: str, cluster_id: UUID) -> _Standing:
    """Where a name stands; Refused if another cluster holds it."""
    last = await store.log.head(cluster_name_key(name))
    if last is None:
        return _Standing(NOTHING, ours=False)
    event = cast(ClusterNameEvent, last.event)
    taken = isinstance(event, ClusterNameTaken)
    ours = event.cluster_id == cluster_id
    if taken and not ours:
        await _give_up(store, event, store.at - last.logged_at)
    return _Standing(Head(last.sequence), ours=taken and ours)


async def _give_up(store: Store, taken: ClusterNameTaken, age: timedelta) -> None:
    """End a registration that was cut off for good; Refused if its cluster may live."""
    key = cluster_key(taken.cluster_id)
    last = await store.log.head(key)
    holder = None if last is None else domain.evolve(None, cast(ClusterEvent, last.event))
    ended = domain.give_up(taken, holder, age)
    if ended:
        await store.append(ended, {key: NOTHING})
