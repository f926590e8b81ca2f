"""The chart `aiops-vllm`: a language model beside the hub, in three sizes.

Options of the server: https://docs.vllm.ai/en/stable/cli/serve.html; labels of GPU nodes are those
of NVIDIA's GPU feature discovery.
"""

from typing import Any

from deploy.kubernetes import pods
from deploy.kubernetes.hub import Placed
from deploy.kubernetes.metadata import Object, name_of, new, selector
from deploy.kubernetes.nodes import Is, Value, When, text
from deploy.kubernetes.values import Values, needs

COMPONENT = "vllm"
SECRET = "aiops-vllm"  # noqa: S105 - a name
PORT = 8000
_NAME = name_of(COMPONENT)
_USER = 10001
_GPU = "nvidia.com/gpu"


def _sized(model: str, product: str, window: int, gpus: int, room: Values) -> Values:
    cards = {_GPU: gpus}
    return {
        "model": model,
        "gpus": gpus,
        "contextTokens": window,
        "nodeSelector": {"nvidia.com/gpu.product": product},
        "resources": {
            "requests": room["requests"] | cards,
            "limits": room["limits"] | cards,
        },
    }


SMALL = _sized("meta-llama/Llama-3.2-3B-Instruct", "NVIDIA-A10", 16_384, 1, needs("4", "24Gi"))
MIDDLE = _sized(
    "meta-llama/Llama-3.1-8B-Instruct", "NVIDIA-A100-PCIE-40GB", 32_768, 1, needs("8", "48Gi")
)
LARGE = _sized(
    "meta-llama/Llama-3.3-70B-Instruct", "NVIDIA-A100-SXM4-80GB", 8_192, 2, needs("16", "192Gi")
)
DEFAULTS: Values = {
    "image": {"repository": "vllm/vllm-openai", "tag": "v0.11.0", "pullSecrets": []},
    "openshift": {"enabled": False},
    "name": "default",
    "toolParser": "llama3_json",
    "gpuMemory": "0.92",
    "storage": "50Gi",
    "storageClass": "",
    "tolerations": [{"key": _GPU, "operator": "Exists", "effect": "NoSchedule"}],
    "hubNamespace": "aiops",
    **SMALL,
}
MIDDLE_VALUES: Values = MIDDLE
LARGE_VALUES: Values = LARGE | {"gpuMemory": "0.95", "storage": "200Gi"}


def placed() -> list[Placed]:
    """All objects of the chart."""
    account = new("v1 ServiceAccount", _NAME, COMPONENT)
    return [
        Placed(
            "vllm",
            [
                {**account, "automountServiceAccountToken": False},
                _claim(),
                _service(),
                _deployment(),
                _policy(),
            ],
        )
    ]


def _claim() -> Object:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": When(Is("storageClass"), Value("storageClass")),
        "resources": {"requests": {"storage": Value("storage")}},
    }
    return new("v1 PersistentVolumeClaim", _NAME, COMPONENT, spec=spec)


def _service() -> Object:
    spec = {"selector": selector(COMPONENT), "ports": [pods.open_port("http", PORT)]}
    return new("v1 Service", _NAME, COMPONENT, spec=spec)


def _deployment() -> Object:
    pod = pods.Pod(
        COMPONENT,
        [_container()],
        _USER,
        [
            {"name": "cache", "persistentVolumeClaim": {"claimName": _NAME}},
            pods.scratch("tmp", "8Gi"),
            # Processes of a model on several cards speak with each other by it.
            pods.scratch("shared-memory", "16Gi", "Memory"),
        ],
        is_spread=False,
    ).template()
    pod["spec"] |= {
        "nodeSelector": Value("nodeSelector"),
        "tolerations": Value("tolerations"),
    }
    spec = {
        "replicas": 1,
        # Two would need twice the cards, and the claim is for one.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selector(COMPONENT)},
        "template": pod,
    }
    return new("apps/v1 Deployment", _NAME, COMPONENT, spec=spec)


def _container() -> dict[str, Any]:
    told = {
        "--served-model-name": Value("name"),
        "--tensor-parallel-size": text(Value("gpus")),
        "--max-model-len": text(Value("contextTokens")),
        "--gpu-memory-utilization": Value("gpuMemory"),
        "--tool-call-parser": Value("toolParser"),
        "--port": str(PORT),
    }
    options = [part for pair in told.items() for part in pair]
    alive = pods.asking("/health", "http", **pods.patience(every=20, failures=3))
    return {
        "name": COMPONENT,
        "image": text(Value("image.repository"), ":", Value("image.tag")),
        "command": ["vllm", "serve"],
        "args": [Value("model"), *options, "--enable-auto-tool-choice"],
        "env": [
            # A user that the cluster chooses has no name and no home of its own.
            *pods.variables(HOME="/cache", USER="vllm", VLLM_NO_USAGE_STATS="1"),
            pods.from_secret("VLLM_API_KEY", SECRET, "apiKey"),
            pods.from_secret("HF_TOKEN", SECRET, "huggingFaceToken", is_optional=True),
        ],
        "ports": [pods.port("http", PORT)],
        "resources": Value("resources"),
        "securityContext": pods.confined(),
        # A first start loads the model over the network.
        "startupProbe": pods.asking("/health", "http", **pods.patience(every=10, failures=360)),
        "readinessProbe": alive,
        "livenessProbe": alive,
        "volumeMounts": [
            {"name": "cache", "mountPath": "/cache"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 - as above
        ],
    }


def _policy() -> Object:
    from_hub = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": Value("hubNamespace")}}
    }
    spec = {
        "podSelector": {"matchLabels": selector(COMPONENT)},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [from_hub], "ports": [{"protocol": "TCP", "port": PORT}]}],
    }
    return new("networking.k8s.io/v1 NetworkPolicy", _NAME, COMPONENT, spec=spec)
