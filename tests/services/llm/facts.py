"""Facts as the gateway gives them to whoever explains."""

from typing import Any

Json = dict[str, Any]


def cause(place: str = "node/worker-3", **changes: Any) -> Json:
    claim = {"text": f"{place} is not ready", "cited": [4], "effects": [6], "is_fact": True}
    entity = {"cluster_id": "c", "place": place}
    told = {"entity": entity, "kind": "node", "score": 0.9, "claims": [claim], "doubts": []}
    return told | changes


def analysis(*causes: Json, **changes: Any) -> Json:
    told = {"is_known": True, "causes": list(causes), "redacted": False, "timeline": []}
    action = {"text": "Look at the node.", "command": "oc describe node worker-3"}
    more = {"trigger": "INCIDENT", "signals": 2, "actions": [action]}
    window = {"window_start": "2026-01-01T11:00:00Z", "window_end": "2026-01-01T12:00:00Z"}
    return told | more | window | changes


def incident(**facts: Any) -> Json:
    """An incident, with ``analysis`` if it is given."""
    one = {
        "title": "KubeNodeNotReady and 7 more",
        "state": "OPEN",
        "severity": "CRITICAL",
        "clusters": [{"id": "c", "name": "edge-berlin-1"}],
        "signals": 8,
        "lasting": 7,
        "opened_at": "2026-01-01T12:00:00Z",
        "last_signal_at": "2026-01-01T12:05:00Z",
    }
    signal = {
        "name": "KubeNodeNotReady",
        "severity": "CRITICAL",
        "where": ["node/worker-3"],
        "started_at": "2026-01-01T12:00:00Z",
        "sequence": 4,
    }
    return {"incident": one, "signals": [signal]} | facts
