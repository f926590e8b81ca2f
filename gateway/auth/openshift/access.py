"""What somebody may do by OpenShift's own rules: SubjectAccessReview (authorization.k8s.io/v1).

Cluster roles give rights on the resource `clusters` of the API group `aiops-nextgen.io`, which need
not exist there: on all of them, or on those with a name (`resourceNames`).
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import msgspec

from contracts.refusals import TryLater
from gateway.auth.identity import Identity
from gateway.auth.openshift.answers import Answers, Keeping
from gateway.auth.openshift.server import ApiServer, Review, failed
from services.runtime.clock import Clock
from services.runtime.logging import logger
from services.runtime.principals import Grant, Role, Scope

_VERBS = {Role.ADMIN: "*", Role.OPERATOR: "update", Role.VIEWER: "get"}
"""The most first: who has one role in a cluster needs no other there."""
_AT_ONCE = 10
_MOST_NAMES = 5_000
_SECONDS = 30.0
"""For all questions about somebody."""
_KEEPING = Keeping(seconds=60.0, most=1_000, most_asked=50)
"""A thousand clusters in each of a thousand answers are 60 MB."""


class Clusters(Protocol):
    """The clusters that there are: the gateway's directory."""

    def matching(self, selector: Mapping[str, str]) -> frozenset[UUID]:
        """The clusters with these labels, deleted ones too."""
        ...

    def name(self, cluster: str) -> str | None:
        """The name of a cluster by its id."""
        ...

    def has(self, cluster_id: UUID) -> bool:
        """True for one that was not deleted."""
        ...


class _Status(msgspec.Struct, frozen=True):
    """What the server says of a question; its reasons are for nobody's eyes."""

    allowed: bool
    denied: bool = False


_REVIEW = Review("SubjectAccessReview", "authorization.k8s.io", "subjectaccessreviews", _Status)


@dataclass
class AccessReviews:
    """Asks OpenShift what its users may do; what it says counts for 60 seconds."""

    server: ApiServer
    clusters: Clusters
    clock: Clock
    seconds: float = _SECONDS
    _known: Answers[Identity, tuple[Grant, ...]] = field(init=False, repr=False)
    _turns: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """For all who ask through it together."""
        self._known = Answers(self.clock, _KEEPING)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def grants(self, identity: Identity) -> tuple[Grant, ...]:
        """What somebody may do, and where: one grant a role, the most first.

        TryLater if OpenShift does not say. A cluster that has come in the meantime is in it after a
        minute.
        """
        return await self._known.get(identity, lambda: self._within(identity)) or ()

    async def _within(self, identity: Identity) -> tuple[Grant, ...]:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(identity)
        except TimeoutError:
            text = f"the API server has not said within {self.seconds:g} s what somebody may do"
            raise failed(text) from None

    async def _ask(self, identity: Identity) -> tuple[Grant, ...]:
        everywhere = await self._everywhere(identity)
        if everywhere is Role.ADMIN:
            return (Grant(everywhere),)
        found = await self._by_name(identity, _above(everywhere))
        grants = [Grant(role, Scope(found[role])) for role in _VERBS if found.get(role)]
        return (*grants, Grant(everywhere)) if everywhere is not None else tuple(grants)

    async def _everywhere(self, identity: Identity) -> Role | None:
        """The highest role that somebody has in all clusters."""
        for role in _VERBS:
            if await self._may(identity, role):
                return role
        return None

    async def _by_name(
        self, identity: Identity, roles: tuple[Role, ...]
    ) -> Mapping[Role, frozenset[UUID]]:
        """Where somebody has which of these roles, the highest."""
        found: dict[Role, set[UUID]] = {}
        named = self._named()

        async def ask() -> None:
            for name, ids in named:
                for role in roles:
                    if await self._may(identity, role, name):
                        found.setdefault(role, set()).update(ids)
                        break

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(ask())
        except* TryLater as failures:
            first = failures
        else:
            return {role: frozenset(ids) for role, ids in found.items()}
        raise _first(first)

    def _named(self) -> Iterator[tuple[str, list[UUID]]]:
        """Ids by name, live clusters first: a deleted one may have the name of the next."""
        named: dict[str, list[UUID]] = {}
        there = sorted(self.clusters.matching({}), key=lambda each: not self.clusters.has(each))
        for each in there:
            if (name := self.clusters.name(str(each))) is not None:
                named.setdefault(name, []).append(each)
        if len(named) > _MOST_NAMES:
            logger("access").warning("access_reviews_left_out", count=len(named) - _MOST_NAMES)
        return iter(list(named.items())[:_MOST_NAMES])

    async def _may(self, identity: Identity, role: Role, name: str = "") -> bool:
        attributes = {"group": "aiops-nextgen.io", "resource": "clusters", "verb": _VERBS[role]}
        spec: dict[str, Any] = {
            "user": identity.user,
            "groups": sorted(identity.groups),
            # Without a name: all of them.
            "resourceAttributes": attributes | ({"name": name} if name else {}),
        }
        async with self._turns:
            status = await self.server.review(_REVIEW, spec)
        return status.allowed and not status.denied


def _above(role: Role | None) -> tuple[Role, ...]:
    roles = tuple(_VERBS)
    return roles if role is None else roles[: roles.index(role)]


def _first(failures: BaseExceptionGroup[TryLater]) -> TryLater:
    found = failures.exceptions[0]
    return found if isinstance(found, TryLater) else _first(found)
