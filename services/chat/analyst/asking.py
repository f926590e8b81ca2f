"""A question as it is understood: what it is about, of which things, of which time. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.alerts import AlertState, Severity
from contracts.clusters import ClusterState, ClusterType, CnfType, Environment
from contracts.incidents import IncidentState
from services.chat.analyst.expressions import Language, written
from services.chat.analyst.times import When, is_as_of, when
from services.chat.analyst.topics import TOPICS, VOCABULARY, Topic
from services.chat.analyst.words import MOST, Words, some, words_of

_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TRACE_ID = re.compile(r"(?<![\w-])(?:[0-9a-f]{32}|[0-9a-f]{16})(?![\w-])")
_SHORT_TRACE = re.compile(r"\btrace(?: id)?[ :=]+#?((?=[a-f]*\d)[0-9a-f]{6,32})(?![\w-])")
_SHORT = re.compile(r"\b(incident|alert)(?: id)?[ :=]+#?((?=[a-f]*\d)[0-9a-f]{4,31})(?:…|\.\.+|\b)")
_KIND = re.compile(r"\b(incident|alert|anomaly|cluster)\b[^.?!]{0,24}$")
_AFTER = re.compile(
    r"\b(cluster|node|host|pod|namespace|service|interface|nic)s?\s+"
    r"(?:is |named |called |= ?)?[\"'“]?([a-z0-9][a-z0-9._/-]*[a-z0-9]|[a-z])\b"
)
_NAME = re.compile(
    r"(?<![\w.:/-])(?=[a-z0-9._-]*[a-z])(?=[a-z0-9._]*[-\d])[a-z0-9][a-z0-9._-]*[a-z0-9]"
)
_OF = re.compile(r"\b(?:of|for|from|in|by|at|on)\s+(?:the\s+)?[\"'“]?([a-z][a-z0-9-]{2,60})\b")
_IN = re.compile(r"\bin\s+(?:the\s+)?[\"'“]?([a-z][a-z0-9-]{2,60})\b")
_WORKLOAD = re.compile(
    r"\b(?:workload|deployment|statefulset|daemonset|application|app|container|job)s?\s+"
    r"(?:is |named |called |= ?)?[\"'“]?([a-z0-9][a-z0-9.-]*[a-z0-9])\b"
)
_BEFORE = re.compile(r"\b([a-z][a-z0-9-]{2,60})\s+(?:logs?|traces?|spans?|pods?|service)\b")
_QUOTED = re.compile(r"[\"“”]([^\"“”\n]{2,200})[\"“”]|\b(?:containing|contains|mentioning)\s+(\S+)")
_DURATION = re.compile(
    r"(?:slower|longer|more|over|above|than|>)\s*(?:than)?\s*(\d{1,5})\s*(ms|s)\b"
)
_NO_NAME = re.compile(
    r"^(\d+[smhdw]?|\d+(ms|min|mins|am|pm|hours?|days?|st|nd|rd|th|ns|us|gb|mb|gib|mib|w|c|g)"
    r"|\d[\d-]*t?[\d:.-]*z?|[0-9a-f]{16}|[0-9a-f]{32})$"
)
_NOT = some(
    "the a an is are was were be been that this these those there it its our my your all any"
    " each every some which what who how why when where and or not no with without in on at of"
    " for from to by has have had do does did can could should will would me us we you i they"
    " last past next now today yesterday morning night hour hours minute minutes day days week"
    " since between right currently please show list tell give get most least than more less"
    " over under up down name names id ids ok fine top real-time end-to-end as-is follow-up"
    " so-called fleet system platform moment trouble particular use general detail details"
    " return returns returned throw throws log logs fail fails failed crash crashes error errors"
    " production staging lab edge development utc everything anything something nothing"
)
_KINDS = some("workload deployment statefulset daemonset application app container job")
_SLOW_MS = 500
_MOST_NAMES = 6
_MOST_IDS = 4


class Thing(StrEnum):
    """What an id or a name can be of."""

    INCIDENT = "incident"
    ALERT = "alert"
    ANOMALY = "anomaly"
    CLUSTER = "cluster"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, as far as rules understand it."""

    words: Words
    when: When
    topics: tuple[Topic, ...] = ()
    """The most particular first; empty: nothing was understood."""
    expressions: tuple[tuple[Language, str], ...] = ()
    trace_ids: tuple[str, ...] = ()
    ids: tuple[tuple[Thing, UUID], ...] = ()
    beginnings: tuple[tuple[Thing, str], ...] = ()
    """Of ids that are not whole."""
    named: dict[str, str] = field(default_factory=dict[str, str])
    """By ``node``, ``pod``, ``namespace``, ``service``, ``cluster``: what comes after the word."""
    names: tuple[str, ...] = ()
    """What may be the name of something, as a cluster or a node."""
    subjects: tuple[str, ...] = ()
    """Whose logs or traces are meant: applications, namespaces, services."""
    inside: tuple[str, ...] = ()
    """Those of them that are said to be what others are in."""
    texts: tuple[str, ...] = ()
    """What stands in quotation marks."""
    least_ms: int | None = None
    """Of traces."""

    def has(self, *words: str) -> bool:
        """Whether it has one of these words."""
        return not self.words.known.isdisjoint(words)

    @property
    def severity(self) -> Severity | None:
        """That is asked for alone."""
        found = [each for each in Severity if each.lower() in self.words.known]
        return found[0] if len(found) == 1 else None

    @property
    def alert_state(self) -> AlertState | None:
        """The same."""
        found = [each for each in AlertState if each.lower() in self.words.known]
        return found[0] if len(found) == 1 else None

    @property
    def incident_state(self) -> IncidentState | None:
        """The same."""
        found = [each for each in IncidentState if each.lower() in self.words.known]
        return found[0] if len(found) == 1 else None

    @property
    def cluster_state(self) -> ClusterState | None:
        """The same; of clusters that are not well there are several states."""
        known = self.words.known
        found = [each for each in ClusterState if each.lower() in known and each != "UNKNOWN"]
        return found[0] if len(found) == 1 else None

    @property
    def environment(self) -> Environment | None:
        """The same."""
        found = [each for each in Environment if each.lower() in self.words.known]
        return found[0] if len(found) == 1 else None

    @property
    def cluster_type(self) -> ClusterType | None:
        """The same."""
        words = {*self.words.words, *self.words.known}
        far = "far-edge" in words or "far edge" in self.words.text
        kinds = {"hub": ClusterType.HUB, "spoke": ClusterType.SPOKE, "edge": ClusterType.EDGE}
        found = [kind for word, kind in kinds.items() if word in self.words.words]
        return ClusterType.FAR_EDGE if far else found[0] if len(found) == 1 else None

    @property
    def cnf_type(self) -> CnfType | None:
        """The same."""
        short = {"du": CnfType.VDU, "cu": CnfType.VCU}
        by_word = short | {each.lower(): each for each in CnfType if each != "OTHER"}
        found = {kind for word, kind in by_word.items() if word in self.words.known}
        return found.pop() if len(found) == 1 else None


def asked(question: str, now: datetime) -> Asked:
    """The question, understood."""
    words = words_of(question, VOCABULARY)
    text = question[:MOST].lower()
    expressions = tuple(written(question[:MOST], words.known))
    traces = dict.fromkeys((*_TRACE_ID.findall(text), *_SHORT_TRACE.findall(text)))
    found = Asked(
        words=words,
        when=when(words.text, now),
        expressions=expressions,
        trace_ids=tuple(traces)[:_MOST_IDS],
        ids=_ids(text),
        beginnings=_beginnings(text),
        named=_named(text),
        names=_names(text, expressions),
        subjects=_subjects(words),
        inside=_inside(words),
        texts=_texts(words.text),
        least_ms=_least(words),
    )
    return _with_topics(found)


def _ids(text: str) -> tuple[tuple[Thing, UUID], ...]:
    found = dict[UUID, Thing]()
    for each in _UUID.finditer(text):
        before = _KIND.search(text[: each.start()])
        found.setdefault(UUID(each[0]), Thing(before[1]) if before else Thing.UNKNOWN)
    return tuple((thing, id_) for id_, thing in found.items())[:_MOST_IDS]


def _beginnings(text: str) -> tuple[tuple[Thing, str], ...]:
    plain = _UUID.sub(" ", text)
    return tuple((Thing(kind), start) for kind, start in _SHORT.findall(plain))[:_MOST_IDS]


def _named(text: str) -> dict[str, str]:
    kinds = {"host": "node", "nic": "interface"}
    named = dict[str, str]()
    for kind, name in _AFTER.findall(_UUID.sub(" ", text.replace("`", ""))):
        if name not in _NOT and name not in VOCABULARY and not _NO_NAME.match(name):
            named.setdefault(kinds[kind] if kind in kinds else str(kind), str(name))
    return named


def _names(text: str, expressions: Sequence[tuple[Language, str]]) -> tuple[str, ...]:
    """Words that are names by their look: with a hyphen or a digit; or as something's name."""
    for _, each in expressions:
        text = text.replace(each.lower(), " ")
    text = _UUID.sub(" ", _SHORT.sub(" ", _SHORT_TRACE.sub(" ", text)))
    found = [_named(text).get("cluster", ""), *_NAME.findall(text.replace("`", " "))]
    kept = [each for each in found if each and _may_be_name(each)]
    return tuple(dict.fromkeys(kept))[:_MOST_NAMES]


def _may_be_name(word: str) -> bool:
    if _NO_NAME.match(word) or word in _NOT or word in VOCABULARY:
        return False
    return not all(part in VOCABULARY or part in _NOT for part in word.split("-"))


def _subjects(words: Words) -> tuple[str, ...]:
    """What logs and traces are asked of."""
    text = _QUOTED.sub(" ", words.text)
    named = _named(text)
    told = [named[each] for each in ("namespace", "service", "pod") if each in named]
    told += [*_WORKLOAD.findall(text), *_OF.findall(text), *_BEFORE.findall(text)]
    kept = [each for each in told if each not in _NOT | _KINDS and each not in VOCABULARY]
    return tuple(dict.fromkeys(_singular(kept)))[:3]


def _inside(words: Words) -> tuple[str, ...]:
    text = _QUOTED.sub(" ", words.text)
    named = _named(text).get("namespace")
    return (*([named] if named is not None else []), *_IN.findall(text))


def _singular(words: list[str]) -> list[str]:
    """Without the plurals of what is known already, such as errors."""
    return [each for each in words if each.removesuffix("s") not in VOCABULARY]


def _texts(text: str) -> tuple[str, ...]:
    found = [one or other for one, other in _QUOTED.findall(text)]
    return tuple(each.strip() for each in found if each.strip())[:2]


def _least(words: Words) -> int | None:
    if found := _DURATION.search(words.text):
        return min(int(found[1]) * (1000 if found[2] == "s" else 1), 86_400_000)
    return _SLOW_MS if words.known & {"slow", "slowest"} else None


def _with_topics(found: Asked) -> Asked:
    return replace(found, topics=tuple(_topics(found)))


def _topics(found: Asked) -> list[Topic]:
    """By ids and expressions, which are certain, else by words."""
    certain = [topic for topic, is_so in _certain(found).items() if is_so]
    known = found.words.known
    by_word = [topic for topic, told in TOPICS.items() if known & told.words]
    topics = list(dict.fromkeys((*certain, *by_word)))
    return _settled(found, topics)[:4]


def _certain(found: Asked) -> dict[Topic, bool]:
    languages = {language for language, _ in found.expressions}
    known = found.words.known
    things = {thing for thing, _ in (*found.ids, *found.beginnings)}
    odd = bool(known & TOPICS[Topic.ANOMALIES].words)
    return {
        Topic.TRACE: bool(found.trace_ids),
        Topic.LOGS: Language.LOGQL in languages,
        Topic.TRACES: Language.TRACEQL in languages,
        Topic.ANOMALIES: odd and "trace" not in known,
        Topic.METRICS: Language.PROMQL in languages and not odd,
        Topic.AS_OF: is_as_of(found.words.text) and found.when.at is not None,
        Topic.CAUSE: bool(things & {Thing.ANOMALY}),
        Topic.INCIDENTS: Thing.INCIDENT in things or (Thing.UNKNOWN in things and not known),
    }


_STANDS_FOR: Sequence[tuple[set[Topic], set[Topic]]] = (
    ({Topic.AS_OF}, {Topic.CLUSTERS, Topic.FLEET, Topic.ALERTS, Topic.INCIDENTS, Topic.HISTORY}),
    ({Topic.TRACE}, {Topic.TRACES}),
    ({Topic.ANOMALIES}, {Topic.GPUS, Topic.PTP, Topic.METRICS, Topic.CLUSTERS, Topic.HISTORY}),
    ({Topic.LOGS, Topic.TRACES, Topic.TRACE}, {Topic.CLUSTERS, Topic.WORKLOADS, Topic.HISTORY}),
    ({Topic.CAUSE}, {Topic.INCIDENTS, Topic.ALERTS, Topic.CLUSTERS, Topic.HISTORY, Topic.FLEET,
                     Topic.METRICS}),
    ({Topic.HISTORY}, {Topic.CLUSTERS, Topic.INCIDENTS, Topic.ALERTS, Topic.FLEET}),
)  # fmt: skip
"""Where one of the first is asked about, words of the others only say more of it."""
_BY_EXPRESSION = {Topic.TRACE, Topic.METRICS, Topic.ANOMALIES, Topic.LOGS, Topic.TRACES}


def _settled(found: Asked, topics: list[Topic]) -> list[Topic]:
    """Without those whose words stood for something else."""
    has, known = set(topics), found.words.known
    drop = {each for some, others in _STANDS_FOR if has & some for each in others - some}
    if found.expressions and has & _BY_EXPRESSION:
        drop |= has - _BY_EXPRESSION
    elif Topic.LABELS in has:
        drop.add(Topic.METRICS)
    if Topic.PTP in has and not known & {"cnf", "workload", "upf", "amf", "smf"}:
        drop.add(Topic.WORKLOADS)
    kept = has - drop
    if kept - {Topic.CLUSTERS, Topic.FLEET}:
        kept -= {Topic.CLUSTERS, Topic.FLEET}
    others = [each for each in topics if each in kept - _MADE]
    return [
        *_of_gpus(found, kept),
        *_of_cluster(found, kept),
        *others,
        *_by_measure(found, kept),
    ]


_MADE = frozenset({Topic.GPUS, Topic.CLUSTERS, Topic.FLEET})


def _of_gpus(found: Asked, has: set[Topic]) -> list[Topic]:
    if Topic.GPUS not in has:
        return []
    if found.has("process", "pod", "using", "holding"):
        return [Topic.GPU_PROCESSES]
    summing = {"summary", "fleet", "idle", "wasted", "busy", "hottest", "model", "many"}
    plain = {*found.words.known, *found.words.words} & summing
    is_one = found.names or "node" in found.named
    return [Topic.GPU_FIGURES] if plain and not is_one else [Topic.GPUS]


_WELL = (
    "unhealthy",
    "healthy",
    "health",
    "status",
    "state",
    "down",
    "offline",
    "online",
    "degraded",
)
"""Words for clusters."""
_WRONG = ("wrong", "broken", "issue", "problem", "failing")
"""Words for anything: whoever asks so wants what is open, whatever it is of."""


def _of_cluster(found: Asked, has: set[Topic]) -> list[Topic]:
    """One cluster that is named, or all."""
    if has - {Topic.CLUSTERS, Topic.FLEET}:
        return []
    is_one = bool(found.names) or any(thing is Thing.CLUSTER for thing, _ in found.ids)
    is_measured = bool(found.words.known & _MEASURED)
    if not has and not is_one and not is_measured and found.has(*_WRONG):
        return [Topic.INCIDENTS, Topic.ALERTS, Topic.CLUSTERS]
    if is_one and not is_measured:
        return [Topic.CLUSTER]
    if is_measured or not has:
        return [Topic.CLUSTERS] if not has and found.has(*_WELL) and not is_measured else []
    return [Topic.FLEET] if Topic.FLEET in has else [Topic.CLUSTERS]


_MEASURED = some(
    "cpu load memory ram disk filesystem storage network bandwidth restart crashloop unready target"
)


def _by_measure(found: Asked, has: set[Topic]) -> list[Topic]:
    """Metrics, where only a word for what is measured stands there."""
    others = has - {Topic.CLUSTERS, Topic.FLEET}
    if not others and found.words.known & _MEASURED:
        return [Topic.METRICS]
    over_time = others in ({Topic.PTP}, {Topic.GPUS}) and found.when.is_past
    return [Topic.METRICS] if over_time else []
