"""The three error words, and the closed list of codes that a caller may be told.

Exception
├── Refused    the caller is told; not retried, not an error of ours
├── TryLater   not acknowledged; delivered again after a delay
└── Poisoned   can never be handled; goes to the dead letters
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Code(Enum):
    """Every code of the error envelope, with its HTTP status."""

    INVALID_JSON = 400
    INVALID_CLUSTER_NAME = (400, 1)
    INVALID_REPLY_SUBJECT = (400, 2)
    BAD_REQUEST = (400, 3)
    CREDENTIALS_INVALID = (400, 4)
    INVALID_PROMQL = (400, 5)
    INVALID_LOGQL = (400, 6)
    INVALID_TRACEQL = (400, 7)
    CONTEXT_TOO_LARGE = (400, 8)
    AUTH_FAILED = 401
    PERMISSION_DENIED = 403
    PERSONA_READONLY = (403, 1)
    NOT_FOUND = 404
    CLUSTER_NOT_FOUND = (404, 1)
    ALERT_NOT_FOUND = (404, 2)
    EVENT_NOT_FOUND = (404, 3)
    COMMAND_NOT_FOUND = (404, 4)
    PROJECTION_NOT_FOUND = (404, 5)
    DEAD_LETTER_NOT_FOUND = (404, 6)
    TOKEN_NOT_FOUND = (404, 7)
    CREDENTIALS_NOT_FOUND = (404, 8)
    SILENCE_NOT_FOUND = (404, 9)
    NO_GPU_NODES = (404, 10)
    INCIDENT_NOT_FOUND = (404, 11)
    RULE_NOT_FOUND = (404, 12)
    ANOMALY_NOT_FOUND = (404, 13)
    WATCH_NOT_FOUND = (404, 14)
    RCA_NOT_FOUND = (404, 15)
    REPLAY_NOT_FOUND = (404, 16)
    REPORT_NOT_FOUND = (404, 18)
    SESSION_NOT_FOUND = (404, 20)
    PERSONA_NOT_FOUND = (404, 17)
    METHOD_NOT_ALLOWED = 405
    CLUSTER_ALREADY_EXISTS = 409
    VERSION_CONFLICT = (409, 1)
    AMBIGUOUS = (409, 2)
    COMMAND_ID_TAKEN = (409, 3)
    TURN_IN_PROGRESS = (409, 5)
    RESUME_EXPIRED = 410
    SESSION_EXPIRED = (410, 1)
    PRECONDITION_FAILED = 412
    BODY_TOO_LARGE = 413
    UNSUPPORTED_MEDIA_TYPE = 415
    VALIDATION_FAILED = 422
    LIMIT_REACHED = (422, 1)
    RATE_LIMITED = 429
    INTERNAL_ERROR = 500
    DISCOVERY_FAILED = (500, 1)
    ANOMALY_DETECTION_FAILED = (500, 2)
    TOOL_EXECUTION_FAILED = (500, 3)
    UPSTREAM_FAILED = 502
    BUS_UNAVAILABLE = 503
    DATABASE_UNAVAILABLE = (503, 1)
    PROJECTION_BEHIND = (503, 2)
    OVERLOADED = (503, 3)
    CLUSTER_UNREACHABLE = (503, 4)
    MODEL_NOT_AVAILABLE = (503, 5)
    QUERY_TIMEOUT = 504

    @property
    def status(self) -> int:
        """The HTTP status of this code."""
        return self.value[0] if isinstance(self.value, tuple) else self.value


class Refused(Exception):
    """The request cannot be granted: the caller is told why, nothing is retried."""

    def __init__(self, code: Code, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class TryLater(Exception):
    """What is needed is not there now. The message is delivered again after ``delay`` seconds."""

    def __init__(self, reason: str, delay: float = 1.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = delay


class Poisoned(Exception):
    """The message can never be handled. It goes to the dead letters with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
