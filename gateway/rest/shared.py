"""What all routes share: dependencies, paging, and how JSON from the database is passed on."""

from typing import Annotated, Any

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.params import Dependency, Parameter

from contracts.refusals import Code, Refused
from gateway.gate import Gate
from services.runtime.queries import Page

WithGate = Annotated[Gate, Dependency(skip_validation=True)]
AnyRequest = Request[Any, Any, Any]
PageNumber = Annotated[int, Parameter(ge=1, le=1_000_000, description="Page, from 1 on.")]
PageSize = Annotated[int, Parameter(ge=1, le=100, description="Items of one page.")]
Several = Annotated[list[str] | None, Parameter(description="May be repeated.")]

States = Annotated[list[str] | None, Parameter(query="state", description="May be repeated.")]
"""``state`` as a parameter's name belongs to Litestar."""


def raw(
    body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """JSON that is ready."""
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


def label_pairs(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """``label=k=v`` parameters."""
    pairs: list[tuple[str, str]] = []
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise field_error("label", "must look like name=value")
        pairs.append((name, value))
    return tuple(pairs)


def field_error(name: str, message: str) -> Refused:
    """422 about one field."""
    fields = [{"field": name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{name} {message}", {"fields": fields})
