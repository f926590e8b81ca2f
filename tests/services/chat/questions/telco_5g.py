"""Of 5G core and RAN."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Question

_P = "telco-5g"
QUESTIONS: tuple[Question, ...] = (
    Question(_P, "How is the 5G core?", (("get_cnf_workloads", {}),), figures.workloads),
    Question(_P, "Is the AMF crashing?", (("get_cnf_workloads", {"cnf_type": "AMF"}),),
             figures.failing),
    Question(_P, "alerts", (("list_alerts", {}),), figures.alerts),
    Question(_P, "critical alarms", (("list_alerts", {"severity": "CRITICAL"}),),
             lambda world: figures.alerts(world, severity="CRITICAL")),
    Question(_P, "error logs of payments", (("query_logs", {}),), figures.lines),
    Question(_P, "failed traces of checkout", (("search_traces", {}),),
             lambda world: figures.traces(world, failed=True)),
    Question(
        _P,
        "traces of checkout slower than 2s since 12:00",
        (("search_traces", {"service_name": "checkout", "min_duration_ms": 2000,
                            "start_time": "2026-03-10T12:00:00Z"}),),
        lambda world: figures.traces(world, least=2000),
    ),
    Question(_P, "`rate(amf_registrations_total[5m])` over the last 30 minutes",
             (("query_metrics", {"query": "rate(amf_registrations_total[5m])",
                                 "start_time": "2026-03-10T12:15:00Z"}),),
             lambda _: figures.values()),
    Question(_P, "alerts on {node}", (("list_alerts", {}),),
             lambda world: [each["alertname"] for each in world.alerts
                            if each["labels"].get("node") == world.names()["node"]]),
    Question(_P, "Why do subscribers of {ill} notice something?",
             (("list_alerts", {}), ("get_cnf_workloads", {})),
             lambda world: ["KubeNodeNotReady", "no tool for root causes", "Platform assistant"]),
)  # fmt: skip
