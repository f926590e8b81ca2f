"""The Prometheus of a simulated cluster: its HTTP API.

Sources: https://prometheus.io/docs/prometheus/latest/querying/api/ and the texts of its errors in
prometheus/prometheus, web/api/v1/api.go.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Request, json_answer
from deploy.simulator.metrics import METRICS, series_of
from deploy.simulator.objects import CREATED, Json
from deploy.simulator.promql import NotSimulated, evaluated, selector_of
from deploy.simulator.questions import (
    Form,
    Misunderstood,
    fits,
    form_of,
    rfc3339,
    seconds_of,
)
from deploy.simulator.series import Sampled, Series

VERSION = {
    "version": "3.1.0+simulated",
    "revision": "simulated",
    "branch": "HEAD",
    "buildUser": "simulator",
    "buildDate": CREATED,
    "goVersion": "go1.24.0",
}
_MOST_POINTS = 11_000
_MOST_PLANS = 16
_Planned = tuple[Sampled, msgspec.Raw]
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class _Range:
    """The moments that are asked for."""

    start: float
    end: float
    step: float

    def moments(self) -> Iterator[float]:
        count = math.floor((self.end - self.start) / self.step) + 1
        return (self.start + number * self.step for number in range(count))


def answer(cluster: Cluster, path: str, request: Request) -> Answer | None:
    """What a path of the API gives, None if there is nothing."""
    form = form_of(request)
    try:
        below = path.startswith("api/v1/")
        return _answer(cluster, path, form, request.now.timestamp()) if below else None
    except Misunderstood as error:
        return _failure(400, "bad_data", str(error))
    except NotSimulated as error:
        return _failure(422, "execution", f"simulated: {error}")


def _answer(cluster: Cluster, path: str, form: Form, now: float) -> Answer | None:
    match path.removeprefix("api/v1/"):
        case "query":
            return _query(cluster, form, now)
        case "query_range":
            return _query_range(cluster, form)
        case "series":
            return _series(cluster, form)
        case other:
            return _listed(cluster, form, other.split("/")) or _told(other, form)


def _told(what: str, form: Form) -> Answer | None:
    told: Mapping[str, Json] = {
        "metadata": _metadata(form),
        "rules": {"groups": []},
        "alerts": {"alerts": []},
        "status/buildinfo": VERSION,
    }
    return success(told[what]) if what in told else None


def success(data: object, warnings: Sequence[str] = ()) -> Answer:
    """Data as Prometheus and Loki wrap it."""
    told: Json = {"status": "success", "data": data}
    return json_answer(told | ({"warnings": list(warnings)} if warnings else {}))


def _failure(code: int, kind: str, message: str) -> Answer:
    return json_answer({"status": "error", "errorType": kind, "error": message}, code)


def _query(cluster: Cluster, form: Form, now: float) -> Answer:
    at = _time(form, "time", now)
    text = _expression(form)
    if _NUMBER.fullmatch(text):
        return success({"resultType": "scalar", "result": [at, text]})
    values = ((labels, value(at)) for value, labels in _planned(cluster, text))
    found = [
        {"metric": labels, "value": (at, number(value))}
        for labels, value in values
        if value is not None
    ]
    return success({"resultType": "vector", "result": found})


def _planned(cluster: Cluster, text: str) -> Sequence[_Planned]:
    """The series of an expression with their labels as they are sent.

    They do not depend on the time, and the same is asked again and again.
    """
    plans: OrderedDict[str, Sequence[_Planned]]
    plans = cluster.remembered("queries", lambda _: OrderedDict[str, Sequence[_Planned]]())
    if text not in plans:
        found = evaluated(cluster, text)
        plans[text] = [
            (each.value, msgspec.Raw(msgspec.json.encode(each.labels))) for each in found
        ]
        while len(plans) > _MOST_PLANS:
            plans.popitem(last=False)
    return plans[text]


def _query_range(cluster: Cluster, form: Form) -> Answer:
    asked = _range(form)
    text = _expression(form)
    series: Iterable[Series] = evaluated(cluster, text) if not _NUMBER.fullmatch(text) else ()
    told = ((each.labels, _samples(each, asked.moments())) for each in series)
    found = [{"metric": labels, "values": values} for labels, values in told if values]
    return success({"resultType": "matrix", "result": found})


def _samples(series: Series, moments: Iterable[float]) -> list[list[object]]:
    """Those of its samples that it has: a comparison leaves some out."""
    values = ((at, series.value(at)) for at in moments)
    return [[at, number(value)] for at, value in values if value is not None]


def _series(cluster: Cluster, form: Form) -> Answer:
    if not form.each("match[]"):
        raise Misunderstood("no match[] parameter provided")
    return _cut(form, [dict(each.labels) for each in _chosen(cluster, form)])


def _listed(cluster: Cluster, form: Form, what: Sequence[str]) -> Answer | None:
    match what:
        case ["labels"]:
            found = {name for each in _chosen(cluster, form) for name in each.labels}
        case ["label", name, "values"]:
            found = {each.labels.get(name, "") for each in _chosen(cluster, form)} - {""}
        case _:
            return None
    return _cut(form, sorted(found))


def _cut(form: Form, found: list[Json] | list[str]) -> Answer:
    limit = form.count("limit", 1_000_000)
    cut = ["results truncated due to limit"] if len(found) > limit else []
    return success(found[:limit], cut)


def _chosen(cluster: Cluster, form: Form) -> Iterator[Series]:
    selectors = [selector_of(text) for text in form.each("match[]")]
    for each in series_of(cluster, None):
        named = each.labels["__name__"]
        if not selectors or any(
            name in (None, named) and fits(selector, each.labels) for name, selector in selectors
        ):
            yield each


def _metadata(form: Form) -> Json:
    wanted = form.one("metric")
    return {
        name: [{"type": metric.kind, "help": metric.help, "unit": ""}]
        for name, metric in METRICS.items()
        if wanted in ("", name)
    }


def _expression(form: Form) -> str:
    text = form.one("query").strip()
    if not text:
        raise Misunderstood('invalid parameter "query": unknown position: no expression')
    return text


def _range(form: Form) -> _Range:
    start, end = _time(form, "start"), _time(form, "end")
    if end < start:
        raise Misunderstood('invalid parameter "end": end timestamp must not be before start time')
    step = _span(form.one("step"))
    if step is None:
        text = f'cannot parse "{form.one("step")}" to a valid duration'
        raise Misunderstood(f'invalid parameter "step": {text}')
    if step <= 0:
        text = "zero or negative query resolution step widths are not accepted"
        raise Misunderstood(f'invalid parameter "step": {text}. Try a positive integer')
    if (end - start) / step > _MOST_POINTS:
        raise Misunderstood(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query"
            " resolution (?step=XX)"
        )
    return _Range(start, end, step)


def _span(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return seconds_of(text)
    return found if math.isfinite(found) else None


def _time(form: Form, name: str, usual: float | None = None) -> float:
    text = form.one(name)
    if not text and usual is not None:
        return usual
    try:
        found: float | None = float(text)
    except ValueError:
        found = rfc3339(text)
    if found is None or not math.isfinite(found):
        raise Misunderstood(
            f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp'
        )
    return found


def number(value: float) -> str:
    """A sample's value as text."""
    return str(int(value)) if float(value).is_integer() else repr(round(value, 6))
