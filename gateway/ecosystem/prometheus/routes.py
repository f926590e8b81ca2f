"""The paths of Prometheus' HTTP API v1, by GET and by form."""

from collections.abc import Callable
from typing import Any

import promql_parser as promql
from litestar import Response, Router, route
from litestar.handlers import HTTPRouteHandler

from gateway.auth.guards import READERS
from gateway.ecosystem.prometheus import describing, querying, ruling
from gateway.ecosystem.prometheus.asking import success
from gateway.ecosystem.prometheus.errors import ITS_HANDLERS, bad_data
from gateway.ecosystem.prometheus.parameters import parameters
from gateway.federation.promql import parse
from gateway.rest.shared import AnyRequest

_API_LEVEL = "2.53.0"
"""Which Prometheus this is like: clients choose by it what they ask for."""
_BUILD = {
    "version": _API_LEVEL,
    "revision": "aiops-nextgen",
    "branch": "",
    "buildUser": "",
    "buildDate": "",
    "goVersion": "",
}


async def build_info(request: AnyRequest) -> Response[Any]:
    """What a client may expect."""
    del request
    return success(_BUILD)


async def format_query(request: AnyRequest) -> Response[Any]:
    """The query, laid out."""
    parsed = parse((await parameters(request)).text("query"))
    if parsed.expression is None:
        raise bad_data("the query is newer than what can be laid out here")
    tree: promql.Expr = parsed.expression
    return success(tree.prettify(), parsed.warnings)


async def exemplars(request: AnyRequest) -> Response[Any]:
    """None: exemplars are not asked for across clusters."""
    parse((await parameters(request)).text("query"))
    return success([])


def _route(path: str, handler: Callable[..., Any]) -> HTTPRouteHandler:
    made = route(
        path, http_method=["GET", "POST"], status_code=200, opt=READERS, include_in_schema=False
    )
    return made(handler)


prometheus = Router(
    "/prometheus/api/v1",
    route_handlers=[
        _route("/query", querying.instant),
        _route("/query_range", querying.over_time),
        _route("/query_exemplars", exemplars),
        _route("/series", describing.series),
        _route("/labels", describing.labels),
        _route("/label/{name:str}/values", describing.values),
        _route("/metadata", describing.metadata),
        _route("/rules", ruling.rules),
        _route("/alerts", ruling.alerts),
        _route("/format_query", format_query),
        _route("/status/buildinfo", build_info),
    ],
    exception_handlers=ITS_HANDLERS,
)
