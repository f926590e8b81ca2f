"""Words that all formats share."""

from datetime import datetime

from contracts.reports import ReportType
from services.reports.data import ReportData

KINDS = {
    ReportType.EXECUTIVE_SUMMARY: "Executive summary",
    ReportType.DETAILED_ANALYSIS: "Detailed analysis",
    ReportType.INCIDENT_REPORT: "Incident report",
    ReportType.CAPACITY_PLAN: "Capacity plan",
}
_MOST_NAMED = 12


def moment(at: datetime) -> str:
    """A time as it is read."""
    return at.strftime("%d %b %Y %H:%M UTC")


def period(data: ReportData) -> str:
    """What time it is about."""
    return f"{moment(data.time_range.start)} to {moment(data.time_range.end)}"


def scope(data: ReportData) -> str:
    """Which clusters it is about."""
    names = [cluster.name for cluster in data.clusters]
    if data.is_of_all:
        return f"the whole fleet: {len(names)} clusters"
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more clusters"
    return ", ".join(names) or "no cluster"


def made(data: ReportData) -> str:
    """When, and for whom."""
    return f"Made {moment(data.generated_at)} for {data.generated_by}"


def whose(data: ReportData) -> str:
    """Who wrote its summary."""
    summary = data.summary
    if summary.model is None:
        return f"Summary without a language model{f': {summary.note}' if summary.note else ''}."
    return f"Summary by the model {summary.model}; it may be wrong. {summary.note}".strip()


def left_out(rows: int) -> str:
    """What is said below a table that is not whole."""
    return f"and {rows:,} more, which are left out here"
