"""Every status of 400 and more is the same envelope, with a code of one closed list."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import (
    ClientException,
    HTTPException,
    SerializationException,
    ValidationException,
)
from psycopg.errors import QueryCanceled
from pydantic import ValidationError

from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from services.runtime.bus import BusUnavailable, JetStreamRefused, TooLarge
from services.runtime.clock import SystemClock
from services.runtime.database import DatabaseUnavailable, NotBuilt
from services.runtime.logging import logger
from services.runtime.validation import problems

_BY_STATUS = {
    400: Code.BAD_REQUEST,
    401: Code.AUTH_FAILED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.BODY_TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
    422: Code.VALIDATION_FAILED,
    503: Code.OVERLOADED,
}
_RETRY_AFTER = {
    Code.BUS_UNAVAILABLE,
    Code.DATABASE_UNAVAILABLE,
    Code.OVERLOADED,
    Code.PROJECTION_BEHIND,
}
_CLOCK = SystemClock()
_ASKED = {
    "since": "from",
    "until": "to",
    "states": "state",
    "moment": "as_of",
    "sequence": "as_of_sequence",
    "if_match": "If-Match",
    "data": "body",
}
"""Parameters by the names that callers know, where Python's differ."""

AnyRequest = Request[Any, Any, Any]


def envelope(code: Code, message: str, details: Mapping[str, Any], trace_id: str) -> bytes:
    """The body of an error."""
    error = {
        "code": code.name,
        "message": message,
        "details": details,
        "service": "gateway",
        "trace_id": trace_id,
        "timestamp": rfc3339(_CLOCK.now()),
    }
    return msgspec.json.encode({"error": error})


def _answer(
    request: AnyRequest, code: Code, message: str, details: Mapping[str, Any] | None = None
) -> Response[bytes]:
    headers = {"Retry-After": "1"} if code in _RETRY_AFTER else {}
    if code is Code.AUTH_FAILED:
        headers["WWW-Authenticate"] = "Bearer"
    state = request.scope["state"]
    trace_id = str(state.get("trace_id", ""))
    return Response(
        envelope(code, message, details or {}, trace_id),
        status_code=code.status,
        media_type=MediaType.JSON,
        headers=headers,
    )


def refused(request: AnyRequest, error: Refused) -> Response[bytes]:
    """The caller is told why."""
    return _answer(request, error.code, error.message, error.details)


def bus_away(request: AnyRequest, error: BusUnavailable) -> Response[bytes]:
    """Nothing was accepted, or nobody knows: the same request may be sent again."""
    return _answer(request, Code.BUS_UNAVAILABLE, "the event bus does not answer; try again")


def too_large(request: AnyRequest, error: TooLarge) -> Response[bytes]:
    """What the body became does not fit into one message."""
    return _answer(request, Code.BODY_TOO_LARGE, "this is more than one command may hold")


def bus_full(request: AnyRequest, error: JetStreamRefused) -> Response[bytes]:
    """JetStream answers, but does not take it: no space, no quorum."""
    logger("http").error("bus_refused", path=request.url.path, reason=str(error))
    return _answer(request, Code.BUS_UNAVAILABLE, "the event bus takes nothing now; try again")


def database_away(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Reads need the database."""
    return _answer(request, Code.DATABASE_UNAVAILABLE, "the database does not answer; try again")


def not_built(request: AnyRequest, error: NotBuilt) -> Response[bytes]:
    """The projector has not begun, or has just begun."""
    return _answer(request, Code.PROJECTION_BEHIND, "this read model is not built yet; try again")


def invalid(request: AnyRequest, error: ValidationError) -> Response[bytes]:
    """A body that we read ourselves does not have the right shape."""
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return no_json(request, error)
    return _answer(request, Code.VALIDATION_FAILED, "the body is not valid", problems(error))


def no_json(request: AnyRequest, error: Exception) -> Response[bytes]:
    """A body that is empty, malformed, or nested deeper than anything of ours."""
    return _answer(request, Code.INVALID_JSON, "the body is not valid JSON")


def litestar_invalid(request: AnyRequest, error: ValidationException) -> Response[bytes]:
    """Parameters or a body that Litestar read do not have the right shape."""
    found = cast("list[dict[str, Any]]", error.extra if isinstance(error.extra, list) else [])
    if any(item.get("message") == "'data'" for item in found):
        return no_json(request, error)
    fields = [
        {
            "field": _ASKED.get(str(item.get("key")), str(item.get("key") or "body")),
            "message": str(item.get("message", "")),
        }
        for item in found
    ]
    return _answer(
        request, Code.VALIDATION_FAILED, "the request is not valid", {"fields": fields[:20]}
    )


def litestar_client(request: AnyRequest, error: ClientException) -> Response[bytes]:
    """Litestar says 400 for a body that is not JSON."""
    cause = error.__cause__ or error.__context__
    if error.status_code == 400 and isinstance(cause, SerializationException | msgspec.DecodeError):
        return no_json(request, error)
    return http(request, error)


def http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What Litestar refuses by itself: unknown paths, wrong methods, bodies that are too large."""
    code = _BY_STATUS.get(error.status_code, Code.INTERNAL_ERROR)
    if code is Code.INTERNAL_ERROR:
        return bug(request, error)
    said = error.detail if error.status_code != 400 else ""
    answer = _answer(request, code, said or HTTPStatus(code.status).phrase)
    if "allow" in (error.headers or {}):
        answer.headers["Allow"] = (error.headers or {})["allow"]
    return answer


def bug(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Everything else is a bug: logged with its traceback, and told without detail."""
    logger("http").error("unexpected_error", path=request.url.path, exc_info=error)
    return _answer(request, Code.INTERNAL_ERROR, "something went wrong here; it is in the log")


HANDLERS: dict[int | type[Exception], Any] = {
    Refused: refused,
    BusUnavailable: bus_away,
    TooLarge: too_large,
    JetStreamRefused: bus_full,
    NotBuilt: not_built,
    DatabaseUnavailable: database_away,
    QueryCanceled: database_away,
    ValidationError: invalid,
    RecursionError: no_json,
    # Of a body that is no UTF-8: msgspec says so in this way.
    UnicodeDecodeError: no_json,
    ValidationException: litestar_invalid,
    ClientException: litestar_client,
    HTTPException: http,
    Exception: bug,
}
