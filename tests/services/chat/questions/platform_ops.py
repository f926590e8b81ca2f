"""Of platform operations."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Ago, Part, Question

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
        figures.clusters,
    ),
    Question(
        _P,
        "Give me an overview of the fleet",
        (("get_fleet_summary", {}),),
        lambda world: [world.summary["total"], world.summary["gpu_count"]],
    ),
    Question(
        _P,
        "`sum by (node) (kube_pod_info)` on {ill}",
        (("query_metrics", {"query": "sum by (node) (kube_pod_info)",
                            "cluster_ids": ["{ill_id}"]}),),
        lambda world: figures.values(world, "ill"),
    ),
    Question(
        _P,
        "Which containers restarted in the last hour?",
        (("query_metrics", {"query": Part("restarts"), "start_time": Ago(hours=1)}),),
        figures.values,
    ),
    Question(
        _P,
        "Which metrics are there? Show the values of label __name__",
        (("get_metric_labels", {"label_name": "__name__"}),),
        lambda world: [*sorted(world.metrics)[:3], len(world.metrics)],
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
