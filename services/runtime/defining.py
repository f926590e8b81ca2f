"""Named things that people define and remove: rules, watches. Each is an aggregate of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from contracts.envelope import Event
from contracts.refusals import Code, Refused
from contracts.subjects import EntityKey
from services.runtime.rights import require_clusters
from services.runtime.store import Accepted, Loaded, Store

_REMOVED = "removed"
"""What the event is called that tells of a removal."""


class Named(Protocol):
    """What is defined."""

    @property
    def id(self) -> str:
        """How people name it."""
        ...

    @property
    def cluster_ids(self) -> tuple[UUID, ...]:
        """The clusters that it is about; none for any."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Defining(Generic[T]):
    """How things of one kind are defined and removed; their events carry them whole."""

    said: str
    """What one is called."""
    most: int
    missing: Code
    key: Callable[[str], EntityKey]
    defined: Callable[[T], Event]
    removed: Callable[[T], Event]
    left: Callable[[Any], T | None]
    """What there is after an event, None if that has removed it."""

    async def define(self, store: Store, thing: T, expected: int | None) -> Accepted:
        """Let it be as told; what is like that already is let alone.

        ``expected`` is the version that it must have, 0 for none; None for whatever it is.
        """
        key = self.key(thing.id)

        async def attempt() -> Accepted:
            known = await self._known(store, key)
            require_clusters(store.scope, thing.cluster_ids)
            self._require_version(thing.id, known, expected)
            if known.state == thing:
                return Accepted(key.id, known.head.version)
            if known.state is None:
                await self._require_room(store)
            return await store.append([self.defined(thing)], {key: known.head})

        return await store.settle(attempt)

    async def remove(self, store: Store, name: str) -> Accepted:
        """Let there be none of this name."""
        key = self.key(name)

        async def attempt() -> Accepted:
            known = await self._known(store, key)
            if known.state is None:
                raise Refused(self.missing, f"there is no {self.said} {name}")
            return await store.append([self.removed(known.state)], {key: known.head})

        return await store.settle(attempt)

    async def _known(self, store: Store, key: EntityKey) -> Loaded[T]:
        """As it is; Refused if it is about clusters that are not the asker's."""
        known = await store.load(key, self._after)
        if known.state is not None:
            require_clusters(store.scope, known.state.cluster_ids)
        return known

    def _after(self, _: T | None, event: Any) -> T | None:
        return self.left(event)

    def _require_version(self, name: str, known: Loaded[T], expected: int | None) -> None:
        version = 0 if known.state is None else known.head.version
        if expected is not None and expected != version:
            text = f"{self.said} {name} is at version {version}, not {expected}"
            details: Mapping[str, int] = {"expected_version": expected, "version": version}
            raise Refused(Code.VERSION_CONFLICT, text, details)

    async def _require_room(self, store: Store) -> None:
        names = await store.log.last_names(self.key("any").type)
        if sum(name != _REMOVED for name in names.values()) >= self.most:
            raise Refused(Code.LIMIT_REACHED, f"there are {self.most} already, which is the most")
