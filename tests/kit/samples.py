"""The ids and times of what builders make."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

CLUSTER_ID = UUID("11111111-1111-5111-8111-111111111111")
OTHER_CLUSTER_ID = UUID("22222222-2222-5222-8222-222222222222")
ALERT_ID = UUID("33333333-3333-5333-8333-333333333333")
COMMAND_ID = UUID("44444444-4444-7444-8444-444444444444")
EVENT_ID = UUID("55555555-5555-5555-8555-555555555555")
CORRELATION_ID = UUID("66666666-6666-7666-8666-666666666666")
FINGERPRINT = "0123456789abcdef"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float = 0) -> datetime:
    """A moment, in seconds after `START`."""
    return START + timedelta(seconds=seconds)
