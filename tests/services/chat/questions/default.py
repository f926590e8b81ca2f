"""Of the platform assistant."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Ago, Part, Question, Since

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
        "Why is {service} failing on {ill}?",
        (("list_clusters", {}), ("list_incidents", {"cluster_ids": ["{ill_id}"]}),
         ("analyze_root_cause", {"incident_id": "{incident}"})),
        figures.cause,
    ),
    Question(
        _P,
        "What happened in the last 2 hours?",
        (("get_event_history", {"start_time": Ago(hours=2), "end_time": Ago(hours=0)}),),
        lambda world: (each["sequence"] for each in world.events),
    ),
    Question(
        _P,
        "How was the fleet as of yesterday 14:00?",
        (("get_state_as_of", {"time": Since(14, days=1)}),),
        figures.past,
    ),
    Question(
        _P,
        "CPU usage of {well} over the last hour",
        (("query_metrics", {"query": Part("cpu"), "cluster_ids": ["{well_id}"],
                            "start_time": Ago(hours=1)}),),
        lambda world: figures.values(world, "well"),
    ),
    Question(
        _P,
        "logs of {app} with error",
        (("query_logs", {"query": Part("{app}")}),),
        figures.lines,
    ),
    Question(
        _P,
        "Is anything unusual in the memory since 10:00?",
        (("detect_anomalies", {"query": Part("memory"), "start_time": Since(10)}),),
        figures.unusual,
    ),
)  # fmt: skip
