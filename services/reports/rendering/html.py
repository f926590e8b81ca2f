"""A report as one page of HTML: no script, nothing loaded, readable in light, dark and in print."""

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.reports.data import Chart, ReportData
from services.reports.rendering import wording
from services.reports.rendering.charts import svg

_HERE = Path(__file__).parent


def html(data: ReportData) -> bytes:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2")
    return page.render(
        data=data,
        kinds=wording.KINDS,
        left_out=wording.left_out,
        picture=_picture,
        period=wording.period(data),
        scope=wording.scope(data),
        made=wording.made(data),
        whose=wording.whose(data),
    ).encode()


def _picture(chart: Chart) -> str:
    """As an image: what is in one runs nothing and loads nothing, whatever it holds."""
    return f"data:image/svg+xml;base64,{b64encode(svg(chart).encode()).decode()}"
