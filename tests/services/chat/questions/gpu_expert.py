"""Of the GPU expert."""

from tests.services.chat.questions import figures
from tests.services.chat.questions.question import Ago, Question

_P = "gpu-expert"
QUESTIONS: tuple[Question, ...] = (
    Question(_P, "gpu temp", (("get_gpu_nodes", {}),), figures.hottest),
    Question(_P, "How many GPUs are idle?", (("get_gpu_summary", {}),), figures.gpus),
    Question(_P, "What is the hottest GPU of the fleet?", (("get_gpu_summary", {}),),
             figures.hottest),
    Question(_P, "Which pods are using the GPUs?", (("get_gpu_processes", {}),), figures.processes),
    Question(
        _P,
        "Which processes run on the gpus of node {gpu_node}?",
        (("get_gpu_processes", {"node_name": "{gpu_node}"}),),
        lambda world: figures.processes(world, world.names()["gpu_node"]),
    ),
    Question(
        _P,
        "memory of the GPUs on node {gpu_node}",
        (("get_gpu_nodes", {"node_name": "{gpu_node}"}),),
        lambda world: figures.memory(world.gpu_nodes[0]),
    ),
    Question(_P, "Do any GPUs have XID errors?", (("get_gpu_nodes", {}),),
             figures.errors),
    Question(
        _P,
        "GPU power over the last 2 hours on {well}",
        (("get_gpu_nodes", {"cluster_ids": ["{well_id}"]}),
         ("query_metrics", {"query": "DCGM_FI_DEV_POWER_USAGE", "cluster_ids": ["{well_id}"],
                            "start_time": Ago(hours=2)})),
        lambda world: [*figures.values(world, "well"), *figures.strongest(world)],
    ),
    Question(_P, "gpus by model", (("get_gpu_summary", {}),),
             lambda world: [len(world.gpus), world.gpus[0]["name"]]),
    Question(_P, "avg(DCGM_FI_DEV_GPU_UTIL): `avg(DCGM_FI_DEV_GPU_UTIL)`",
             (("query_metrics", {"query": "avg(DCGM_FI_DEV_GPU_UTIL)"}),),
             figures.values),
)  # fmt: skip
