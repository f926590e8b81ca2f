"""Telemetry of series that are quiet but for what a test makes of them."""

import random
from collections.abc import Iterable, Iterator, Mapping

from contracts.anomalies import AnomalyDetected, MetricUpdate, Verdict, WatchedSeries
from contracts.envelope import Message
from services.anomalies.online.detection import Detection
from services.anomalies.online.detector import Told
from services.anomalies.online.reading import Rows, Said, feedback, read
from services.runtime.context import from_nanoseconds
from services.runtime.pull import Delivery
from tests.kit.anomaly_builders import feedback_given
from tests.kit.measured import START
from tests.kit.samples import CLUSTER_ID

EVERY = 60.0
DAY = 86_400


def moment(at: int) -> float:
    """Unix time of a row."""
    return START + EVERY * at


def update(at: int, values: Mapping[str, float | None], **changes: object) -> MetricUpdate:
    """What a watch has found of series by their pods."""
    told: dict[str, object] = {
        "cluster_id": CLUSTER_ID,
        "watch_id": "queue",
        "watch_version": 1,
        "metric": "queue_length",
        "sampled_at": from_nanoseconds(int(moment(at) * 1e9)),
        "interval_seconds": int(EVERY),
        "series": tuple(
            WatchedSeries(labels={"pod": pod}, value=value) for pod, value in values.items()
        ),
    }
    return MetricUpdate.model_validate(told | changes)


def delivery(subject: str, body: bytes, logged_at: float, sequence: int = 1) -> Delivery:
    """A message as the stream hands it out."""
    return Delivery(subject, {}, body, "", sequence, "", 1, 1, int(logged_at * 1e9), 0)


def stored(message: Message, logged_at: float, kind: str = "metric") -> Rows | Said:
    """A message as it is read."""
    subject = f"tel.{kind}.{CLUSTER_ID}.place"
    return read(delivery(subject, message.model_dump_json().encode(), logged_at))


def quiet(pods: Iterable[str], at: int) -> dict[str, float]:
    """A value of each, as always."""
    return {pod: random.Random(f"{pod} {at}").gauss(50, 2) for pod in pods}


def history(
    pods: Iterable[str], rows: int, strange: Mapping[int, Mapping[str, float]]
) -> Iterator[Rows | Said]:
    """So many minutes, some of which are strange."""
    for at in range(rows):
        values = {**quiet(pods, at), **strange.get(at, {})}
        yield stored(update(at, values), moment(at))


def told(detection: Detection, messages: Iterable[Rows | Said], together: int = 1) -> list[Told]:
    """What is told of messages, so many of which are looked at together."""
    for number, message in enumerate(messages, start=1):
        detection.take(message)
        if number % together == 0:
            detection.advance()
    detection.advance()
    found = list(detection.waiting)
    detection.waiting.clear()
    return found


def said(event: AnomalyDetected, verdict: Verdict, sequence: int, at: float) -> Said:
    """Somebody's word of an anomaly, as it comes among the telemetry."""
    anomaly = event.anomaly
    given = feedback_given(
        cluster_id=anomaly.cluster_id,
        anomaly_id=anomaly.id,
        watch_id=anomaly.watch_id,
        metric_name=anomaly.metric_name,
        labels=anomaly.labels,
        verdict=verdict,
    )
    subject, body = feedback(given, sequence)
    found = read(delivery(subject, body, at))
    assert isinstance(found, Said)
    return found
