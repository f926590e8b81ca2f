"""Of platform operations."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Question
from tests.services.chat.rows import SHOP

_P = "platform-ops"
QUESTIONS: tuple[Question, ...] = (
    Question(
        _P,
        "What is wrong with cluster {ill}?",
        (("get_cluster_status", {"cluster_id": "{ill_id}"}),
         ("list_alerts", {"cluster_ids": ["{ill_id}"]})),
        figures.of_ill,
    ),
    Question(
        _P,
        "status of {well}",
        (("get_cluster_status", {"cluster_id": "{well_id}"}),),
        figures.of_well,
    ),
    Question(
        _P,
        "How many clusters are there?",
        (("list_clusters", {}), ("get_fleet_summary", {})),
        lambda world: [len(world.clusters), *(each["name"] for each in world.clusters)],
    ),
    Question(
        _P,
        "Give me an overview of the fleet",
        (("get_fleet_summary", {}),),
        lambda world: [len(world.clusters), len(world.gpus)],
    ),
    Question(
        _P,
        "`sum by (node) (kube_pod_info)` on {ill}",
        (("query_metrics", {"query": "sum by (node) (kube_pod_info)",
                            "cluster_ids": ["{ill_id}"]}),),
        lambda _: figures.values(SHOP),
    ),
    Question(
        _P,
        "Which containers restarted in the last hour?",
        (("query_metrics", {"start_time": "2026-03-10T11:45:00Z"}),),
        lambda _: figures.values(),
    ),
    Question(
        _P,
        "Which metrics are there? Show the values of label __name__",
        (("get_metric_labels", {"label_name": "__name__"}),),
        lambda _: ["node_load1", "kube_pod_info", 3],
    ),
    Question(
        _P,
        "warning alerts of {ill}",
        (("list_alerts", {"cluster_ids": ["{ill_id}"], "severity": "WARNING"}),),
        lambda world: figures.alerts(world, severity="WARNING", cluster_name=world.names()["ill"]),
    ),
    Question(
        _P,
        "trace {trace}",
        (("get_trace", {"trace_id": "{trace}"}),),
        figures.spans,
    ),
    Question(
        _P,
        "What is the root cause of incident {incident}?",
        (("analyze_root_cause", {"incident_id": "{incident}"}),),
        figures.cause,
    ),
)  # fmt: skip
