"""What was looked at and found, as it is told: pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from contracts.analysis import (
    WARMING_POINTS,
    AnomaliesFound,
    DetectAnomalies,
    Judgement,
    SearchedSeries,
    SearchLimit,
    SeriesLeftOut,
)
from services.anomalies.on_demand.looking import Looked, ranked, sureness
from services.anomalies.on_demand.series import LeftOut
from services.anomalies.on_demand.sources import Gathered

MOST_ANOMALIES = 1_000


def told(
    query: DetectAnomalies, gathered: Gathered, found: Sequence[Looked], left_out: LeftOut
) -> AnomaliesFound:
    """All of it; of very many anomalies the surest."""
    start = query.start.timestamp()
    seen = [each for each in found if each.too_few or each.whole or _until(each) >= start]
    left = LeftOut(left_out)
    if len(found) > len(seen):
        left[SearchLimit.TIME] += len(found) - len(seen)
    number = sum(len(each.anomalies) for each in seen)
    _keep_surest(seen)
    more = number - sum(len(each.anomalies) for each in seen)
    return AnomaliesFound(
        start=query.start,
        end=query.end,
        learn_from=query.learn_from,
        clusters_queried=gathered.clusters,
        clusters_succeeded=gathered.clusters - len(gathered.missing),
        missing=tuple(gathered.missing),
        warnings=tuple(gathered.warnings),
        anomalies=number,
        anomalies_left_out=more,
        series=tuple(_series(each, start) for each in ranked(seen)),
        left_out=tuple(
            SeriesLeftOut(limit=limit, series=left[limit]) for limit in SearchLimit if left[limit]
        ),
        judgement=gathered.judgement,
        truncated=bool(left or more or _is_part(gathered.judgement) or any(map(_is_cut, seen))),
    )


def _until(each: Looked) -> float:
    """Unix time of the last row that was looked at."""
    return each.series.times[each.rows - 1] if each.rows else float("-inf")


def _is_part(judgement: Judgement | None) -> bool:
    return judgement is not None and bool(judgement.not_asked or judgement.cut)


def _is_cut(each: Looked) -> bool:
    return bool(each.series.cut) or not (each.whole or each.too_few)


def _keep_surest(found: Sequence[Looked]) -> None:
    every = [(sureness(it), place, it) for place, each in enumerate(found) for it in each.anomalies]
    if len(every) <= MOST_ANOMALIES:
        return
    every.sort(key=lambda told: (-told[0], told[1], told[2].detected_at))
    kept = {it.id for _, _, it in every[:MOST_ANOMALIES]}
    for each in found:
        each.anomalies = [it for it in each.anomalies if it.id in kept]


def _series(each: Looked, start: float) -> SearchedSeries:
    one = each.series
    past = sum(time < start for time in one.times)
    return SearchedSeries(
        cluster_id=one.known.cluster_id,
        metric_name=one.known.name,
        labels=dict(one.known.labels),
        counter=each.counter,
        points=len(one.times) - past,
        past=past,
        ignored=one.ignored,
        cut=one.cut,
        first_at=datetime.fromtimestamp(one.times[0], UTC) if one.times else None,
        looked_until=None
        if each.whole or each.too_few
        else datetime.fromtimestamp(_until(each), UTC),
        too_few=each.too_few,
        warming=len(one.times) < WARMING_POINTS,
        anomalies=tuple(each.anomalies),
        lasting_since=each.lasting_since,
        scores=each.scores if each.anomalies else (),
    )
