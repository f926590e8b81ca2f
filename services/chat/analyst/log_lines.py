"""LogQL for the lines that are meant: by namespace, application or pod. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

_PODS = ("pod", "kubernetes_pod_name", "k8s_pod_name")
_NAMESPACES = ("namespace", "kubernetes_namespace_name", "k8s_namespace_name")
"""As Promtail and Alloy, OpenShift's collector, and OpenTelemetry call them."""
_APPS = ("app", "container", "service_name")
_BAD = (
    ("panic", "panic"),
    ("fatal", "fatal"),
    ("exception", "exception"),
    ("timeout", "timed? ?out|deadline exceeded"),
    ("warning", "warn"),
    ("error", "error|fatal|panic|exception|fail"),
    ("failed", "error|fatal|panic|exception|fail"),
    ("failing", "error|fatal|panic|exception|fail"),
    ("crash", "panic|fatal|crash"),
)
_MOST = 3


@dataclass(frozen=True, slots=True)
class Meant:
    """Whose lines."""

    things: Sequence[str] = ()
    """Parts of the names of namespaces, applications or pods: of any of them."""
    inside: Sequence[str] = ()
    """Namespaces that they are in."""
    of_pods: bool = False
    """They are said to be pods."""


def logql(meant: Meant, texts: Iterable[str], words: Collection[str]) -> list[str]:
    """Lines of what is meant, or of all, that hold some words: ways to ask for them.

    Labels differ by who collects the logs, and a name may be that of a namespace or of one of the
    things in one; a pod's name begins with that of its workload. Each way is of another label, the
    likeliest first.
    """
    kept = _kept(texts, words)
    if meant.things and meant.inside:
        pairs = zip(_NAMESPACES, _PODS, strict=True)
        within = [
            f"{{{_like(one, meant.inside)},{_like(other, meant.things)}}}" for one, other in pairs
        ]
        return [f"{each}{kept}" for each in (*within, *_of_any(meant.things, (*_PODS, *_APPS)))]
    if things := meant.things or meant.inside:
        labels = _PODS if meant.of_pods else (*_in_turn(), *_APPS)
        return [f"{each}{kept}" for each in _of_any(things, labels)]
    return [f'{{{label}=~".+"}}{kept}' for label in (*_NAMESPACES, "app")]


def _in_turn() -> Iterable[str]:
    for one, other in zip(_NAMESPACES, _PODS, strict=True):
        yield from (one, other)


def _of_any(things: Sequence[str], labels: Iterable[str]) -> list[str]:
    return [f"{{{_like(label, things)}}}" for label in labels]


def _like(label: str, names: Sequence[str]) -> str:
    inner = "|".join(f".*{re.escape(each)}.*" for each in names[:_MOST])
    return f"{label}=~{string(inner)}"


def _kept(texts: Iterable[str], words: Collection[str]) -> str:
    patterns = [pattern for word, pattern in _BAD if word in words][:1]
    kept = "".join(f' |~ "(?i)({each})"' for each in patterns)
    return kept + "".join(f" |= {string(each)}" for each in texts)


def string(text: str) -> str:
    """As LogQL, PromQL and TraceQL write it."""
    plain = "".join(each for each in text if each.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
