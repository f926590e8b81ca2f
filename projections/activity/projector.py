"""Folds every event's envelope into one row."""

from datetime import datetime
from uuid import UUID

from contracts.catalog import CATALOG
from contracts.subjects import NO_CLUSTER, parse
from projections.activity.view import EVENT, ActivityRow
from services.runtime.context import from_nanoseconds
from services.runtime.frames import spanning
from services.runtime.projections.projection import Projection, Rows
from services.runtime.pull import Delivery

projection = Projection("activity", version=2, tables=(EVENT,), pace=0.1)


@projection.on_every_event
def record(delivery: Delivery, rows: Rows) -> None:
    """An event happened; of what type does not matter here."""
    subject, headers = parse(delivery.subject), delivery.headers
    cluster = subject.key.cluster
    rows.put(
        EVENT,
        ActivityRow(
            sequence=delivery.sequence,
            event_id=UUID(headers["ce-id"]),
            event_type=CATALOG.public_name(headers["ce-type"]),
            logged_at=from_nanoseconds(delivery.time_ns),
            time=datetime.fromisoformat(headers["ce-time"]),
            cluster_id=None if cluster == NO_CLUSTER else UUID(cluster),
            entity_type=subject.key.type,
            entity_id=subject.key.id,
            version=subject.version,
            source=headers["ce-source"],
            actor=headers["ce-actor"],
            correlation_id=UUID(headers["ce-correlationid"]),
            causation_id=UUID(headers["ce-causationid"]),
            command_id=UUID(headers["ce-commandid"]),
            spans=_spans(subject.key.type, headers["ce-type"], delivery.data),
        ),
    )


def _spans(kind: str, event_type: str, data: bytes) -> tuple[str, ...] | None:
    if kind not in CATALOG.spanning:
        return None
    event = spanning(CATALOG, event_type, data)
    return None if event is None else tuple(sorted(map(str, event.of_clusters)))
