"""The fleet of `rows`: one cluster well with GPUs, one with a broken node, one that is away."""

from tests.services.chat import rows, rows_measured as measured
from tests.services.chat.rows import EDGE, PROD, SHOP, Row, ago
from tests.services.chat.world import CAUSE, NODE, TRACE, World


def planted() -> World:
    """The fleet of `rows`."""
    node_down = rows.incident("KubeNodeNotReady and 7 more", "CRITICAL", SHOP, CAUSE, 8)
    slow = rows.incident("PtpClockOffset and 1 more", "WARNING", EDGE, "node/du-node-1", 2)
    opened: Row = {"incident": node_down, "added": []}
    hot = measured.gpu(2, temperature_celsius=91.0, raised=["TEMPERATURE"], xid=79,
                   last_xid={"xid": 79, "description": "off the bus", "at": ago(30)})  # fmt: skip
    idle = measured.gpu(
        1, utilization_gpu_percent=0.0, power_draw_watts=71.5, idle=True, wasted=True
    )
    world = World(
        clusters=[
            rows.cluster(PROD, "ONLINE", 97),
            rows.cluster(SHOP, "DEGRADED", 61),
            rows.cluster(EDGE, "OFFLINE", 12, cluster_type="EDGE"),
        ],
        alerts=[
            rows.alert("KubeNodeNotReady", "CRITICAL", SHOP, 55, node=NODE),
            rows.alert("KubePodCrashLooping", "WARNING", SHOP, 50, namespace="shop", pod="cart-0"),
            rows.alert("KubePodNotReady", "WARNING", SHOP, 48, namespace="shop", pod="cart-1"),
            rows.alert("PtpClockOffset", "WARNING", EDGE, 30, node="du-node-1"),
            rows.alert("Watchdog", "INFO", PROD, 9_000),
        ],
        incidents=[node_down, slow],
        analyses={
            node_down["id"]: rows.analysis(node_down, CAUSE, 0.92, is_known=True),
            slow["id"]: rows.analysis(slow, "clock/du-node-1/ens1f0", 0.41, is_known=False),
        },
        gpu_nodes=[
            measured.gpu_node("gpu-worker-1", measured.gpu(0), idle),
            measured.gpu_node("gpu-worker-2", hot, measured.gpu(3, power_draw_watts=655.0)),
        ],
        processes=[
            measured.gpu_process("gpu-worker-1", 0, "llm-0", 61_003),
            measured.gpu_process("gpu-worker-2", 2, "embed-1", 20_480),
        ],
        workloads=[
            measured.workload("du-0", "VDU", "RUNNING", 0),
            measured.workload("upf-1", "UPF", "RUNNING", 2),
            measured.workload("amf-2", "AMF", "FAILED", 14, reason="CrashLoopBackOff"),
        ],
        clocks=[
            measured.clock("du-node-1", "ens1f0", "HOLDOVER", 1_480.0),
            measured.clock("du-node-2", "ens2f0", "LOCKED", -4.0),
        ],
        ports=[
            measured.port("upf-1", "0", 120_000.5, 37.5),
            measured.port("du-0", "1", 90_000.0, 0.0),
        ],
        functions=[
            measured.functions("du-node-1", "openshift.io/du_fronthaul", 8, 8),
            measured.functions("du-node-2", "openshift.io/du_fronthaul", 3, 16),
        ],
        traces=[
            rows.trace(TRACE, "checkout", 2_345.6, failed=True),
            rows.trace("a" * 32, "checkout", 120.0, failed=False),
        ],
        spans=[
            rows.span("checkout", 2_345.6, "OK"),
            rows.span("payments", 2_101.5, "ERROR"),
            rows.span("stock", 12.0, "OK"),
        ],
        events=[
            rows.event(4720, "INCIDENT_OPENED", SHOP, 54, opened),
            rows.event(4711, "ALERT_FIRED", SHOP, 55, {"alert": {"alertname": "KubeNodeNotReady"}}),
            rows.event(4699, "CLUSTER_STATUS_CHANGED", SHOP, 56,
                       {"old_state": "ONLINE", "new_state": "DEGRADED", "reason": "502"}),
        ],
        anomalies=rows.searched("memory", "2026-03-10T10:00:00Z", "2026-03-10T12:45:00Z")["series"],
    )  # fmt: skip
    world.summary = rows.fleet(world.clusters, len(world.gpus))
    world.past = {"time": "2026-03-09 14:00:00", "clusters": len(world.clusters),
                  "alerts": len(world.alerts)}  # fmt: skip
    return world
