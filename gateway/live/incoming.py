"""What a client may say on ``/ws``."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from gateway.live.messages import Auth, Ping, Subscribe, Unsubscribe, read_as
from gateway.live.replay_messages import Replay, ReplayControl

Incoming = Auth | Subscribe | Unsubscribe | Replay | ReplayControl | Ping
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])
_KNOWN = "auth, subscribe, unsubscribe, replay, replay_control, ping"


def read(text: str) -> Incoming:
    """A client's frame; Invalid for everything that is not one."""
    return read_as(_INCOMING, text, _KNOWN)
