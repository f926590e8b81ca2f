"""Of the platform assistant."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Question
from tests.services.chat.rows import PROD

_P = "default"
QUESTIONS: tuple[Question, ...] = (
    Question(
        _P,
        "Which clusters are unhealthy?",
        (("list_clusters", {"state": "OFFLINE"}), ("list_clusters", {"state": "DEGRADED"}),
         ("get_fleet_summary", {})),
        figures.unwell,
    ),
    Question(
        _P,
        "Which critical alerts are firing right now?",
        (("list_alerts", {"severity": "CRITICAL", "state": "FIRING"}),),
        lambda world: figures.alerts(world, severity="CRITICAL"),
    ),
    Question(_P, "Show me the open incidents", (("list_incidents", {}),), figures.incidents),
    Question(
        _P,
        "What is the root cause of incident {beginning}…?",
        (("list_incidents", {}), ("analyze_root_cause", {"incident_id": "{incident}"})),
        figures.cause,
    ),
    Question(
        _P,
        "Why is checkout failing on {ill}?",
        (("list_clusters", {}), ("list_incidents", {"cluster_ids": ["{ill_id}"]}),
         ("analyze_root_cause", {"incident_id": "{incident}"})),
        figures.cause,
    ),
    Question(
        _P,
        "What happened in the last 2 hours?",
        (("get_event_history", {"start_time": "2026-03-10T10:45:00Z",
                                "end_time": "2026-03-10T12:45:00Z"}),),
        lambda world: [each["sequence"] for each in world.events],
    ),
    Question(
        _P,
        "How was the fleet as of yesterday 14:00?",
        (("get_state_as_of", {"time": "2026-03-09T14:00:00Z"}),),
        lambda world: ["2026-03-09 14:00:00", len(world.clusters), len(world.alerts)],
    ),
    Question(
        _P,
        "CPU usage of {well} over the last hour",
        (("query_metrics", {"cluster_ids": ["{well_id}"], "start_time": "2026-03-10T11:45:00Z"}),),
        lambda _: figures.values(PROD),
    ),
    Question(
        _P,
        "logs of payments with error",
        (("query_logs", {}),),
        figures.lines,
    ),
    Question(
        _P,
        "Is anything unusual in the memory since 10:00?",
        (("detect_anomalies", {"start_time": "2026-03-10T10:00:00Z"}),),
        lambda _: ["worker-7", 93, 14.75, "spike"],
    ),
)  # fmt: skip
