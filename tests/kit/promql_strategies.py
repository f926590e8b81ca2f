"""Random PromQL over the metrics of `tests.kit.promql_data`, as text.

Most of it is valid for Prometheus 2.42; some is not, by its types or its grammar. What asks for a
choice between equal values (topk) is asked of values that differ: Prometheus chooses as it likes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.kit.promql_data import CLUSTERS, LABELS, METRICS, T0, VALUES, ZONES

_DURATIONS = ("5m", "1m", "90s", "3m", "30s", "1h30m", "10m")
_OVER_RANGE = (
    "rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets",
    "predict_linear", "holt_winters", "avg_over_time", "min_over_time", "max_over_time",
    "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time",
    "present_over_time", "absent_over_time", "quantile_over_time",
)  # fmt: skip
_OF_VECTOR = (
    "abs", "absent", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sort",
    "sort_desc", "timestamp", "sin", "cosh", "deg", "minute", "hour", "day_of_week",
    "day_of_month", "days_in_month", "month", "year", "clamp", "clamp_min", "clamp_max", "round",
    "label_replace", "label_join", "histogram_quantile", "vector",
)  # fmt: skip
_AGGREGATIONS = (
    "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile", "count_values",
    "topk", "bottomk", "sum", "count", "max",
)  # fmt: skip
_COUNTED = ('"value", ', '"value", ', '"job", ', '"cluster", ')
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=", "> bool", "== bool")
_SIGNS = ("+", "-", "*", "/", "%", "^", "atan2", *_COMPARISONS)
_SETS = ("and", "or", "unless")
_NUMBERS = (
    *("0", "1", "2.5", "-1", "1e3", "0x1F", ".5", "Inf", "NaN", "7", "-0.25", "(2 * 3)"),
    *("time()", "pi()", "scalar(bare)", "vector(3)"),
)
_AFTER = {
    "predict_linear": ", 60",
    "holt_winters": ", 0.5, 0.3",
    "clamp": ", 0, 10",
    "clamp_min": ", 1",
    "clamp_max": ", 1",
    "round": ", 0.5",
    "label_join": ', "joined", "-", "job", "zone"',
}
_BEFORE = {"quantile_over_time": "0.7, ", "histogram_quantile": "0.9, "}
_REPLACED = (
    ', "new", "$1", "instance", "(.).*"',
    ', "instance", "same", "", ""',
    ', "zone", "", "zone", ".*"',
    ', "__name__", "renamed", "", ""',
    ', "new", "$1", "exported_cluster", "(.*)"',
    ', "cluster", "mine", "", ""',
)
_REGEXES = (
    "a|b",
    ".+",
    ".*",
    "",
    "[ab].*",
    "node|api",
    ".*ö.*",
    "(?i)A.*",
    "5..",
    "北.",
    "w-[12]",
    r"\d+",
    r"w\-.",
)
_OF_CLUSTERS = (
    f'cluster="{CLUSTERS[0]}"',
    f'cluster!="{CLUSTERS[1]}"',
    f'cluster=~"{CLUSTERS[0]}|{CLUSTERS[2]}"',
    'cluster!~".*1"',
    'cluster="nowhere"',
    'cluster=~".+"',
)
_AT = (
    *([""] * 8),
    " offset 1m",
    " offset -90s",
    f" @ {T0 + 1800}",
    f" @ {T0 + 900}.5 offset 1m",
    " @ start()",
    " @ end()",
)
_BY_NAME = (
    '{__name__=~"load|temp"}',
    '{__name__="odd"}',
    '{job="api",__name__!~".*total"}',
)
_FIXED = (
    "histogram_quantile(0.9, rate(lat_bucket[5m]))",
    "histogram_quantile(0.5, sum by (le) (rate(lat_bucket[10m])))",
    "histogram_quantile(0.99, sum by (le, cluster) (increase(lat_bucket[10m])))",
    "sum(rate(requests_total[5m])) / sum(rate(requests_total[10m]))",
)
_ONE_EACH = ("build_info", "max by (job) (load)", "sum by (job, instance) (requests_total)")
_OTHERS = (
    *("1 + 1", "time()", "-scalar(load)", "scalar(bare) * 2", '"text"', "vector(1)"),
    *("# said\nload", "`raw \\ text`", "hour()", "SUM(load) BY (job)"),
)
_PIECES = (" ", "(", ")", "{", "}", "[", "]", ",", "by", "=", '"', "5m", "1", "and", "x", "~")


@dataclass(frozen=True)
class _Writer:
    draw: st.DrawFn
    clusters: bool
    """Whether the label ``cluster`` may be named."""

    def one(self, choices: Sequence[str]) -> str:
        return self.draw(st.sampled_from(choices))

    def yes(self, out_of: int = 2) -> bool:
        return self.draw(st.integers(1, out_of)) == out_of

    def query(self) -> str:
        kind = self.draw(st.integers(0, 19))
        if kind == 0:
            return self.one(_OTHERS)
        return self.range(0) if kind == 1 else self.vector(self.draw(st.sampled_from([2, 1, 3, 0])))

    def vector(self, depth: int) -> str:
        if depth == 0:
            return self.selector()
        kinds: Sequence[Callable[[int], str]] = (
            self.aggregated,
            self.over_range,
            self.called,
            self.aggregated,
            self.calculated,
            self.compared_sets,
            self.grouped,
            self.odd,
        )
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def selector(self) -> str:
        if self.yes(8):
            return self.one(_BY_NAME) + self.one(_AT)
        return self.metric() + self.matchers() + self.one(_AT)

    def metric(self) -> str:
        return self.one(METRICS if self.yes(4) else METRICS[:6])

    def matchers(self) -> str:
        told = [self.matcher() for _ in range(self.draw(st.sampled_from([0, 0, 0, 0, 1, 2])))]
        if self.clusters and self.yes(4):
            told.append(self.one(_OF_CLUSTERS))
        return f"{{{','.join(told)}}}" if told else ""

    def matcher(self) -> str:
        label, sign = self.one(LABELS), self.one(["=", "!=", "=~", "!~"])
        values = _REGEXES if "~" in sign else (*VALUES.get(label, ZONES), "", "nothing")
        value = self.one(values)
        quoted = f"`{value}`" if self.yes(4) else _quoted(value)
        return f"{label}{sign}{quoted}"

    def range(self, depth: int) -> str:
        window = self.one(_DURATIONS)
        if self.yes(3):
            step = self.one(["", "1m", "45s"])
            return f"({self.vector(depth)})[{window}:{step}]{self.one(_AT)}"
        return f"{self.metric()}{self.matchers()}[{window}]{self.one(_AT)}"

    def over_range(self, depth: int) -> str:
        name = self.one(_OVER_RANGE)
        return f"{name}({_BEFORE.get(name, '')}{self.range(depth)}{_AFTER.get(name, '')})"

    def called(self, depth: int) -> str:
        name = self.one(_OF_VECTOR)
        after = self.one(_REPLACED) if name == "label_replace" else _AFTER.get(name, "")
        return f"{name}({_BEFORE.get(name, '')}{self.vector(depth)}{after})"

    def odd(self, depth: int) -> str:
        inner = self.vector(depth)
        return self.one([f"-{inner}", f"vector(scalar({inner}))", *_FIXED])

    def aggregated(self, depth: int) -> str:
        name, param = self.one(_AGGREGATIONS), ""
        if name in {"topk", "bottomk"}:
            inner, param = f"load{self.matchers()}", f"{self.draw(st.integers(1, 3))}, "
        else:
            inner = self.vector(depth)
            param = {"quantile": "0.3, ", "count_values": self.one(_COUNTED)}.get(name, "")
        grouping = self.grouping()
        if self.yes():
            return f"{name} {grouping} ({param}{inner})"
        return f"{name}({param}{inner}) {grouping}"

    def grouping(self) -> str:
        if self.yes(3):
            return ""
        return f"{self.one(['by', 'without', 'BY'])} ({self.labels()})"

    def labels(self) -> str:
        names = [*LABELS, *(["cluster"] * 4 if self.clusters else [])]
        told = [self.one(names) for _ in range(self.draw(st.integers(0, 2)))]
        return ", ".join(dict.fromkeys(told))

    def matching(self) -> str:
        if self.yes():
            return ""
        word = self.one(["ignoring", "on"])
        cluster = ["cluster"] if word == "on" and self.clusters and self.yes() else []
        return f"{word} ({', '.join([*cluster, self.labels()]).removesuffix(', ')})"

    def calculated(self, depth: int) -> str:
        sign, inner = self.one(_SIGNS), self.vector(depth)
        match self.draw(st.integers(0, 2)):
            case 0:
                return f"({inner} {sign} {self.one(_NUMBERS)})"
            case 1:
                return f"({self.one(_NUMBERS)} {sign} {inner})"
            case _:
                return f"({inner} {sign} {self.matching()} {self.vector(depth)})"

    def compared_sets(self, depth: int) -> str:
        inner, sign = self.vector(depth), self.one(_SETS)
        if self.yes(3):
            return f"({inner} {sign} {self.one(['vector(0)', 'on () vector(1)'])})"
        return f"({inner} {sign} {self.matching()} {self.vector(depth)})"

    def grouped(self, depth: int) -> str:
        labels = self.one(["job", "job, instance"])
        if self.clusters and self.yes():
            labels = f"cluster, {labels}"
        brought = self.one(["", "(version)", "(zone)"])
        return f"{self.vector(depth)} * on ({labels}) group_left {brought} {self.one(_ONE_EACH)}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@st.composite
def queries(draw: st.DrawFn, *, clusters: bool = False) -> str:
    """Whole queries: mostly vectors, and numbers, ranges and texts."""
    return _Writer(draw, clusters).query()


@st.composite
def selectors(draw: st.DrawFn, *, clusters: bool = False) -> str:
    """What series are chosen by."""
    writer = _Writer(draw, clusters)
    return writer.one([*_BY_NAME, writer.one(METRICS) + writer.matchers()])


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """What was a query until something was taken out of it, or put into it."""
    text = _Writer(draw, clusters=False).query()
    place = draw(st.integers(0, len(text)))
    if draw(st.booleans()):
        return text[:place] + draw(st.sampled_from(_PIECES)) + text[place:]
    return text[:place] + text[place + draw(st.integers(1, 4)) :]
