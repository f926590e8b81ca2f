"""What matchers on ``cluster`` choose, and what each cluster is asked then."""

import time

import promql_parser as promql
import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Refused
from gateway.ecosystem.prometheus.printing import Printer
from gateway.ecosystem.prometheus.selection import (
    Question,
    chooses,
    drops_cluster,
    narrowed,
    selector,
)
from gateway.federation.promql import parse

_ODD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_QUERIES = (
    "up",
    "1 + 1",
    "-x ^ 2",
    "(-1) ^ 2 * x",
    "2 - -1",
    "Inf * NaN",
    "x[5m] offset -90s",
    "rate(x[90s500ms] @ end())",
    "x @ 1609746000.123 offset 1w",
    "max_over_time(rate(x[5m])[1h:30s] @ start() offset 1d)",
    "min_over_time(x[10m:])",
    "sum by (job, le) (x)",
    "sum without () (x)",
    "quantile(0.9, x)",
    'count_values without (a) ("v", x)',
    "topk by (a) (2, x)",
    "a * on (x, y) group_left (z) b",
    "a == bool ignoring (x) group_right () b",
    "a and on () b unless ignoring (c) d or e",
    'label_replace(x, "a", "$1-\\n\\"\\\\", "b", "(.*)")',
    '{"my.metric", "a.b"!="c"}',
    '{__name__=~"a|b", x!~"y"}',
    "time() - vector(1)",
    "x atan2 y % 3 > 1e-9",
    '"text"',
)


def _asked(query: str, cluster: str) -> str | None:
    return Question(parse(query)).for_cluster(cluster)


@pytest.mark.parametrize("query", _QUERIES)
def test_what_is_written_again_is_the_same_query(query: str) -> None:
    tree = promql.parse(query)
    written = Printer(lambda node: node.matchers.matchers, lambda labels: labels).write(tree)
    assert promql.parse(written).prettify() == tree.prettify()


@given(_ODD)
def test_no_text_in_a_query_changes_by_being_written_again(text: str) -> None:
    node = promql.VectorSelector.parse('x{cluster="a"}')
    node.matchers = promql.Matchers([promql.Matcher(promql.MatchOp.Equal, "job", text)])
    written = Printer(lambda _: node.matchers.matchers, lambda labels: labels).write(node)
    assert promql.parse(written).matchers.matchers[0].value == text  # pyright: ignore[reportAttributeAccessIssue] - a selector


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("up", "up"),
        ("sum( up )", "sum( up )"),
        ('up{cluster="edge-1"}', "up"),
        ('up{cluster="edge-2"}', None),
        ('up{cluster!="edge-1"}', None),
        ('up{cluster=~"edge-.",job="a"}', 'up{job="a"}'),
        ('up{cluster=~"edge"}', None),
        ('up{cluster!~"hub.*"}', "up"),
        ('up{cluster=~"edge-1|hub",cluster!="hub"}', "up"),
        ('up{cluster=""}', None),
        ('{cluster="edge-1"}', '{__name__!=""}'),
        ('up{exported_cluster="x"}', 'up{cluster="x"}'),
        ("sum by (cluster, job) (up)", "sum by (job) (up)"),
        ("sum without (cluster) (up)", "sum without () (up)"),
        ("sum by (exported_cluster) (up)", "sum by (cluster) (up)"),
        ("a / on (b) group_left (cluster) c", "a / on (b) group_left () c"),
        ('a{cluster="edge-1"} or b{cluster="hub"}', 'a or b{cluster="-",cluster!="-"}'),
        ('rate(x{cluster="edge-1"}[5m])', "rate(x[300000ms])"),
        ("1+1", "1+1"),
    ],
)
def test_a_cluster_is_asked_without_its_name(query: str, asked: str | None) -> None:
    assert _asked(query, "edge-1") == asked


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ('up{cluster="edge-1",job="a"}', 'up{job="a"}'),
        ('{cluster="edge-1"}', None),
        ("up", "up"),
    ],
)
def test_a_match_is_narrowed(match: str, said: str | None) -> None:
    assert narrowed(selector(match)) == said


@pytest.mark.parametrize("match", ["", "up +", "rate(up[5m])", "1", "{}", "up[5m]"])
def test_a_match_is_a_selector(match: str) -> None:
    with pytest.raises(Refused):
        selector(match)


def test_a_regex_that_is_none_is_refused_and_none_takes_long() -> None:
    began = time.thread_time()
    evil = selector('up{cluster=~"(a+)+(a*)*(a|aa)+z"}')
    assert not chooses(evil, "a" * 63)
    assert time.thread_time() - began < 1, "seconds of CPU: far from what ends in a hang"
    with pytest.raises(Refused):
        chooses(selector('up{cluster=~"(?P<a"}'), "a")


@pytest.mark.parametrize(
    ("query", "drops"),
    [
        ("up", False),
        ("sum(up)", True),
        ("sum by (cluster) (up)", False),
        ("sum without (job) (up)", False),
        ("sum without (cluster) (up)", True),
        ("topk(5, up)", False),
        ("sum(a) / sum(b)", True),
        ("histogram_quantile(0.9, sum by (le) (rate(a[5m])))", True),
        ("-(avg(up) * 2)", True),
    ],
)
def test_it_is_known_whether_results_still_have_a_cluster(query: str, *, drops: bool) -> None:
    assert drops_cluster(promql.parse(query)) is drops


def test_a_label_that_is_not_seen_is_told() -> None:
    asked = Question(parse('label_replace(up, "a", "$1", "cluster", "(.*)")'))
    assert "label_replace" in asked.warnings[0]
