"""Of 5G core and RAN."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Ago, Part, Question, Since

_P = "telco-5g"
QUESTIONS: tuple[Question, ...] = (
    Question(_P, "How is the 5G core?", (("get_cnf_workloads", {}),), figures.workloads),
    Question(_P, "Is the {cnf} crashing?", (("get_cnf_workloads", {"cnf_type": "{cnf}"}),),
             lambda world: figures.failing(world, world.names()["cnf"])),
    Question(_P, "alerts", (("list_alerts", {}),), figures.alerts),
    Question(_P, "critical alarms", (("list_alerts", {"severity": "CRITICAL"}),),
             lambda world: figures.alerts(world, severity="CRITICAL")),
    Question(_P, "error logs of {app}", (("query_logs", {"query": Part("{app}")}),), figures.lines),
    Question(_P, "failed traces of {service}", (("search_traces", {"traceql": Part("{service}")}),),
             lambda world: figures.traces(world, failed=True)),
    Question(
        _P,
        "traces of {service} slower than {slow_ms}ms since 12:00",
        (("search_traces", {"service_name": "{service}", "min_duration_ms": "{slow_ms}",
                            "start_time": Since(12)}),),
        lambda world: figures.traces(world, least=float(world.names()["slow_ms"])),
    ),
    Question(_P, "`rate({counter}[5m])` over the last 30 minutes",
             (("query_metrics", {"query": "rate({counter}[5m])",
                                 "start_time": Ago(hours=0.5)}),),
             figures.values),
    Question(_P, "alerts on {node}", (("list_alerts", {}),),
             lambda world: [each["alertname"] for each in world.alerts
                            if each["labels"].get("node") == world.names()["node"]]),
    Question(_P, "Why do subscribers of {ill} notice something?",
             (("list_alerts", {}), ("get_cnf_workloads", {})),
             lambda world: [*figures.of_alerts(world), "no tool for root causes",
                            "Platform assistant"]),
)  # fmt: skip
