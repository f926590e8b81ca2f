"""Pages under a strict Content-Security-Policy; nothing comes from outside."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from contracts.refusals import Code, Refused
from gateway.auth.guards import PUBLIC
from gateway.errors import AnyRequest, http
from gateway.pages.ui import Ui

_FOLDER = Path(__file__).parent
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
# Swagger UI sets style attributes and shows small images that it holds as data.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_FILES = frozenset(
    {
        "page.css",
        "login.js",
        "start.js",
        "docs.js",
        "asyncapi.js",
        "swagger/swagger-ui-bundle.js",
        "swagger/swagger-ui.css",
    }
)
_SHOWN = frozenset(
    {
        "alerts",
        "anomalies",
        "replays",
        "audit",
        "chat",
        "clusters",
        "cnf",
        "events",
        "gpu",
        "incidents",
        "observability",
        "operations",
        "reports",
        "settings",
    }
)
"""What the UI shows below ``/``, each with all that is below it."""


@cache
def _file(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@cache
def _generated(name: str) -> bytes:
    return (files("contracts") / "generated" / name).read_bytes()


def _page(name: str, *, cached: bool = False, status: int = 200) -> Response[bytes]:
    kind = _TYPES[Path(name).suffix]
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "public, max-age=3600" if cached else "no-store",
    }
    return Response(_file(name), status_code=status, media_type=kind, headers=headers)


def _ui(request: AnyRequest) -> Ui:
    return request.app.state["ui"]


def _shown(
    request: AnyRequest, unbuilt: str = "start.html", *, status: int = 200
) -> Response[bytes]:
    """The UI, or the small page in its place where it was not built."""
    ui = _ui(request)
    return ui.index(request.scope["path"], status) if ui.built else _page(unbuilt, status=status)


@get("/", opt=PUBLIC, include_in_schema=False)
async def start(request: AnyRequest) -> Response[bytes]:
    """The fleet."""
    return _shown(request)


@get("/login", opt=PUBLIC, include_in_schema=False)
async def login(request: AnyRequest) -> Response[bytes]:
    """Turns the code after ``#code=`` into a session; the code never reaches a log as a URL."""
    return _shown(request, "login.html")


def elsewhere(request: AnyRequest, error: NotFoundException) -> Response[bytes]:
    """An address that no route has: a page for a browser, the envelope for everybody else.

    Only what asks for text/html by its name is a browser: ``*/*`` is what programs send, and a
    wrong address of the API must not look like an answer to them.
    """
    top = request.scope["path"].strip("/").partition("/")[0]
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return http(request, error)
    if top in _SHOWN:
        # What metrics and the log call it: one name, as a browser may ask for anything below.
        cast("dict[str, Any]", request.scope)["path_template"] = f"/{top}"
        return _shown(request)
    if any(route.path.split("/")[1] == top for route in request.app.routes):
        return http(request, error)
    return _shown(request, status=404)


@get("/ui/{name:path}", opt=PUBLIC, include_in_schema=False)
async def ui_part(request: AnyRequest, name: FromPath[Path]) -> Response[bytes]:
    """One of the files that the UI is made of."""
    wanted = str(name).lstrip("/")
    return _ui(request).part(wanted, request.headers.get("accept-encoding", ""))


@get("/docs", opt=PUBLIC, include_in_schema=False)
async def docs() -> Response[bytes]:
    """Swagger UI over our OpenAPI document."""
    return _page("docs.html")


@get("/asyncapi", opt=PUBLIC, include_in_schema=False)
async def asyncapi() -> Response[bytes]:
    """Commands and events on the bus, read from our AsyncAPI document."""
    return _page("asyncapi.html")


@get("/openapi.json", opt=PUBLIC, include_in_schema=False)
async def openapi_document() -> Response[bytes]:
    """The OpenAPI 3.1 document of this API, made with the contracts: that takes over a second."""
    return Response(_generated("openapi.json"), media_type="application/json")


@get("/asyncapi.json", opt=PUBLIC, include_in_schema=False)
async def asyncapi_document() -> Response[bytes]:
    """The AsyncAPI 3.0 document of the bus, as `make contracts` has written it."""
    return Response(_generated("asyncapi.json"), media_type="application/json")


@get("/assets/{name:path}", opt=PUBLIC, include_in_schema=False)
async def asset(name: FromPath[Path]) -> Response[bytes]:
    """One of the files that the pages use."""
    wanted = str(name).lstrip("/")
    if wanted not in _FILES:
        raise Refused(Code.NOT_FOUND, "there is no such file")
    return _page(wanted, cached=True)


PAGES = [start, login, docs, openapi_document, asyncapi, asyncapi_document, asset, ui_part]
