"""What goes over the socket of a log tail, beside what is said on every live socket."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from pydantic import Field, TypeAdapter

from contracts.envelope import Timestamp
from contracts.telemetry import Text
from gateway.federation.log_tail import MOST_LINES, Dropped, Lines, Standing
from gateway.live.messages import Auth, LiveFrame, Ping, read_as

_MOST_CLUSTERS = 1_000
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Tail(LiveFrame):
    """Follow the lines that LogQL selects; a second one takes the place of the first."""

    type: Literal["tail"]
    query: Text
    cluster_ids: tuple[UUID, ...] = Field(default=(), max_length=_MOST_CLUSTERS)
    """Empty: every cluster that has a Loki and is not OFFLINE."""
    since: Annotated[Timestamp, Field(ge=_FIRST)] | None = None
    """Lines from then on; without it, from now on."""
    limit: Annotated[int, Field(ge=1, le=MOST_LINES)] = 100
    """Lines of each cluster from before now, the newest."""


class StopTail(LiveFrame):
    """Follow nothing any more. A pong after it proves that it is done."""

    type: Literal["unsubscribe"]


Incoming = Auth | Tail | StopTail | Ping
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])


class TailedCluster(LiveFrame):
    """A cluster that is followed."""

    cluster_id: UUID
    cluster_name: str


class Tailing(LiveFrame):
    """The tail begins: of these clusters, each of which tells by a status how it stands."""

    type: Literal["tailing"] = "tailing"
    query: str
    since: Timestamp
    limit: int
    clusters: tuple[TailedCluster, ...]


class ClusterStatus(LiveFrame):
    """How it stands with a cluster from now on. One that is lost is tried again by itself."""

    type: Literal["status"] = "status"
    cluster_id: UUID
    cluster_name: str
    state: Literal["FOLLOWING", "LOST"]
    code: str | None
    reason: str | None
    """Why it is lost, or what is to be known of its lines."""


class LinesDropped(LiveFrame):
    """So many lines are not told."""

    type: Literal["dropped"] = "dropped"
    count: int
    cluster_id: UUID | None
    """Whose Loki has dropped them; null: they came faster than this client takes them."""


def read(text: str) -> Incoming:
    """A client's frame on the socket of a log tail; Invalid for everything that is not one."""
    return read_as(_INCOMING, text, "auth, tail, unsubscribe, ping")


def lines_frame(lines: Lines) -> bytes:
    """``{"type": "lines", "entries": […]}`` in time order, each as REST has it."""
    return msgspec.json.encode({"type": "lines", "entries": lines.entries})


def frame_of(news: Standing | Dropped) -> LiveFrame:
    """How it is told."""
    if isinstance(news, Dropped):
        return LinesDropped(count=news.count, cluster_id=news.cluster)
    return ClusterStatus(
        cluster_id=news.cluster.id,
        cluster_name=news.cluster.name,
        state="FOLLOWING" if news.code is None else "LOST",
        code=None if news.code is None else news.code.name,
        reason=news.reason,
    )
