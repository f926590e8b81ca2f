"""What all routes share: parameters, paging, documented errors, and JSON that is passed on."""

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, QueryParameter, SkipValidation

from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.rest.documented import ErrorEnvelope
from services.runtime.queries import Cursor, Page

WithGate = NamedDependency[SkipValidation[Gate]]
AnyRequest = Request[Any, Any, Any]
PageNumber = Annotated[int, QueryParameter(ge=1, le=1_000_000, description="Page, from 1 on.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=100, description="Items of one page.")]
Text = FromQuery[str | None]
Flag = FromQuery[bool | None]
Several = Annotated[list[str] | None, QueryParameter(description="May be repeated.")]
States = Annotated[list[str] | None, QueryParameter(name="state", description="May be repeated.")]
"""``state`` as a parameter's name belongs to Litestar."""
FROM_ZERO = {"minimum": 0}
"""``schema_extra`` of a parameter with ``ge=0``: Litestar leaves a bound of zero out."""
Duration = Annotated[str | None, QueryParameter(description="For example 5m, 1h or 7d.")]
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag that must still be true."),
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_ANYWHERE = (
    Code.BAD_REQUEST,
    Code.AUTH_FAILED,
    Code.PERMISSION_DENIED,
    Code.VALIDATION_FAILED,
    Code.INTERNAL_ERROR,
    Code.DATABASE_UNAVAILABLE,
    Code.PROJECTION_BEHIND,
    Code.RATE_LIMITED,
    Code.OVERLOADED,
)


def errors(*codes: Code) -> dict[int, ResponseSpec]:
    """``responses`` of a route: the statuses of these codes and of those that come anywhere."""
    names: dict[int, list[str]] = {}
    for code in (*codes, *_ANYWHERE):
        names.setdefault(code.status, []).append(code.name)
    return {
        status: ResponseSpec(ErrorEnvelope, generate_examples=False, description=", ".join(told))
        for status, told in sorted(names.items())
    }


def raw(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    """JSON that is ready; what is in it says the route's return type."""
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers or {})


def page_of(page: int, page_size: int) -> Page:
    """The page asked for."""
    return Page(page, page_size)


def choices(name: str, given: list[str] | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The values given for a parameter, all of them allowed; any case is taken."""
    found = tuple(value.upper() for value in given or ())
    wrong = [value for value in found if value not in allowed]
    if wrong:
        raise field_error(name, f"must be one of {', '.join(allowed)}")
    return found


def ids(name: str, given: Iterable[str] | None) -> tuple[UUID, ...]:
    """The UUIDs given for a parameter."""
    try:
        return tuple(UUID(text) for text in given or ())
    except ValueError:
        raise field_error(name, "must be a UUID") from None


def label_pairs(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """``label=k=v`` parameters."""
    pairs: list[tuple[str, str]] = []
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise field_error("label", "must look like name=value")
        pairs.append((name, value))
    return tuple(pairs)


def zoned(name: str, moment: datetime | None) -> datetime | None:
    """A time that was given, which must have a zone."""
    if moment is not None and moment.tzinfo is None:
        raise field_error(name, "must have a time zone, for example 2026-01-31T12:00:00Z")
    return moment


def duration(name: str, text: str) -> timedelta:
    """A duration that was given, at least a second."""
    match = re.fullmatch(r"([0-9]{1,7})([smhdw])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if seconds == 0:
        raise field_error(name, "must be a duration such as 5m, 1h or 7d")
    return timedelta(seconds=seconds)


def cursor_of(text: str) -> Cursor:
    """The cursor that was given."""
    try:
        return Cursor.read(text)
    except ValueError:
        raise field_error("cursor", "is not one that an earlier answer gave") from None


def expected_version(if_match: str | None, what: str) -> int | None:
    """The version in an If-Match header; a value that is no ETag of ours can never match."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 18 or int(text) < 1:
        raise Refused(Code.PRECONDITION_FAILED, f"If-Match does not hold an ETag of {what}")
    return int(text)


@contextmanager
def preconditions() -> Generator[None]:
    """Tells one whose If-Match does not hold any more so: 412, where others are told 409."""
    try:
        yield
    except Refused as refused:
        if refused.code is Code.VERSION_CONFLICT and "expected_version" in refused.details:
            raise Refused(Code.PRECONDITION_FAILED, refused.message, refused.details) from None
        raise


def field_error(name: str, message: str) -> Refused:
    """422 about one field."""
    fields = [{"field": name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{name} {message}", {"fields": fields})
