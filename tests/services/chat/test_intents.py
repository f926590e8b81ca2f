"""What questions are about, of which things, of which time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.personas import BUILT_IN
from contracts.tools import TOOLS
from services.chat.analyst.asking import asked
from services.chat.analyst.times import When, when
from tests.services.chat.planted import planted
from tests.services.chat.rows import NOW
from tests.services.chat.turns import turn
from tests.services.chat.world import TRACE, World

EVERY = tuple(TOOLS)
ID = "3f2a0000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def world() -> World:
    return planted()


PHRASES: tuple[tuple[str, str], ...] = (
    ("gpu temp", "get_gpu_nodes"),
    ("how hot are the gpus?", "get_gpu_nodes"),
    ("GPU utilisation", "get_gpu_nodes"),
    ("gpus on node gpu-worker-1", "get_gpu_nodes"),
    ("any xid errors?", "get_gpu_nodes"),
    ("is anything throttled", "get_gpu_nodes"),
    ("which H100 are free", "get_gpu_nodes"),
    ("how many gpus are wasted", "get_gpu_summary"),
    ("gpu summary", "get_gpu_summary"),
    ("who is using the gpus: pods?", "get_gpu_processes"),
    ("gpu proceses", "get_gpu_processes"),
    ("which clusters are unhealthy", "list_clusters"),
    ("which clustres are unhealhty", "list_clusters"),
    ("are any clusters offline?", "list_clusters"),
    ("list all clusters", "list_clusters"),
    ("edge clusters", "list_clusters"),
    ("what is broken", "list_incidents"),
    ("fleet overview", "get_fleet_summary"),
    ("How is the fleet doing?", "get_fleet_summary"),
    ("what's going on?", "get_fleet_summary"),
    ("alerts", "list_alerts"),
    ("alrets", "list_alerts"),
    ("show critical alarms", "list_alerts"),
    ("what is firing?", "list_alerts"),
    ("open incidents", "list_incidents"),
    ("incidnets of today", "list_incidents"),
    ("any outages?", "list_incidents"),
    ("why is checkout slow", "analyze_root_cause"),
    ("root cause of the worst incident", "analyze_root_cause"),
    ("root-cause of incident 92fe503f…", "analyze_root_cause"),
    (f"what caused incident {ID}", "analyze_root_cause"),
    (f"why did alert {ID} fire", "analyze_root_cause"),
    (f"explain anomaly {ID}", "analyze_root_cause"),
    ("rca please", "analyze_root_cause"),
    ("what happened last night", "get_event_history"),
    ("what has changed since 09:00?", "get_event_history"),
    ("event log of yesterday", "get_event_history"),
    ("history of the last 3 days", "get_event_history"),
    ("as of yesterday 14:00", "get_state_as_of"),
    ("what was the state of the fleet at 09:30", "get_state_as_of"),
    ("how did things look like as of 2026-03-01T10:00:00Z", "get_state_as_of"),
    ("`up == 0`", "query_metrics"),
    ("run `sum(rate(http_requests_total[5m]))` please", "query_metrics"),
    ("node_load1", "query_metrics"),
    ("cpu usage", "query_metrics"),
    ("memory of the nodes", "query_metrics"),
    ("disk space", "query_metrics"),
    ("network bandwith per node", "query_metrics"),
    ("which pods restarted", "query_metrics"),
    ("pods that are not ready", "query_metrics"),
    ("labels of metrics", "get_metric_labels"),
    ("values of label namespace", "get_metric_labels"),
    ("anything unusual in cpu", "detect_anomalies"),
    ("anomalies in `node_load1`", "detect_anomalies"),
    ("strange gpu power since 10:00?", "detect_anomalies"),
    ("is the memory abnormal", "detect_anomalies"),
    ("logs of payments with error", "query_logs"),
    ("show me logs from namespace shop containing timeout", "query_logs"),
    ('`{namespace="shop"} |= "error"`', "query_logs"),
    ("log lines with a panic", "query_logs"),
    ("traces of checkout", "search_traces"),
    ("slowest traces", "search_traces"),
    ("latency of checkout", "search_traces"),
    ("`{ status = error && resource.service.name = \"cart\" }` traces", "search_traces"),
    (f"trace {TRACE}", "get_trace"),
    (TRACE, "get_trace"),
    ("what is in trace 4bf92f3577b34da6", "get_trace"),
    ("UPF pods", "get_cnf_workloads"),
    ("state of the network functions", "get_cnf_workloads"),
    ("is the DU running?", "get_cnf_workloads"),
    ("5g core", "get_cnf_workloads"),
    ("ptp offset on node du-node-1", "get_ptp_status"),
    ("is any clock in holdover", "get_ptp_status"),
    ("grandmaster", "get_ptp_status"),
    ("dpdk packet drops", "get_dpdk_stats"),
    ("free vfs", "get_sriov_status"),
    ("SR-IOV virtual functions", "get_sriov_status"),
)  # fmt: skip


@pytest.mark.parametrize(("question", "tool"), PHRASES, ids=lambda each: each[:60])
def test_a_phrase_leads_to_its_tool(question: str, tool: str, world: World) -> None:
    told = turn(question, world, capabilities=EVERY)
    assert tool in told.tools
    assert "not understood" not in told.text


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("critical alerts", "list_alerts", {"severity": "CRITICAL"}),
        ("resolved alerts", "list_alerts", {"state": "RESOLVED"}),
        ("critical and warning alerts", "list_alerts", {}),
        ("acknowledged incidents", "list_incidents", {"state": "ACKNOWLEDGED"}),
        ("offline clusters", "list_clusters", {"state": "OFFLINE"}),
        ("production clusters", "list_clusters", {"environment": "PRODUCTION"}),
        ("far edge clusters", "list_clusters", {"cluster_type": "FAR_EDGE"}),
        ("amf pods", "get_cnf_workloads", {"cnf_type": "AMF"}),
        ("the central units", "get_cnf_workloads", {"cnf_type": "VCU"}),
        ("gpus on node gpu-worker-1", "get_gpu_nodes", {"node_name": "gpu-worker-1"}),
        ("gpu processes in namespace training", "get_gpu_processes", {"namespace": "training"}),
        ("dpdk of pod upf-1", "get_dpdk_stats", {"pod_name": "upf-1"}),
        ("`up` at 10:00", "query_metrics", {"query": "up", "end_time": "2026-03-10T10:00:00Z"}),
        ("`up` last 2 hours", "query_metrics",
         {"query": "up", "start_time": "2026-03-10T10:45:00Z",
          "end_time": "2026-03-10T12:45:00Z", "step": "1m"}),
        ("`up` over the last 7 days", "query_metrics",
         {"query": "up", "start_time": "2026-03-03T12:45:00Z",
          "end_time": "2026-03-10T12:45:00Z", "step": "1h"}),
        ("trace 4BF92F3577B34DA6A3CE929D0E0E4736", "get_trace", {"trace_id": TRACE}),
        ("traces of checkout slower than 2s", "search_traces",
         {"service_name": "checkout", "min_duration_ms": 2000}),
        ("failed traces of cart", "search_traces",
         {"traceql": '{ status = error && resource.service.name = "cart" }'}),
        ('logs of shop with "no space left"', "query_logs",
         {"query": '{namespace=~".*shop.*"} |= "no space left"'}),
        (f"why did alert {ID} fire", "analyze_root_cause", {"alert_id": ID}),
        (f"history of incident {ID}", "get_event_history",
         {"entity_type": "incident", "entity_id": ID}),
        ("label values of label pod", "get_metric_labels", {"label_name": "pod"}),
    ],
    ids=lambda each: each[:50] if isinstance(each, str) else "",
)  # fmt: skip
def test_what_is_asked_for_is_in_the_arguments(
    question: str, tool: str, arguments: dict[str, Any], world: World
) -> None:
    told = turn(question, world, capabilities=EVERY)
    assert arguments in [each.arguments for each in told.calls if each.name == tool]


MORNING = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last 2 hours", When(at(10, 7, 30), MORNING)),
        ("the past 90 minutes", When(at(10, 8), MORNING)),
        ("last hour", When(at(10, 8, 30), MORNING)),
        ("last half an hour", When(at(10, 9), MORNING)),
        ("since 08:00", When(at(10, 8), MORNING)),
        ("since 14:00", When(at(9, 14), MORNING)),  # Today it is still to come.
        ("since yesterday", When(at(9, 0), MORNING)),
        ("since yesterday 14:00", When(at(9, 14), MORNING)),
        ("yesterday", When(at(9, 0), at(10, 0))),
        ("today", When(at(10, 0), MORNING)),
        ("last night", When(at(9, 22), at(10, 6))),
        ("this morning", When(at(10, 6), MORNING)),
        ("as of yesterday 14:00", When(at=at(9, 14))),
        ("as of yesterday", When(at=at(9, 12))),
        ("at 3 pm", When(at=at(9, 15))),
        ("two hours ago", When(at=at(10, 7, 30))),
        ("between 07:00 and 08:30", When(at(10, 7), at(10, 8, 30))),
        ("from 2026-03-08 22:00 to 2026-03-09 04:00", When(at(8, 22), at(9, 4))),
        ("on 2026-03-08", When(at(8, 0), at(9, 0))),
        ("at 2026-03-08t10:00:00+02:00", When(at=at(8, 8))),
        ("since 2027-01-01", When(MORNING, MORNING)),
        ("last 99999 weeks", When(datetime(2025, 3, 9, 9, 30, tzinfo=UTC), MORNING)),
        ("on 2026-13-45 at 99:99", When()),
        ("gpu temperature", When()),
    ],
)
def test_times(text: str, expected: When) -> None:
    assert when(text, MORNING) == expected


@pytest.mark.parametrize(
    "text",
    ["hello", "thanks a lot", "", "?", "tell me a joke", "what can you do", "2 + 2"],
)
def test_what_is_not_understood_is_said_and_what_can_be_asked(text: str, world: World) -> None:
    for persona in BUILT_IN:
        told = turn(text, world, persona)
        assert "not understood" in told.text
        assert "What can be asked here" in told.text
        assert len(told.rounds) <= 1


def test_words_that_are_right_are_no_slips_of_others() -> None:
    for each in ("store", "table", "tower", "please", "other", "notes", "stats"):
        assert not asked(f"the {each} of mine", NOW).topics, each
