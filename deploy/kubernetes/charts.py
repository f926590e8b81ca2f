"""Writes the Helm charts: templates from the trees of objects, values, and their schema."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from deploy.kubernetes import edge, hub, vllm
from deploy.kubernetes.hub import Placed
from deploy.kubernetes.schema import MEANINGS, schema_of
from deploy.kubernetes.template import Writer, expression, plain_text
from deploy.kubernetes.values import DEFAULTS, DEVELOPMENT, OPENSHIFT, PRODUCTION, Values
from deploy.platform import IMAGE

_HEADER = "# Written by `python -m deploy.kubernetes`.\n"
_VERSION = IMAGE.rpartition(":")[2]
_OLDEST = ">=1.27.0-0"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart."""

    name: str
    description: str
    values: Values
    placed: list[Placed]
    notes: str
    more_values: Mapping[str, Values] = field(default_factory=dict[str, Values])
    """Further files of values, by what stands after `values-` in their names."""


def charts() -> list[Chart]:
    """All of them."""
    return [
        Chart(
            "aiops-nextgen",
            "The operations hub for a fleet of OpenShift and Kubernetes clusters.",
            DEFAULTS,
            hub.placed(),
            _NOTES_OF_THE_HUB,
            {"dev": DEVELOPMENT, "prod": PRODUCTION, "openshift": OPENSHIFT},
        ),
        Chart(
            "aiops-vllm",
            "A language model for the hub, on GPUs of one's own.",
            vllm.DEFAULTS,
            vllm.placed(),
            _NOTES_OF_THE_MODEL,
            {"8b": vllm.MIDDLE_VALUES, "70b": vllm.LARGE_VALUES},
        ),
        Chart(
            "aiops-edge",
            "A far-edge site of the hub: a NATS leaf node and a collector.",
            edge.DEFAULTS,
            edge.placed(),
            _NOTES_OF_THE_EDGE,
        ),
    ]


def files() -> dict[str, str]:
    """The text of every file, by its path below `deploy/helm`."""
    return {
        f"{chart.name}/{name}": text
        for chart in charts()
        for name, text in _files_of(chart).items()
    }


def _files_of(chart: Chart) -> dict[str, str]:
    about = {
        "apiVersion": "v2",
        "name": chart.name,
        "description": chart.description,
        "type": "application",
        "version": _VERSION,
        "appVersion": _VERSION,
        "kubeVersion": _OLDEST,
    }
    found = {
        "Chart.yaml": _HEADER + plain_text([about]),
        "values.yaml": _HEADER + "\n".join(_told(chart.values, "", 0)) + "\n",
        "values.schema.json": json.dumps(schema_of(chart.values), indent=2) + "\n",
        "templates/NOTES.txt": chart.notes,
    }
    for name, values in chart.more_values.items():
        found[f"values-{name}.yaml"] = _HEADER + plain_text([values])
    writer = Writer(chart.values)
    for each in chart.placed:
        file = f"templates/{each.topic}.yaml"
        found[file] = found.get(file, _HEADER) + _template(each, writer)
    return found


def _template(placed: Placed, writer: Writer) -> str:
    told = "".join(f"---\n{writer.text(each)}" for each in placed.objects)
    if placed.condition is None:
        return told
    return f"{{{{- if {expression(placed.condition)} }}}}\n{told}{{{{- end }}}}\n"


def _told(values: Mapping[str, Any], path: str, indent: int) -> list[str]:
    """Values with what is said of them, as YAML."""
    writer, space, lines = Writer(), " " * indent, list[str]()
    for key, value in values.items():
        here = f"{path}{key}"
        if here in MEANINGS:
            lines += [f"{space}# {line}" for line in _wrapped(MEANINGS[here], 96 - indent)]
        if isinstance(value, dict) and value:
            nested = cast("Values", value)
            lines += [f"{space}{key}:", *_told(nested, f"{here}.", indent + 2)]
        else:
            told = writer.text({key: value}).rstrip("\n")
            lines += [f"{space}{line}" for line in told.split("\n")]
    return lines


def _wrapped(said: str, width: int) -> list[str]:
    lines = [""]
    for word in said.split(" "):
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


_NOTES_OF_THE_HUB = """\
The hub comes up at https://{{ .Values.host }} once the Job that sets it up is done:

  kubectl -n {{ .Release.Namespace }} wait --for=condition=complete --timeout=10m \\
    job/aiops-setup-{{ .Release.Revision }}
  kubectl -n {{ .Release.Namespace }} rollout status deployment/aiops-gateway

The first administrator logs in once, with the code at the end of what this prints:

  kubectl -n {{ .Release.Namespace }} exec deployment/aiops-gateway -- aiops login

  https://{{ .Values.host }}/login#code=...
"""
_NOTES_OF_THE_MODEL = """\
Tell the hub of the model, in the values of aiops-nextgen, once the pod is ready:

  settings:
    AIOPS_LLM__BASE_URL: http://aiops-vllm.{{ .Release.Namespace }}.svc:8000/v1
    AIOPS_LLM__MODEL: {{ .Values.name }}

and its key, in the Secret aiops-settings of the hub, as AIOPS_LLM__API_KEY.
"""
_NOTES_OF_THE_EDGE = """\
The site buffers what it collects and the hub takes it over while there is a link. See at the hub
whether there is: `aiops_edge_link_up`, or the page Operations.
"""
