"""On whose behalf a worker asks: what somebody might do when they asked for something."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.access import LoginMethod, Role
from contracts.envelope import Message


class ActingGrant(Message):
    """A role, and where it counts."""

    role: Role
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=2_500)] | None
    """Null: everywhere."""


class Acting(Message):
    """Who asked, and what they might do then.

    Made by a door of our own, of somebody who has shown who they are: what carries it cannot be
    given by its name, nor by a publisher from outside.
    """

    name: Annotated[str, Field(min_length=1, max_length=300)]
    via: LoginMethod | None = None
    grants: Annotated[tuple[ActingGrant, ...], Field(max_length=100)] = ()
