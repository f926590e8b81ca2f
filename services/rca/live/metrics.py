"""Answers of a Prometheus, as what was seen. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from contracts.clusters import Checked
from contracts.rca_seen import RcaPlaced, RcaSeen
from services.rca.live.focus import Focus, moment
from services.rca.live.probes import Probe
from services.runtime.kube.names import stem

MOST_OF_ONE = 8
"""Of what one question finds, the earliest."""
_LONGEST = 200
"""Characters of a label's value: longer than any name is."""


class _Series(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] | None = None


_DECODER = msgspec.json.Decoder(list[_Series])


class _Labels(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def seen(probe: Probe, focus: Focus, data: bytes) -> list[RcaSeen]:
    """What a question found that began within the time; ValueError for what is no answer."""
    found = [
        _seen(probe, focus, series.metric, began)
        for series in _read(data)
        if (began := _began(probe, series, focus)) is not None
    ]
    kept = (each for each in found if each is not None)
    return sorted(kept, key=lambda each: (each.since, each.where))[:MOST_OF_ONE]


def placed(focus: Focus, data: bytes, known: Iterable[str]) -> Iterator[RcaPlaced]:
    """The nodes of those pods that something is told of."""
    wanted = focus.pods | set(known)
    for series in _read(data):
        labels = series.metric
        pod = f"pod/{labels.get('namespace', '')}/{labels.get('pod', '')}"
        if pod in wanted and labels.get("node"):
            node = f"node/{labels['node'][:_LONGEST]}"
            yield RcaPlaced(cluster_id=focus.cluster_id, pod=pod, node=node)


def _read(data: bytes) -> list[_Series]:
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("it cannot be read") from error


def _began(probe: Probe, series: _Series, focus: Focus) -> datetime | None:
    """When it began; None if that was before the time that is looked at, or after it."""
    if probe.is_moment:
        at = float(series.value[1]) if series.value is not None else 0.0
        inside = focus.since.timestamp() <= at <= focus.until.timestamp()
        return moment(at) if inside else None
    first = series.values[0][0] if series.values else 0.0
    is_new = focus.since.timestamp() + focus.step / 2 <= first <= focus.until.timestamp()
    return moment(first) if is_new else None


def _seen(probe: Probe, focus: Focus, metric: Mapping[str, str], began: datetime) -> RcaSeen | None:
    labels = _Labels({name: value[:_LONGEST] for name, value in metric.items() if value})
    if "pod" in labels:
        labels["stem"] = stem(labels["pod"])
    where = tuple(
        word for each in probe.where if (word := each.format_map(labels)).strip("/") == word
        and "//" not in word and "/" in word
    )  # fmt: skip
    if not where:
        return None
    return RcaSeen(
        cluster_id=focus.cluster_id,
        backend=Checked.PROMETHEUS,
        name=probe.name,
        severity=probe.severity,
        where=where,
        text=probe.says.format_map(labels)[:500],
        query=probe.query(focus)[:2_000],
        start=focus.since,
        end=focus.until,
        began_at=began,
        precision_seconds=0 if probe.is_moment else focus.step,
    )
