"""Errors as Prometheus tells them, for every status that these paths can give."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Response
from litestar.enums import MediaType

from contracts.refusals import Code, Refused
from gateway.errors import HANDLERS, AnyRequest

Handler = Callable[[AnyRequest, Any], Response[bytes]]

_FAILED = "evaluation_failed"
_BAD_DATA = (400, "bad_data")
_EXECUTION = (422, "execution")
_UNAVAILABLE = (503, "unavailable")
_TOLD: dict[Code, tuple[int, str]] = {
    Code.INVALID_PROMQL: _BAD_DATA,
    Code.VALIDATION_FAILED: _BAD_DATA,
    Code.BAD_REQUEST: _BAD_DATA,
    Code.INVALID_JSON: _BAD_DATA,
    Code.LIMIT_REACHED: _EXECUTION,
    Code.QUERY_TIMEOUT: (503, "timeout"),
    Code.UPSTREAM_FAILED: _UNAVAILABLE,
    Code.AUTH_FAILED: (401, "unauthorized"),
    Code.PERMISSION_DENIED: (403, "forbidden"),
    Code.NOT_FOUND: (404, "not_found"),
}
"""What is not here keeps its status."""


class _Error(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any]


class _Envelope(msgspec.Struct):
    error: _Error


class Failure(msgspec.Struct):
    """The body of an error."""

    errorType: str  # noqa: N815 - Prometheus' own name
    error: str
    status: str = "error"


def bad_data(message: str) -> Refused:
    """What was asked makes no sense."""
    return Refused(Code.INVALID_PROMQL, message)


def failed(refused: Refused) -> Refused:
    """The same of a query that is sound by its grammar: evaluating it is what has failed."""
    return Refused(refused.code, refused.message, {_FAILED: True})


def _in_its_shape(handler: Handler) -> Handler:
    """The same answer as elsewhere, told as Prometheus tells it."""

    def answer(request: AnyRequest, error: Any) -> Response[bytes]:
        told = handler(request, error)
        inner = msgspec.json.decode(told.content, type=_Envelope).error
        status, kind = _kind(Code[inner.code], inner.details)
        body = msgspec.json.encode(Failure(kind, inner.message))
        headers = {key: value for key, value in told.headers.items() if value is not None}
        return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)

    return answer


def _kind(code: Code, details: Mapping[str, Any]) -> tuple[int, str]:
    if details.get(_FAILED):
        return _EXECUTION
    if code in _TOLD:
        return _TOLD[code]
    if code.status >= 500:
        return code.status, "internal" if code.status == 500 else "unavailable"
    return code.status, "bad_data"


ITS_HANDLERS = {kind: _in_its_shape(handler) for kind, handler in HANDLERS.items()}
