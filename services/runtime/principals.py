"""Who is asking, what they may do, and with which clusters."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from contracts.access import LoginMethod, Role
from contracts.acting import Acting, ActingGrant
from contracts.refusals import Code, Refused

__all__ = ["EVERYWHERE", "NOWHERE", "READING", "Grant", "Principal", "Role", "Scope"]

_NO_CLUSTER_AT_ALL = UUID(int=0)
"""Stands in filters for "none": no cluster has this id, and an empty filter lets all through."""


READING = frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER})
"""Roles that may read what there is of a cluster."""
_RANKS = tuple(Role)
_ANY = frozenset(Role)
_MOST_WRITTEN = 2_500
"""Clusters of a scope in a header: the bus takes 64 KiB of headers."""
_EVERYWHERE_WRITTEN = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """Clusters that somebody may do something with."""

    clusters: frozenset[UUID] | None = None
    """None: every one, those to come, and what belongs to no cluster."""

    @property
    def whole(self) -> bool:
        """True for the whole platform."""
        return self.clusters is None

    def has(self, cluster: UUID | None) -> bool:
        """True for a cluster in it; None, what is of no cluster, is in that of the whole only."""
        return self.clusters is None or cluster in self.clusters

    def narrow(self, wanted: Collection[UUID] = ()) -> tuple[UUID, ...]:
        """A filter on clusters, empty for all of them, as one that shows what is in scope only."""
        if self.clusters is None:
            return tuple(wanted)
        mine = self.clusters & frozenset(wanted) if wanted else self.clusters
        return tuple(sorted(mine)) or (_NO_CLUSTER_AT_ALL,)

    def written(self) -> str:
        """As a header; LIMIT_REACHED for one of more clusters than a header holds."""
        if self.clusters is None:
            return _EVERYWHERE_WRITTEN
        if len(self.clusters) > _MOST_WRITTEN:
            text = f"this takes a role for everything, or for {_MOST_WRITTEN:,} clusters at most"
            raise Refused(Code.LIMIT_REACHED, text)
        return urlsafe_b64encode(b"".join(each.bytes for each in sorted(self.clusters))).decode()

    @classmethod
    def read(cls, written: str | None) -> "Scope":
        """The inverse of `written`; nothing where nothing is written."""
        if written == _EVERYWHERE_WRITTEN:
            return EVERYWHERE
        ids = urlsafe_b64decode(written or "")
        return cls(frozenset(UUID(bytes=ids[at : at + 16]) for at in range(0, len(ids), 16)))

    def __or__(self, other: "Scope") -> "Scope":
        """What is in one of the two."""
        if self.clusters is None or other.clusters is None:
            return EVERYWHERE
        return Scope(self.clusters | other.clusters)


EVERYWHERE = Scope()
NOWHERE = Scope(frozenset())


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it counts."""

    role: Role
    scope: Scope = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    name: str
    grants: tuple[Grant, ...] = ()
    """What they were given; one may have several roles, each for other clusters."""
    via: LoginMethod | None = None
    """The provider that knows a user; None for a token, and for who logs in by a code."""
    token_id: UUID | None = None
    """Of a token: names of tokens may be given again."""

    @classmethod
    def of(cls, name: str, role: Role, clusters: Iterable[UUID] = ()) -> "Principal":
        """With one role, for some clusters; none are named for one that counts everywhere."""
        named = frozenset(clusters)
        return cls(name, (Grant(role, Scope(named) if named else EVERYWHERE),))

    @property
    def actor(self) -> str:
        """How events name them: a user is never taken for a token of the same name."""
        return self.name if self.via is None else f"{self.via.value}:{self.name}"

    @property
    def owner(self) -> str:
        """Whose something is that nobody else may see, whatever others are called."""
        return self.actor if self.token_id is None else f"token:{self.token_id}"

    @property
    def role(self) -> Role | None:
        """The highest role that they have anywhere, None if there is none."""
        return min((each.role for each in self.grants), key=_RANKS.index, default=None)

    @property
    def reads(self) -> Scope:
        """What they may read of."""
        return self.scope(READING)

    @property
    def named(self) -> list[str]:
        """The clusters that they were given a role for, by id; none where one counts everywhere."""
        return sorted(map(str, self.scope(_ANY).clusters or ()))

    def may(self, roles: Collection[Role]) -> bool:
        """True if they have one of these roles somewhere."""
        return any(each.role in roles for each in self.grants)

    def scope(self, roles: Collection[Role]) -> Scope:
        """Where they have one of these roles."""
        found = NOWHERE
        for each in self.grants:
            if each.role in roles:
                found |= each.scope
        return found


def acting_of(principal: Principal) -> Acting:
    """Who asks, for work that is done later; LIMIT_REACHED for rights too long to be told."""
    grants = tuple(_told(each) for each in principal.grants)
    return Acting(name=principal.name, via=principal.via, grants=grants)


def _told(grant: Grant) -> ActingGrant:
    grant.scope.written()  # Refused for too many clusters.
    clusters = grant.scope.clusters
    told = None if clusters is None else tuple(sorted(clusters))
    return ActingGrant(role=grant.role, cluster_ids=told)


def principal_of_acting(acting: Acting) -> Principal:
    """The inverse of `acting_of`."""
    grants = tuple(
        Grant(
            each.role,
            EVERYWHERE if each.cluster_ids is None else Scope(frozenset(each.cluster_ids)),
        )
        for each in acting.grants
    )
    return Principal(acting.name, grants, acting.via)
