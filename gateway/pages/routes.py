"""Static pages under a strict Content-Security-Policy; nothing comes from outside."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from contracts.refusals import Code, Refused
from gateway.auth.guards import PUBLIC

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


@cache
def _file(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@cache
def _generated(name: str) -> bytes:
    return (files("contracts") / "generated" / name).read_bytes()


def _page(name: str, *, cached: bool = False) -> Response[bytes]:
    kind = _TYPES[Path(name).suffix]
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "public, max-age=3600" if cached else "no-store",
    }
    return Response(_file(name), media_type=f"{kind}; charset=utf-8", headers=headers)


@get("/", opt=PUBLIC, include_in_schema=False)
async def start() -> Response[bytes]:
    """Where to go from here."""
    return _page("start.html")


@get("/login", opt=PUBLIC, include_in_schema=False)
async def login() -> Response[bytes]:
    """Turns the code after ``#code=`` into a session; the code never reaches a log as a URL."""
    return _page("login.html")


@get("/docs", opt=PUBLIC, include_in_schema=False)
async def docs() -> Response[bytes]:
    """Swagger UI over our OpenAPI document."""
    return _page("docs.html")


@get("/asyncapi", opt=PUBLIC, include_in_schema=False)
async def asyncapi() -> Response[bytes]:
    """Commands and events on the bus, read from our AsyncAPI document."""
    return _page("asyncapi.html")


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


PAGES = [start, login, docs, asyncapi, asyncapi_document, asset]
