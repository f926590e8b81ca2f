"""Which writer writes which format; each is loaded when it is needed."""

from collections.abc import Callable, Mapping

from contracts.reports import ReportFormat
from services.reports.data import Chart, ChartKind, ReportData


def render(data: ReportData, form: ReportFormat) -> bytes:
    """A report as a file."""
    return _WRITERS[form](data)


def warm_up(form: ReportFormat) -> None:
    """Load what a format needs, and draw a first chart: the first takes a second."""
    if form in {ReportFormat.HTML, ReportFormat.PDF}:
        from services.reports.rendering.charts import svg  # noqa: PLC0415

        svg(_ANY)


_ANY = Chart(title="", kind=ChartKind.BARS, unit="", text="", points=())


# The libraries of all take half a second and 100 MB.
def _html(data: ReportData) -> bytes:
    from services.reports.rendering.html import html  # noqa: PLC0415

    return html(data)


def _pdf(data: ReportData) -> bytes:
    from services.reports.rendering.pdf import pdf  # noqa: PLC0415

    return pdf(data)


def _markdown(data: ReportData) -> bytes:
    from services.reports.rendering.markdown import markdown  # noqa: PLC0415

    return markdown(data)


def _json(data: ReportData) -> bytes:
    return data.model_dump_json(indent=2).encode()


_WRITERS: Mapping[ReportFormat, Callable[[ReportData], bytes]] = {
    ReportFormat.HTML: _html,
    ReportFormat.PDF: _pdf,
    ReportFormat.MARKDOWN: _markdown,
    ReportFormat.JSON: _json,
}
