"""What signals, places and incidents are called where people read of them, as in the UI.

Events keep codes such as ``GPU_XID_79`` and ``workload/shop/cart``; names that people have given,
such as those of alerts, are told as they are.
"""

import re
from collections.abc import Mapping

_KNOWN: Mapping[str, tuple[str, str]] = {
    "WORKLOAD_CRASHING": ("Workload * crash-looping", "Workload crash-looping"),
    "WORKLOAD_FAILED": ("Workload * failed", "Workload failed"),
    "CLUSTER_OFFLINE": ("Cluster offline", "Cluster offline"),
    "CLUSTER_DEGRADED": ("Cluster degraded", "Cluster degraded"),
    "GPU_GONE": ("GPU lost on *", "GPU lost"),
    "PTP_HOLDOVER": ("PTP clock in holdover on *", "PTP clock in holdover"),
    "PTP_FREERUN": ("PTP clock running free on *", "PTP clock running free"),
    "SRIOV_EXHAUSTED": ("No SR-IOV function left on *", "No SR-IOV function left"),
    "DPDK_DROPPING": ("DPDK packets dropped on *", "DPDK packets dropped"),
}
"""With the place that it is about in place of ``*``, and without one; `lib/titles.ts` has them too.
"""
_CODE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_XID = re.compile(r"GPU_XID_(\d+)")
_SHORT = re.compile(r"\b(?:api|cnf|cpu|dns|dpdk|gpu|oom|ptp|pvc|tls|vpn|xid)\b")
_KINDS = (
    "address|clock|config|container|device|gpu|ingress|namespace|node|operator|pod|pvc|route"
    "|service|workload"
)
_PLACE = rf"(?:cluster\b|(?:{_KINDS})/[^\s:,;()“”\"]*[^\s:,;()“”\".])"
_SUSPECT = re.compile(rf"^({_PLACE}) \(([^,()]+), (\d+)%\)")
_SIGNAL_OF = re.compile(rf"\b([A-Z]\w*) of ({_PLACE})(?=[\s:,;.()]|$)")
_ANY_PLACE = re.compile(rf"(?<![\w/.-])(?:{_KINDS})/[^\s:,;()“”\"]*[^\s:,;()“”\".]")
_ANY_CODE = re.compile(rf"(?<![\w/.-]){_CODE}(?![\w/-])")
_QUOTED = re.compile(r"(“[^”]*”|\"[^\"]*\"|`[^`]*`)")
_TITLE = re.compile(rf"({_CODE})(?: (on|of|in) (\S+|\d+ clusters))?( and [\d,]+ more)?")
_OF_SIGNALS = re.compile(
    r"(?:ALERTMANAGER|API_SERVER|CALLS|CLUSTER|CONFIG|CRASH|DPDK|ERRORS|GPU|IMAGE|LOG|LOKI|NODE"
    r"|OOM|OWN|POD|PROMETHEUS|PTP|QUOTA|ROLLOUT|SRIOV|TEMPO|VOLUME|WORK|WORKLOAD)_\w+"
)
"""What codes of signals begin with: no other word in capitals is one."""


def signal_in_words(name: str, *, begins: bool = True) -> str:
    """``GPU_XID_79`` as ``GPU XID error 79``; a name that is no code of ours as it is.

    Not ``begins``: a sentence goes on with it, ``cluster offline``.
    """
    if not _OF_SIGNALS.fullmatch(name):
        return name
    said = _said(name)
    return said if begins or not said[1].islower() else f"{said[0].lower()}{said[1:]}"


def _said(code: str) -> str:
    if code in _KNOWN:
        return _KNOWN[code][1]
    if found := _XID.fullmatch(code):
        return f"GPU XID error {found[1]}"
    said = _SHORT.sub(lambda short: short[0].upper(), code.lower().replace("_", " "))
    return f"{said[0].upper()}{said[1:]}".replace("Log ", "Log: ", 1)


def place_in_words(place: str) -> str:
    """``node/worker-3`` as ``node worker-3``."""
    return "the cluster" if place == "cluster" else place.replace("/", " ", 1)


def signal_at(name: str, place: str, *, begins: bool = True) -> str:
    """``GPU lost on node gpu-4``, ``Cluster offline``."""
    said = signal_in_words(name, begins=begins)
    is_told = place == "cluster" and name.startswith("CLUSTER_")
    return said if is_told else f"{said} on {place_in_words(place)}"


def suspect_in_words(place: str, kind: str, score: float) -> str:
    """``Workload shop/cart (71 %)``, ``Node gpu-4 (GPU, 90 %)``."""
    said = place_in_words(place)
    more = "" if kind == place.partition("/")[0] else f"{kind}, "
    return f"{said[0].upper()}{said[1:]} ({more}{round(100 * score)} %)"


def title_in_words(title: str) -> str:
    """``WORKLOAD_CRASHING of shop/cart and 3 more`` as ``Workload shop/cart crash-looping and 3
    more``; a title that begins with a name as it is."""
    found = _TITLE.fullmatch(title)
    if found is None or not _OF_SIGNALS.fullmatch(found[1]):
        return title
    name, how, place, more = found[1], found[2], found[3], found[4] or ""
    if place is None:
        return f"{signal_in_words(name)}{more}"
    if name in _KNOWN and how != "in":
        return f"{_KNOWN[name][0].replace('*', place)}{more}"
    return f"{signal_in_words(name)} {how} {place}{more}"


def sentence_in_words(text: str) -> str:
    """A sentence of the hub without the codes of signals and places that may stand in it.

    What it quotes stays: lines of logs, names that somebody has given. Done again it is the same.
    """
    parts = _QUOTED.split(text)
    return "".join(part if at % 2 else _spoken(part) for at, part in enumerate(parts))


def _spoken(text: str) -> str:
    text = _SUSPECT.sub(_suspect, text)
    text = _SIGNAL_OF.sub(lambda found: signal_at(found[1], found[2], begins=_begins(found)), text)
    text = _ANY_CODE.sub(lambda found: signal_in_words(found[0], begins=_begins(found)), text)
    return _ANY_PLACE.sub(lambda found: place_in_words(found[0]), text)


def _suspect(found: re.Match[str]) -> str:
    return suspect_in_words(found[1], found[2], int(found[3]) / 100)


def _begins(found: re.Match[str]) -> bool:
    """Where a sentence, or what follows a colon, begins."""
    before = found.string[: found.start()].rstrip()
    return not before or before[-1] in ".:"
