"""Reports over REST: have one made, now or again and again, and read it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from contracts.reports import (
    DeleteReport,
    GenerateReport,
    Recurring,
    ReportFormat,
    ReportStatus,
    ReportType,
    ScheduleReport,
    UnscheduleReport,
)
from gateway.auth.guards import READERS, Mine, giving, principal_of, reads_of
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_reports import ReportList, ReportRequest, ReportScheduleList
from gateway.rest.report_requests import acting_for, asked_for, scope_for
from gateway.rest.shared import (
    AnyRequest,
    PageNumber,
    PageSize,
    Several,
    WithGate,
    choices,
    errors,
    ids,
    page_of,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.reports import queries
from projections.reports.view import ReportView, ScheduleView
from services.runtime import objects, rights

_HEADERS = [
    ResponseHeader(
        name="Location", documentation_only=True, description="Where it is, from now on."
    ),
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    ),
]
_CHANGE = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
} | errors(
    Code.INVALID_JSON,
    Code.REPORT_NOT_FOUND,
    Code.INCIDENT_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)
_TYPES, _STATUSES = tuple(ReportType), tuple(ReportStatus)
FILES: Mapping[ReportFormat, tuple[str, str]] = {
    ReportFormat.HTML: ("text/html", "html"),
    ReportFormat.PDF: ("application/pdf", "pdf"),
    ReportFormat.MARKDOWN: ("text/markdown", "md"),
    ReportFormat.JSON: ("application/json", "json"),
}
"""Media type and ending of the file of each format."""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'"
)
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 60


@post("/", operation_id="createReport", status_code=201, opt=giving(GenerateReport),
      summary="Have a report made", response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def create_report(
    gate: WithGate, request: AnyRequest, data: JSONBody[ReportRequest]
) -> Response[ReportView]:
    """It is made after this was answered: read it until its status is READY or FAILED, or follow
    `REPORT_PROGRESS` on the live stream. It tells what whoever asks may read, and nothing else."""
    asked = await asked_for(gate, data, reads_of(request))
    acting = acting_for(principal_of(request), asked.cluster_scope)
    done = await write(gate, request, GenerateReport(asked=asked, acting=acting), "reports")
    if isinstance(done, Pending):
        return done.response()
    report_id = UUID(done.outcome.id or "")
    found = await queries.by_id(gate.database, report_id, reads_of(request))
    if found is None:
        raise _no_report(report_id)
    headers = {"Location": f"/api/v1/reports/{report_id}"} | _sequence(done)
    return raw(found.model_dump_json().encode(), status=201, headers=headers)


@get("/", operation_id="listReports", opt=READERS, summary="List reports",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_reports(
    gate: WithGate,
    mine: Mine,
    report_type: Several = None,
    status: Several = None,
    cluster_id: Several = None,
    schedule_id: Several = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ReportList]:
    """The newest first: those of which whoever asks may read every cluster. One of the whole fleet
    is seen by who may read everything."""
    at = await as_of.find(gate, moment, sequence, "reports")
    wanted = queries.ReportFilter(
        mine=mine,
        report_type=choices("report_type", report_type, _TYPES),
        status=choices("status", status, _STATUSES),
        cluster_id=ids("cluster_id", cluster_id),
        schedule_id=ids("schedule_id", schedule_id),
        as_of=at,
    )
    found = await queries.listing(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(at))


@get("/{report_id:uuid}", operation_id="getReport", opt=READERS, summary="One report",
     response_headers=[AS_OF_HEADER], responses=errors(Code.REPORT_NOT_FOUND))  # fmt: skip
async def get_report(
    gate: WithGate,
    mine: Mine,
    report_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ReportView]:
    """What it is about, and how far it is."""
    at = await as_of.find(gate, moment, sequence, "reports")
    found = await queries.by_id(gate.database, report_id, mine, at)
    if found is None:
        raise _no_report(report_id)
    return raw(found.model_dump_json().encode(), headers=as_of.headers(at))


@get("/{report_id:uuid}/download", operation_id="downloadReport", opt=READERS,
     summary="Read a report", media_type="application/octet-stream",
     response_headers=[ResponseHeader(name="ETag", documentation_only=True,
                                      description="Of its content, which never changes.")],
     responses=errors(Code.REPORT_NOT_FOUND, Code.BUS_UNAVAILABLE))  # fmt: skip
async def download_report(
    gate: WithGate, request: AnyRequest, mine: Mine, report_id: FromPath[UUID]
) -> Response[bytes]:
    """The file, in its format. HTML can be opened as it is: it runs and loads nothing."""
    found = await queries.by_id(gate.database, report_id, mine)
    if found is None:
        raise _no_report(report_id)
    if found.status is not ReportStatus.READY:
        text = f"the report {report_id} cannot be read: it is {found.status}"
        raise Refused(Code.REPORT_NOT_FOUND, text)
    etag = f'"{found.sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") in {etag, f"W/{etag}"}:
        return Response(b"", status_code=304, headers=headers)
    body = await objects.reports(gate.runtime.bus).get(report_id)
    if body is None:
        raise _no_report(report_id)
    kind, ending = FILES[found.format]
    headers |= {
        "Content-Disposition": _disposition(found, ending),
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kind, headers=headers)


def _disposition(report: ReportView, ending: str) -> str:
    """A name that every system takes, and the title for those that take any."""
    plain = unicodedata.normalize("NFKD", report.title).encode("ascii", "ignore").decode()
    name = _UNSAFE.sub("-", plain).strip("-")[:_LONGEST_NAME].strip("-") or "report"
    told = quote(f"{report.title.replace('/', '-')[:_LONGEST_NAME]}.{ending}", safe="")
    return f"inline; filename=\"{name}.{ending}\"; filename*=UTF-8''{told}"


@delete("/{report_id:uuid}", operation_id="deleteReport", opt=giving(DeleteReport),
        summary="Delete a report", status_code=204, responses=_CHANGE)  # fmt: skip
async def delete_report(
    gate: WithGate, request: AnyRequest, report_id: FromPath[UUID]
) -> Response[None]:
    """It goes, with all that can be read of it."""
    if await queries.by_id(gate.database, report_id, reads_of(request)) is None:
        raise _no_report(report_id)
    done = await write(gate, request, DeleteReport(report_id=report_id), "reports")
    return _gone(done)


@get("/schedules", operation_id="listReportSchedules", opt=READERS,
     summary="Reports that are made again and again", response_headers=[AS_OF_HEADER],
     responses=errors())  # fmt: skip
async def list_schedules(
    gate: WithGate,
    mine: Mine,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ReportScheduleList]:
    """The newest first; seen as its reports are."""
    at = await as_of.find(gate, moment, sequence, "reports")
    found = await queries.schedules(gate.database, page_of(page, page_size), mine, at)
    return raw(found, headers=as_of.headers(at))


@post("/schedules", operation_id="createReportSchedule", status_code=201,
      opt=giving(ScheduleReport), summary="Have a report made again and again",
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def create_schedule(
    gate: WithGate, request: AnyRequest, data: JSONBody[Recurring]
) -> Response[ScheduleView]:
    """By a cron expression of five fields, in UTC. Its reports are read with the rights that
    whoever schedules it has now, whatever becomes of them; so it ends after 180 days."""
    principal = principal_of(request)
    may = principal.scope(rights.given_by(ScheduleReport))
    recurring = data.model_copy(update={"cluster_scope": scope_for(may, data.cluster_scope)})
    acting = acting_for(principal, recurring.cluster_scope)
    command = ScheduleReport(recurring=recurring, acting=acting)
    done = await write(gate, request, command, "reports")
    if isinstance(done, Pending):
        return done.response()
    schedule_id = UUID(done.outcome.id or "")
    found = await queries.schedule_by_id(gate.database, schedule_id, reads_of(request))
    if found is None:
        raise _no_schedule(schedule_id)
    return raw(found.model_dump_json().encode(), status=201, headers=_sequence(done))


@delete("/schedules/{schedule_id:uuid}", operation_id="deleteReportSchedule",
        opt=giving(UnscheduleReport), summary="Have it made no more", status_code=204,
        responses=_CHANGE)  # fmt: skip
async def delete_schedule(
    gate: WithGate, request: AnyRequest, schedule_id: FromPath[UUID]
) -> Response[None]:
    """Reports that were made stay."""
    if await queries.schedule_by_id(gate.database, schedule_id, reads_of(request)) is None:
        raise _no_schedule(schedule_id)
    done = await write(gate, request, UnscheduleReport(schedule_id=schedule_id), "reports")
    return _gone(done)


def _sequence(done: Done) -> dict[str, str]:
    sequence = done.outcome.sequence
    return {} if sequence is None else {"X-Event-Sequence": str(sequence)}


def _gone(done: Done | Pending) -> Response[Any]:
    if isinstance(done, Pending):
        return done.response()
    return Response(None, status_code=204, headers=_sequence(done))


def _no_report(report_id: UUID) -> Refused:
    return Refused(Code.REPORT_NOT_FOUND, f"there is no report {report_id}")


def _no_schedule(schedule_id: UUID) -> Refused:
    return Refused(Code.REPORT_NOT_FOUND, f"there is no schedule {schedule_id}")


reports = Router(
    "/reports",
    route_handlers=[
        create_report,
        list_reports,
        get_report,
        download_report,
        delete_report,
        list_schedules,
        create_schedule,
        delete_schedule,
    ],
    tags=["Intelligence"],
)
