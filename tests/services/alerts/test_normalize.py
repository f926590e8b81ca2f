from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all, settings, strategies as st
from pydantic import ValidationError

from contracts.alerts import AlertFired, AlertReport, AlertResolved, Severity
from services.alerts.domain import decide
from services.alerts.normalize import Observation, fingerprint, normalize

CLUSTER = UUID("11111111-1111-5111-8111-111111111111")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = START + timedelta(hours=1)
# Go's zero time as told in several zones.
ZEROS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T07:36:42+07:36",
    "0000-12-31T19:03:58-04:56",
]
FAR = "9999-12-31T23:59:59Z"


def told(received: datetime = NOW, **fields: Any) -> Observation:
    return normalize(AlertReport.model_validate({"labels": {"a": "b"}} | fields), CLUSTER, received)


def times(**fields: Any) -> tuple[datetime, datetime | None]:
    observation = told(**fields)
    return observation.starts_at, observation.ends_at


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("Critical", Severity.CRITICAL),
        ("WARNING", Severity.WARNING),
        (" info ", Severity.INFO),
        ("none", Severity.INFO),
        ("None", Severity.INFO),
        ("page", Severity.WARNING),
        ("", Severity.WARNING),
        ("kritisch", Severity.WARNING),
    ],
)
def test_the_severity_label_is_mapped_and_kept(label: str, severity: Severity) -> None:
    observation = told(labels={"severity": label, "a": "b"})
    assert observation.severity is severity
    assert observation.labels.get("severity", "") == label


def test_without_a_severity_label_it_is_a_warning() -> None:
    assert told().severity is Severity.WARNING


def test_without_a_name_an_alert_is_unknown() -> None:
    assert told().alertname == "unknown"
    assert told(labels={"alertname": ""}).alertname == "unknown"
    assert told(labels={"alertname": "Überlauf 🚨"}).alertname == "Überlauf 🚨"


def test_empty_labels_are_absent() -> None:
    observation = told(labels={"a": "b", "empty": ""}, annotations={"empty": ""})
    assert (observation.labels, observation.annotations) == ({"a": "b"}, {"empty": ""})
    assert observation.fingerprint == fingerprint({"a": "b"})


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # The two of prometheus/common, model/signature_test.go.
        ({}, 14695981039346656037),
        ({"name": "garland, briggs", "fear": "love is not enough"}, 5799056148416392346),
    ],
)
def test_a_fingerprint_is_that_of_prometheus(labels: dict[str, str], expected: int) -> None:
    assert fingerprint(labels) == f"{expected:016x}"


def test_a_fingerprint_does_not_depend_on_the_order_of_labels() -> None:
    assert fingerprint({"b": "1", "a": "ü"}) == fingerprint({"a": "ü", "b": "1"})


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_fingerprint_is_computed(missing: str | None) -> None:
    assert told(fingerprint=missing).fingerprint == fingerprint({"a": "b"})
    assert told(fingerprint="given").fingerprint == "given"


def test_nul_is_replaced_everywhere() -> None:
    observation = told(
        labels={"alertname": "a\0b", "c\0": "d"},
        annotations={"e\0": "f\0"},
        generatorURL="g\0",
        fingerprint="h\0",
    )
    assert "\0" not in repr(observation).replace("\\x00", "\0")
    assert observation.alertname == "a\ufffdb"
    assert observation.annotations == {"e\ufffd": "f\ufffd"}


def test_an_empty_generator_url_is_none() -> None:
    assert told(generatorURL="").generator_url is None


def test_times_are_in_utc() -> None:
    start, end = times(
        status="resolved", startsAt="2026-03-01T14:00:00+02:00", endsAt="2026-03-01T09:30:00-03:00"
    )
    assert (str(start), str(end)) == ("2026-03-01 12:00:00+00:00", "2026-03-01 12:30:00+00:00")


def test_nanoseconds_are_cut() -> None:
    assert times(startsAt="2026-03-01T12:00:00.123456789Z")[0].microsecond == 123456


@pytest.mark.parametrize("unknown", [None, *ZEROS, FAR])
def test_an_unknown_start_is_the_receipt_or_the_end(unknown: str | None) -> None:
    assert times(status="firing", startsAt=unknown) == (NOW, None)
    assert times(status="resolved", startsAt=unknown, endsAt=START) == (START, START)
    assert told(status="resolved", startsAt=unknown, endsAt=START).end_only
    assert not told(status="firing", startsAt=unknown, endsAt=START).end_only


@pytest.mark.parametrize("unknown", [None, *ZEROS, FAR])
def test_an_unknown_end_is_the_receipt(unknown: str | None) -> None:
    assert times(status="resolved", startsAt=START, endsAt=unknown) == (START, NOW)
    assert times(startsAt=START, endsAt=unknown) == (START, None)


def test_the_end_of_a_firing_report_is_a_forecast() -> None:
    assert times(status="firing", startsAt=START, endsAt=START) == (START, None)
    assert times(startsAt=START, endsAt=NOW + timedelta(minutes=4)) == (START, None)


@pytest.mark.parametrize(
    ("status", "ends", "expires"),
    [
        (None, 240, 240),
        (None, 0, None),
        (None, -1, None),
        (None, 86401, None),
        ("firing", 240, None),
        ("resolved", 240, None),
    ],
)
def test_an_end_to_come_is_when_an_alert_expires_if_no_status_is_stated(
    status: str | None, ends: float, expires: float | None
) -> None:
    observation = told(status=status, startsAt=START, endsAt=NOW + timedelta(seconds=ends))
    wanted = None if expires is None else NOW + timedelta(seconds=expires)
    assert observation.expires_at == wanted


def test_without_a_status_a_passed_end_means_resolved() -> None:
    assert times(startsAt=START, endsAt=NOW) == (START, NOW)


def test_no_end_is_before_its_start() -> None:
    assert times(status="resolved", startsAt=START, endsAt=START - timedelta(1)) == (START, START)


def test_a_clock_somewhat_ahead_is_believed_and_one_far_ahead_is_not() -> None:
    near, far = NOW + timedelta(minutes=5), NOW + timedelta(days=2)
    assert times(status="resolved", startsAt=START, endsAt=near) == (START, near)
    assert times(status="firing", startsAt=far) == (NOW, None)


@settings(deadline=None)
@for_all(
    st.sampled_from([None, "firing", "resolved"]),
    st.sampled_from([None, *ZEROS, FAR, START]),
    st.sampled_from([None, *ZEROS, FAR, START]),
    st.sampled_from([datetime(1, 1, 1, tzinfo=UTC), START, datetime(9999, 12, 31, tzinfo=UTC)]),
    st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=4),
)
def test_nothing_that_a_source_tells_breaks_the_rules(
    status: str | None,
    starts: Any,
    ends: Any,
    received: datetime,
    labels: dict[str, str],
) -> None:
    observation = told(received, status=status, startsAt=starts, endsAt=ends, labels=labels)
    assert observation.ends_at is None or observation.ends_at >= observation.starts_at
    event = decide(None, observation, at=NOW, retention=timedelta(days=90))
    assert isinstance(event, AlertFired | AlertResolved)
    assert type(event).model_validate_json(event.model_dump_json()) == event


def test_a_time_that_no_calendar_holds_breaks_its_report() -> None:
    with pytest.raises(ValidationError, match="out of range in UTC"):
        told(startsAt="9999-12-31T23:59:59-12:00")
