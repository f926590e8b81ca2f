"""The closed list of codes: callers rely on name and status."""

from contracts.refusals import Code, Poisoned, Refused, TryLater

STATUS = {
    "INVALID_JSON": 400,
    "INVALID_CLUSTER_NAME": 400,
    "INVALID_REPLY_SUBJECT": 400,
    "BAD_REQUEST": 400,
    "CREDENTIALS_INVALID": 400,
    "INVALID_PROMQL": 400,
    "INVALID_LOGQL": 400,
    "INVALID_TRACEQL": 400,
    "AUTH_FAILED": 401,
    "PERMISSION_DENIED": 403,
    "PERSONA_READONLY": 403,
    "CONTEXT_TOO_LARGE": 400,
    "SESSION_NOT_FOUND": 404,
    "SESSION_EXPIRED": 410,
    "TURN_IN_PROGRESS": 409,
    "TOOL_EXECUTION_FAILED": 500,
    "NOT_FOUND": 404,
    "CLUSTER_NOT_FOUND": 404,
    "ALERT_NOT_FOUND": 404,
    "EVENT_NOT_FOUND": 404,
    "COMMAND_NOT_FOUND": 404,
    "PROJECTION_NOT_FOUND": 404,
    "DEAD_LETTER_NOT_FOUND": 404,
    "TOKEN_NOT_FOUND": 404,
    "CREDENTIALS_NOT_FOUND": 404,
    "SILENCE_NOT_FOUND": 404,
    "NO_GPU_NODES": 404,
    "INCIDENT_NOT_FOUND": 404,
    "RULE_NOT_FOUND": 404,
    "ANOMALY_NOT_FOUND": 404,
    "WATCH_NOT_FOUND": 404,
    "RCA_NOT_FOUND": 404,
    "REPLAY_NOT_FOUND": 404,
    "REPORT_NOT_FOUND": 404,
    "PERSONA_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CLUSTER_ALREADY_EXISTS": 409,
    "VERSION_CONFLICT": 409,
    "AMBIGUOUS": 409,
    "COMMAND_ID_TAKEN": 409,
    "RESUME_EXPIRED": 410,
    "PRECONDITION_FAILED": 412,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "VALIDATION_FAILED": 422,
    "LIMIT_REACHED": 422,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
    "DISCOVERY_FAILED": 500,
    "ANOMALY_DETECTION_FAILED": 500,
    "UPSTREAM_FAILED": 502,
    "BUS_UNAVAILABLE": 503,
    "DATABASE_UNAVAILABLE": 503,
    "PROJECTION_BEHIND": 503,
    "OVERLOADED": 503,
    "CLUSTER_UNREACHABLE": 503,
    "MODEL_NOT_AVAILABLE": 503,
    "QUERY_TIMEOUT": 504,
}


def test_every_code_has_the_status_of_the_specification() -> None:
    # __members__ also lists aliases: two codes of one value would be one code.
    assert {name: code.status for name, code in Code.__members__.items()} == STATUS
    assert [code.name for code in Code] == list(Code.__members__)


def test_a_refusal_carries_what_the_caller_is_told() -> None:
    refusal = Refused(Code.CLUSTER_NOT_FOUND, "no such cluster", {"id": "x"})
    assert (refusal.code, refusal.message, refusal.details) == (
        Code.CLUSTER_NOT_FOUND,
        "no such cluster",
        {"id": "x"},
    )
    assert str(refusal) == "no such cluster"


def test_the_other_two_words_carry_their_reason() -> None:
    assert (TryLater("bus away", 2.5).reason, TryLater("bus away", 2.5).delay) == ("bus away", 2.5)
    assert Poisoned("not JSON").reason == "not JSON"
