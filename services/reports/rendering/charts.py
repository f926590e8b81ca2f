"""Charts as SVG: Vega-Lite specs with their data inside, drawn without a network."""

from typing import Any

import vl_convert

from services.reports.data import Chart, ChartKind

_WIDTH, _HEIGHT, _BAR = 620, 200, 16
_LABEL = 220
_AXIS = 45
_GREY = "#7a828c"
"""Is read on white and on black."""
_COLOURS = {
    "CRITICAL": "#d4351c",
    "WARNING": "#e08b00",
    "INFO": "#3d7fc4",
    "HIGH": "#d4351c",
    "MEDIUM": "#e08b00",
    "LOW": "#3d7fc4",
}
_OTHERS = ("#3d7fc4", "#e08b00", "#2e9c6a", "#a05fc0", "#d4351c", "#1f9aa8", "#b8632b", "#7a828c")
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _GREY,
        "titleColor": _GREY,
        "gridColor": "#7a828c33",
        "domainColor": "#7a828c88",
        "tickColor": "#7a828c88",
        "labelLimit": _LABEL,
    },
    "legend": {"labelColor": _GREY, "titleColor": _GREY, "orient": "top", "labelLimit": _LABEL},
}


def svg(chart: Chart) -> str:
    """A chart as an SVG of its own; what is in it is text, whatever it says."""
    drawn: str = vl_convert.vegalite_to_svg(spec(chart), allowed_base_urls=[])
    return drawn


def spec(chart: Chart) -> dict[str, Any]:
    """The Vega-Lite spec of a chart."""
    values = [{"x": point.x, "y": point.y, "s": point.series} for point in chart.points]
    series = list(dict.fromkeys(point.series for point in chart.points))
    made: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        # Axes and legend included, so that all charts of a page have letters of one size.
        "autosize": {"type": "fit", "contains": "padding"},
        "config": _CONFIG,
        "data": {"values": values},
        "mark": _mark(chart.kind),
        "encoding": _encoding(chart),
    }
    if chart.kind is ChartKind.RANKING:
        made["height"] = _BAR * len({point.x for point in chart.points}) + _AXIS
    if series != [""]:
        made["encoding"]["color"] = _colour(series)
    return made


def _mark(kind: ChartKind) -> dict[str, Any]:
    if kind is ChartKind.LINES:
        return {"type": "line", "strokeWidth": 1.5, "color": _OTHERS[0], "point": {"size": 12}}
    return {"type": "bar", "color": _OTHERS[0]}


def _encoding(chart: Chart) -> dict[str, Any]:
    amount = {"field": "y", "type": "quantitative", "title": chart.unit, "axis": {"tickCount": 4}}
    if chart.kind is ChartKind.RANKING:
        name = {"field": "x", "type": "nominal", "sort": None, "title": None}
        return {"x": amount, "y": name}
    if not chart.is_over_time:
        return {"x": {"field": "x", "type": "nominal", "sort": None, "title": None}, "y": amount}
    time: dict[str, Any] = {"field": "x", "type": "temporal", "scale": {"type": "utc"}}
    time |= {"title": None, "axis": {"tickCount": 6, "format": "%d %b", "grid": False}}
    if chart.kind is ChartKind.BARS:
        time["timeUnit"] = "utcyearmonthdate"
    return {"x": time, "y": amount}


def _colour(series: list[str]) -> dict[str, Any]:
    colours = [_COLOURS.get(name, _OTHERS[at % len(_OTHERS)]) for at, name in enumerate(series)]
    return {
        "field": "s",
        "type": "nominal",
        "title": None,
        "scale": {"domain": series, "range": colours},
    }
