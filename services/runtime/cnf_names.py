"""What the name of a namespace or pod tells of a network function in it: pure.

One rule for finding out what a cluster can do, for its workloads, and for asking its Prometheus.
"""

import re
from collections.abc import Mapping

from contracts.clusters import CnfType

_NAME = re.compile(
    # Two letters are too little in the middle of a name, the longer ones are not.
    r"(?:^|-)v(?P<v>du|cu)\d*(?:-|$)|^(?:(?:o-?)?(?:ran|gnb|oai|nr)-)?(?P<p>du|cu)\d*(?:-|$)"
    r"|(?:^|-)(?P<core>upf|amf|smf)\d*(?:-|$)"
)
NAMED = (
    "(.*-)?v(du|cu)[0-9]*(-.*)?"
    "|((o-?)?(ran|gnb|oai|nr)-)?(du|cu)[0-9]*(-.*)?"
    "|(.*-)?(upf|amf|smf)[0-9]*(-.*)?"
)
"""The same rule as Prometheus matches a whole label value (RE2)."""
_KINDS = {
    "du": CnfType.VDU,
    "cu": CnfType.VCU,
    "upf": CnfType.UPF,
    "amf": CnfType.AMF,
    "smf": CnfType.SMF,
}
_LABEL = re.compile(r"(?:o-|v)?(?P<ran>du|cu)(?:-[cu]p)?|(?P<core>upf|amf|smf)")
_LABELS = ("app.kubernetes.io/component", "app.kubernetes.io/name", "app", "nf", "nf-type")


def named(name: str) -> CnfType | None:
    """The type of network function that something of this name belongs to, None for none."""
    match = _NAME.search(name)
    return None if match is None else _KINDS[match["v"] or match["p"] or match["core"]]


def labelled(labels: Mapping[str, str]) -> tuple[CnfType, str] | None:
    """What labels say in so many words (``O-DU``, ``cu-cp``), and the one that does.

    Those of O-RAN have their own prefix (``o-ran.org/``, ``o-ran-sc.org/``).
    """
    own = [key for key in sorted(labels) if key.startswith("o-ran")]
    for key in (*own, *(each for each in _LABELS if each in labels)):
        match = _LABEL.fullmatch(labels[key].lower())
        if match is not None:
            return _KINDS[match["ran"] or match["core"]], key
    return None
