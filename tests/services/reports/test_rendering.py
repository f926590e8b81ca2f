"""Reports as files: whole in every format, and no text of one is ever markup."""

import io
import json
import re
from html.parser import HTMLParser

import pypdf
import pytest
from markdown_it import MarkdownIt

from contracts.reports import ReportFormat, ReportType
from services.reports.data import Cell, ReportData, plain
from services.reports.rendering.charts import svg
from services.reports.rendering.writing import render
from tests.kit.report_data import HOSTILE, chart, ranking, report_data

ALLOWED = {
    "href", "src", "alt", "class", "dir", "lang", "charset", "name", "content", "scope", "target",
    "rel",
}  # fmt: skip
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "p", "h1", "h2", "br", "span", "div",
    "ul", "li", "section", "dl", "dt", "dd", "small", "figure", "figcaption", "img", "a", "pre",
    "code", "table", "caption", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
TYPES = list(ReportType)


class Page(HTMLParser):
    """What stands in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def _page(data: ReportData) -> Page:
    return Page(render(data, ReportFormat.HTML).decode())


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("form", list(ReportFormat))
def test_every_type_in_every_format(kind: ReportType, form: ReportFormat) -> None:
    assert len(render(report_data(report_type=kind), form)) > 500


@pytest.mark.parametrize("name", HOSTILE)
def test_in_html_every_text_is_text(name: str) -> None:
    page = _page(report_data(name))
    assert page.tags <= TAGS
    assert page.attributes <= ALLOWED
    assert all(
        each.startswith(("data:image/svg+xml;base64,", "https://hub.")) for each in page.links
    )
    assert name[:1_000] in page.text


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    page = render(report_data(*HOSTILE), ReportFormat.HTML).decode()
    assert "<script" not in page.lower()
    styles = "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert "prefers-color-scheme: dark" in styles
    assert "@media print" in styles


@pytest.mark.parametrize("name", HOSTILE)
def test_in_markdown_every_text_is_text(name: str) -> None:
    body = render(report_data(name), ReportFormat.MARKDOWN).decode()
    html = MarkdownIt("gfm-like", {"linkify": False}).render(body)
    page = Page(html)
    assert {"script", "img", "style"} & page.tags == set()
    assert all(each.startswith("https://hub.example.com/") for each in page.links)
    if len(name) < 1_000:
        assert " ".join(name.split()) in page.text


@pytest.mark.parametrize("name", [*HOSTILE[:5], HOSTILE[7]])
def test_in_pdf_every_text_is_text(name: str) -> None:
    found = pypdf.PdfReader(io.BytesIO(render(report_data(name), ReportFormat.PDF)))
    text = "".join(page.extract_text() for page in found.pages)
    told = re.sub(r"\s", "", name)[:60]
    assert told in re.sub(r"\s", "", text)


def test_a_pdf_can_be_read_by_those_who_do_not_see_it() -> None:
    body = render(report_data(), ReportFormat.PDF)
    found = pypdf.PdfReader(io.BytesIO(body))
    assert found.metadata is not None
    assert found.metadata.title == "edge-berlin-1"
    assert b"pdfuaid" in body  # PDF/UA says so of itself.
    assert 1 <= len(found.pages) <= 3


@pytest.mark.parametrize("name", [HOSTILE[5], HOSTILE[6], HOSTILE[8]])
def test_any_script_and_any_length_makes_a_pdf(name: str) -> None:
    found = pypdf.PdfReader(io.BytesIO(render(report_data(name), ReportFormat.PDF)))
    assert len(found.pages) >= 1


def test_json_is_the_report() -> None:
    data = report_data(*HOSTILE)
    body = render(data, ReportFormat.JSON)
    assert ReportData.model_validate_json(body) == data
    assert json.loads(body)["gaps"]


def test_a_chart_is_text_and_lines() -> None:
    for one in (chart(), ranking(*HOSTILE[:5])):
        drawn = svg(one)
        assert drawn.startswith("<svg")
        assert "<script" not in drawn
        assert "href=" not in drawn.replace("xmlns:xlink", "")


def test_a_link_goes_nowhere_but_to_the_hub() -> None:
    for link in ("javascript:alert(1)", "//evil.example", "https://evil.example", "/a b"):
        with pytest.raises(ValueError, match="link"):
            Cell(text="x", link=link)


def test_texts_from_outside_are_short_and_without_controls() -> None:
    assert plain("a\x00b\x1b[31m\u202ec") == "a b [31m c"
    assert len(plain("x" * 10_000)) == 2_000
