"""Folds what analyses have found into rows."""

from contracts.incidents import IncidentMerged
from contracts.rca import RcaComplete
from projections.rca.view import ABSORBED, ANALYSIS, AbsorbedRow, AnalysisRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("rca", version=2, tables=(ANALYSIS, ABSORBED))


@projection.on(RcaComplete)
def complete(event: RcaComplete, at: Position, rows: Rows) -> None:
    """A cause was looked for."""
    told = event.result
    first = told.causes[0] if told.causes else None
    rows.put(
        ANALYSIS,
        AnalysisRow(
            id=told.id,
            trigger=told.trigger.value,
            trigger_id=told.trigger_id,
            incident_id=told.incident_id,
            about=told.incident_id or told.trigger_id,
            cluster_ids=told.cluster_ids,
            window_start=told.window_start,
            window_end=told.window_end,
            is_known=told.is_known,
            cause_cluster=None if first is None else first.entity.cluster_id,
            cause_place=None if first is None else first.entity.place,
            cause_kind=None if first is None else first.kind,
            cause_score=None if first is None else first.score,
            analysed_at=at.logged_at,
            sequence=at.sequence,
            told=told.model_dump(mode="json"),
        ),
    )


@projection.on(IncidentMerged)
def merged(event: IncidentMerged, at: Position, rows: Rows) -> None:
    """What was found of an incident is about the one that it went into, too."""
    del at
    into = event.incident.merged_into
    if into is not None:
        rows.put(ABSORBED, AbsorbedRow(event.incident.id, into))
