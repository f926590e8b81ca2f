"""What events are called where people read of them, as in the UI (`features/events/names.ts`)."""

import re
from collections.abc import Mapping

_SAID: Mapping[str, str] = {
    "ACCESS_BINDINGS_CHANGED": "Roles changed",
    "ALERT_SILENCED": "Alert muted",
    "ALERT_UNSILENCED": "Alert unmuted",
    "ANOMALY_FEEDBACK_GIVEN": "Anomaly judged",
    "BACKEND_CIRCUIT_CLOSED": "Backend back",
    "BACKEND_CIRCUIT_OPENED": "Backend left alone",
    "CHAT_MESSAGE": "Said in a chat",
    "CHAT_SESSION_CREATED": "Chat begun",
    "CHAT_SESSION_DELETED": "Chat erased",
    "CLUSTER_CAPABILITIES_CHANGED": "Capabilities changed",
    "CLUSTER_CREDENTIALS_DELETED": "Credentials deleted",
    "CLUSTER_CREDENTIALS_EXPIRING": "Credentials expiring",
    "CLUSTER_CREDENTIALS_UPDATED": "Credentials updated",
    "CLUSTER_HEALTH_CHECKED": "Health checked",
    "CLUSTER_REGISTERED": "Cluster added",
    "CLUSTER_STATUS_CHANGED": "Cluster state changed",
    "CLUSTER_UPDATED": "Cluster edited",
    "CNF_STATUS_CHANGED": "Network function changed",
    "CNF_UPDATE": "Network functions sampled",
    "CORRELATION_RULE_DEFINED": "Correlation rule set",
    "GPU_DISAPPEARED": "GPU lost",
    "GPU_REAPPEARED": "GPU back",
    "GPU_UPDATE": "GPUs sampled",
    "GPU_XID_ERROR": "GPU error",
    "INCIDENT_MERGED": "Incidents merged",
    "INCIDENT_UPDATED": "Incident changed",
    "METRIC_UPDATE": "Watch asked",
    "MODEL_CALLED": "Model asked",
    "PERSONA_CREATED": "Persona made",
    "PERSONA_UPDATED": "Persona changed",
    "PROJECTION_REBUILD_STARTED": "Projection rebuild",
    "RCA_COMPLETE": "Root cause analysed",
    "REPLAY_COMPLETED": "Replay done",
    "REPLAY_FAILED": "Replay came to nothing",
    "REPORT_GENERATED": "Report ready",
    "REPORT_PROGRESS": "Report under way",
    "REPORT_REQUESTED": "Report asked for",
    "REPORT_STARTED": "Report begun",
    "TOOL_ANSWERED": "Tool has answered",
    "TRACE_RECEIVED": "Error trace",
    "TURN_CANCELLED": "Answer stopped",
    "WATCH_DEFINED": "Watch set",
}
"""Where it is not its public name with blanks."""
_SHORT = re.compile(r"\b(?:gpu|cnf|rca)\b")


def event_in_words(public_name: str) -> str:
    """``CLUSTER_REGISTERED`` as ``Cluster added``."""
    if public_name in _SAID:
        return _SAID[public_name]
    plain = public_name.lower().replace("_", " ")
    said = _SHORT.sub(lambda short: short[0].upper(), plain)
    return f"{said[:1].upper()}{said[1:]}"
