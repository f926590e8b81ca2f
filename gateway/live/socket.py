"""The doors of what is told live: ``/ws``, and ``/api/v1/logs/tail``."""

from litestar import websocket
from litestar.handlers import WebsocketRouteHandler

from gateway.auth.credentials import is_foreign, session_cookie
from gateway.auth.guards import PUBLIC
from gateway.gate import Gate
from gateway.live.connection import Ambient
from gateway.live.live import Live
from gateway.live.log_tails import LogTails, Places
from gateway.live.outlet import AnySocket, Outlet
from gateway.live.talk import Writer
from services.runtime.settings import GatewaySettings

__all__ = ["Live", "live_socket", "log_tail_socket"]


def live_socket(live: Live) -> WebsocketRouteHandler:
    """The handler of ``/ws``; logins are its own business, so that it can tell of failures."""

    @websocket("/ws", opt=PUBLIC)
    async def stream(socket: AnySocket) -> None:
        await live.serve(socket, _ambient(socket, live.settings), live.events)

    return stream


def log_tail_socket(live: Live, gate: Gate, places: Places | None = None) -> WebsocketRouteHandler:
    """The handler of ``/api/v1/logs/tail``: the same doorkeeper, another talk."""
    shared = places or Places()

    @websocket("/api/v1/logs/tail", opt=PUBLIC)
    async def tail(socket: AnySocket) -> None:
        def begin(outlet: Outlet, writer: Writer) -> LogTails:
            return LogTails(outlet, writer, live.clock, gate, shared)

        await live.serve(socket, _ambient(socket, live.settings), begin)

    return tail


def _ambient(socket: AnySocket, settings: GatewaySettings) -> Ambient | None:
    """What counts without being said: the session cookie, or that nobody has to log in.

    A page of any site can open a socket here and the browser adds the cookie, so the page counts.
    """
    headers = dict(socket.scope["headers"])
    secret = session_cookie(headers.get(b"cookie"))
    if secret is None and settings.auth == "none":
        secret = ""
    if secret is None:
        return None
    return Ambient(secret, ours=not is_foreign(headers))
