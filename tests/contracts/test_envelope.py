"""Moments and names are written in one way only."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.envelope import Timestamp, event_names, rfc3339

MOMENT: TypeAdapter[datetime] = TypeAdapter(Timestamp)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z"),
        ("2026-01-01T12:00:00.000Z", "2026-01-01T12:00:00Z"),
        ("2026-01-01T12:00:00.25Z", "2026-01-01T12:00:00.250000Z"),
        ("2026-01-01T14:00:00+02:00", "2026-01-01T12:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_moment_is_kept_in_utc(told: str, kept: str) -> None:
    moment = MOMENT.validate_python(told)
    assert moment.utcoffset() == timedelta(0)
    assert MOMENT.dump_python(moment, mode="json") == kept


@pytest.mark.parametrize("told", ["2026-01-01T12:00:00", "0001-01-01T00:00:00+02:00", "noon"])
def test_what_is_no_moment_is_refused(told: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(told)


@given(st.datetimes(timezones=st.timezones()))
def test_a_written_moment_is_the_same_moment(moment: datetime) -> None:
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        return
    assert datetime.fromisoformat(rfc3339(moment)) == in_utc


def test_two_zones_write_one_moment_alike() -> None:
    berlin = datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(berlin) == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("class_name", "entity", "version", "names"),
    [
        ("ClusterRegistered", "cluster", 1, ("aiops.cluster.registered.v1", "registered")),
        ("ClusterRegisteredV2", "cluster", 2, ("aiops.cluster.registered.v2", "registered")),
        ("ClusterStatusChanged", "cluster", 1, ("aiops.cluster.status_changed.v1",)),
        ("GPUXidError", "gpu", 1, ("aiops.gpu.xid_error.v1", "xid_error", "GPU_XID_ERROR")),
        ("ChatSessionCreated", "chat_session", 1, ("aiops.chat_session.created.v1", "created")),
        ("ModelCalled", "chat_session", 1, ("aiops.model.called.v1", "called", "MODEL_CALLED")),
    ],
)
def test_one_class_gives_three_names(
    class_name: str, entity: str, version: int, names: tuple[str, ...]
) -> None:
    found = event_names(class_name, entity, version)
    assert (found.type, found.token, found.public)[: len(names)] == names
