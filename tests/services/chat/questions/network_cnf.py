"""Of network functions."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Question, Since

_P = "network-cnf"
QUESTIONS: tuple[Question, ...] = (
    Question(_P, "Which network functions are not running?", (("get_cnf_workloads", {}),),
             figures.failing),
    Question(_P, "Show the UPF pods", (("get_cnf_workloads", {"cnf_type": "UPF"}),),
             lambda world: figures.workloads(world, "UPF")),
    Question(_P, "Are the PTP clocks locked?", (("get_ptp_status", {}),), figures.clocks),
    Question(
        _P,
        "ptp offset on node {du_node}",
        (("get_ptp_status", {"node_name": "{du_node}"}),),
        lambda world: figures.offsets(world, world.names()["du_node"]),
    ),
    Question(
        _P,
        "PTP offset since 11:00",
        (("get_ptp_status", {}),
         ("query_metrics", {"query": "openshift_ptp_offset_ns",
                            "start_time": Since(11)})),
        figures.clocks,
    ),
    Question(_P, "Do any DPDK ports drop packets?", (("get_dpdk_stats", {}),), figures.drops),
    Question(_P, "How many free virtual functions are there?", (("get_sriov_status", {}),),
             figures.functions),
    Question(_P, "sr-iov on node {vf_node}", (("get_sriov_status", {"node_name": "{vf_node}"}),),
             lambda world: figures.functions(world, world.names()["vf_node"])),
    Question(
        _P,
        "slow traces of {service}",
        (("search_traces", {"service_name": "{service}", "min_duration_ms": 500}),),
        lambda world: figures.traces(world, least=500, slowest=True),
    ),
    Question(_P, "Network load of the nodes: node_load1",
             (("query_metrics", {"query": "node_load1"}),), figures.values),
)  # fmt: skip
