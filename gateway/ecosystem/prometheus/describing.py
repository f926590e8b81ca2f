"""What series, labels, values and metadata the fleet's Prometheuses have."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.params import FromPath

from contracts.telemetry import Described, DescribeMetrics
from gateway.ecosystem.prometheus.asking import Answers, Fleet, fleet, limited, success
from gateway.ecosystem.prometheus.errors import bad_data
from gateway.ecosystem.prometheus.selection import (
    CLUSTER,
    EXPORTED,
    chooses,
    narrowed,
    selector,
)
from gateway.ecosystem.prometheus.series import exported, labelled
from gateway.rest.shared import AnyRequest, WithGate

_ANY = '{__name__!=""}'
_MOST = 1_000_000
_Metadata = dict[str, list[dict[str, str]]]


async def series(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """The series that match."""
    asking = await fleet(gate, request)
    if not asking.given.several("match[]"):
        raise bad_data("no match[] parameter provided")

    def tell(found: Answers[list[dict[str, str]]]) -> Any:
        told = [labelled(metric, each.cluster) for each in found.each for metric in each.data]
        return limited(told, asking.given, found.warnings)

    return await asking.ask(_asked(asking, Described.SERIES), list[dict[str, str]], tell)


async def labels(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """The names of labels."""
    asking = await fleet(gate, request)

    def tell(found: Answers[list[str]]) -> Any:
        names = {name for each in found.each for name in _names(each.data)}
        return limited(sorted(names), asking.given, found.warnings)

    return await asking.ask(_asked(asking, Described.LABELS), list[str], tell)


def _names(told: Sequence[str]) -> Iterable[str]:
    return [*exported(dict.fromkeys(told, "")), CLUSTER] if told else ()


async def values(gate: WithGate, request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The values of a label."""
    asking = await fleet(gate, request)
    if name == CLUSTER and not asking.given.several("match[]"):
        clusters = [each.name for each in asking.clusters]
        return success(limited(clusters, asking.given, asking.warnings), asking.warnings)
    inside = {CLUSTER: "__name__", EXPORTED: CLUSTER}.get(name, name)

    def tell(found: Answers[list[str]]) -> Any:
        if name == CLUSTER:
            told = {each.cluster for each in found.each if each.data}
        else:
            told = {value for each in found.each for value in each.data}
        return limited(sorted(told), asking.given, found.warnings)

    asked = _asked(asking, Described.LABEL_VALUES, label=inside)
    return await asking.ask(asked, list[str], tell)


async def metadata(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """Type, help and unit of metrics: each of them once, where clusters agree."""
    asking = await fleet(gate, request)
    given = asking.given
    each_limit = given.count("limit_per_metric") or _MOST
    query = DescribeMetrics(
        what=Described.METADATA, metric=given.text("metric") or None, limit=_limit(asking)
    )

    def tell(found: Answers[_Metadata]) -> Any:
        told: _Metadata = {}
        for answer in found.each:
            for metric, entries in answer.data.items():
                known = told.setdefault(metric, [])
                known += [entry for entry in entries if entry not in known]
        kept = limited(sorted(told), given, found.warnings)
        return {metric: told[metric][:each_limit] for metric in kept}

    return await asking.ask_all(query, _Metadata, tell)


def _limit(asking: Fleet) -> int | None:
    """One more than is shown, so that it can be said that there are more."""
    limit = asking.given.count("limit")
    return None if limit is None else min(limit + 1, _MOST)


def _asked(
    asking: Fleet, what: Described, *, label: str | None = None
) -> dict[UUID, DescribeMetrics]:
    """What each cluster is asked; nothing, where no ``match[]`` is for it."""
    given = asking.given
    told = [selector(text) for text in given.several("match[]")]
    window: dict[str, Any] = {
        "start": given.moment("start"),
        "end": given.moment("end"),
        "limit": _limit(asking),
    }
    asked: dict[UUID, DescribeMetrics] = {}
    for cluster in asking.clusters:
        mine = [narrowed(each) for each in told if chooses(each, cluster.name)]
        if told and not mine:
            continue
        match = tuple(text for text in mine if text is not None)
        if len(match) < len(mine):
            match = (_ANY,) if what is Described.SERIES else ()
        asked[cluster.id] = DescribeMetrics(what=what, match=match, label=label, **window)
    return asked
