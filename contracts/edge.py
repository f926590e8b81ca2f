"""Far-edge sites: the link between the hub and a site's own bus."""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.clusters import Site
from contracts.envelope import Event, Timestamp
from contracts.subjects import NO_CLUSTER, EntityKey


class _LinkFact(Event):
    entity: ClassVar[str] = "edge_link"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    site: Site

    @property
    def key(self) -> EntityKey:
        """The link to the site."""
        return edge_link_key(self.site)


class EdgeLinkLost(_LinkFact):
    """A site has not been heard of for a while; it goes on by itself and keeps what it finds."""

    since: Timestamp
    """When it was heard of last, or from when on it should have been."""


class EdgeLinkRestored(_LinkFact):
    """A site is heard of again; what it has kept is being taken over."""

    lost_at: Timestamp
    waiting: Annotated[int, Field(ge=0)]
    """Events that the site has kept, and that the hub has still to take over."""


EdgeLinkEvent = EdgeLinkLost | EdgeLinkRestored


def edge_link_key(site: str) -> EntityKey:
    """The link to a site."""
    return EntityKey(NO_CLUSTER, "edge_link", site)
