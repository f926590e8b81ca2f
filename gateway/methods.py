"""Which methods an address has: Litestar's answer to OPTIONS names those of one handler only."""

from typing import Any, cast

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Message, Send

_ALLOW = b"allow"


def naming_all(scope: HTTPScope, send: Send) -> Send:
    """Answers to OPTIONS name every method of the address; others go as they are."""
    if scope["method"] != "OPTIONS":
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
            others = [each for each in message["headers"] if each[0] != _ALLOW]
            message["headers"] = [*others, (_ALLOW, ", ".join(_methods(scope)).encode())]
        await send(message)

    return sending


def _methods(scope: HTTPScope) -> list[str]:
    """Those of the route that has answered; Litestar puts into the scope which one it was."""
    told = cast("dict[str, Any]", scope)
    app, template = cast(Litestar, told["litestar_app"]), told.get("path_template")
    routes = (each for each in app.routes if isinstance(each, HTTPRoute))
    found = next((each for each in routes if each.path_format == template), None)
    return ["OPTIONS"] if found is None else sorted(found.methods)
