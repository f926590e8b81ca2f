"""A real Prometheus asked through the adapter answers as when it is asked directly."""

import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics, QueryMetrics
from deploy.local.ports import free_port
from tests.kit.peers import program
from tests.services.telemetry.collecting import Collector

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(minutes=30)
_STARTS_WITHIN = 20.0
_RULES = """
groups:
  - name: demo
    rules:
      - {alert: Always, expr: vector(1), labels: {severity: info}}
      - {record: demo:sum, expr: sum(demo_requests_total)}
"""


def _samples() -> str:
    """Half an hour of a few series, some with odd values, in OpenMetrics."""
    lines = ["# HELP demo_requests Requests.", "# TYPE demo_requests counter"]
    moments = [START.timestamp() + 15 * step for step in range(121)]
    for pod in ("a", "b", "ü"):
        lines += [
            f'demo_requests_total{{pod="{pod}"}} {ord(pod[0]) * number} {moment}'
            for number, moment in enumerate(moments)
        ]
    lines += ["# TYPE demo_odd gauge"]
    for name, value in (("nan", "NaN"), ("inf", "+Inf"), ("minus", "-Inf"), ("tiny", "5e-324")):
        lines += [f'demo_odd{{kind="{name}"}} {value} {moment}' for moment in moments]
    return "\n".join([*lines, "# EOF", ""])


@contextmanager
def _running(directory: Path) -> Generator[str]:
    (directory / "rules.yml").write_text(_RULES)
    (directory / "prometheus.yml").write_text(
        f"global: {{evaluation_interval: 1s}}\nrule_files: [{directory / 'rules.yml'}]\n"
    )
    port = free_port()
    argv = (
        program("prometheus"),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.max-samples=1000000",
    )
    url = f"http://127.0.0.1:{port}"
    with (directory / "prometheus.log").open("wb") as file:
        process = subprocess.Popen(argv, stdout=file, stderr=subprocess.STDOUT)
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends:
        try:
            alerts = httpx.get(f"{url}/api/v1/alerts").json()["data"]["alerts"]
        except (httpx.HTTPError, ValueError):
            alerts = []
        if alerts:
            return
        time.sleep(0.05)
    raise AssertionError("Prometheus did not start")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A Prometheus with data of its own."""
    directory = tmp_path_factory.mktemp("prometheus")
    (directory / "samples.txt").write_text(_samples())
    subprocess.run(
        [
            program("promtool"),
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            str(directory / "samples.txt"),
            str(directory / "tsdb"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with _running(directory) as found:
        yield found


def direct(url: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
    """What it answers directly."""
    answer = httpx.get(f"{url}/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


QUERIES = [
    "demo_requests_total",
    "sum by (pod) (rate(demo_requests_total[5m]))",
    'demo_requests_total{pod="ü"}',
    "demo_odd",
    "demo_odd * 2",
    "1 + 1",
    "scalar(sum(demo_requests_total))",
    '"text"',
    "no_such_metric",
    "demo_requests_total[2m]",
    "histogram_quantile(0.9, demo_odd)",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_at_a_moment(query: str, url: str, collector: Collector) -> None:
    cluster = await collector.cluster(url)
    at = START + timedelta(minutes=20)
    found = await collector.query(cluster, QueryMetrics(query=query, time=at))
    expected = direct(url, "query", {"query": query, "time": at.timestamp()})
    assert msgspec.json.decode(found.data) == expected["result"]
    assert found.kind == expected["resultType"]
    lists = found.kind in {"vector", "matrix"}
    assert found.count == (len(expected["result"]) if lists else 1)


@pytest.mark.parametrize(
    "query", [each for each in QUERIES if "[2m]" not in each and '"t' not in each]
)
async def test_a_query_over_a_range(query: str, url: str, collector: Collector) -> None:
    cluster = await collector.cluster(url)
    asked = QueryMetrics(query=query, start=START, end=END, step_seconds=30)
    found = await collector.query(cluster, asked)
    range_ = {"start": START.timestamp(), "end": END.timestamp(), "step": 30}
    expected = direct(url, "query_range", {"query": query, **range_})
    assert msgspec.json.decode(found.data) == expected["result"]
    assert (found.kind, found.count) == ("matrix", len(expected["result"]))


async def test_a_query_that_is_too_long_for_a_url(url: str, collector: Collector) -> None:
    cluster = await collector.cluster(url)
    query = " or ".join(f'demo_odd{{kind="{"x" * 50}{number}"}}' for number in range(700))
    query = f"demo_requests_total or {query}"
    assert len(query) > 50_000
    asked = QueryMetrics(query=query, time=END)
    assert (await collector.query(cluster, asked)).count == 3


WINDOW: dict[str, Any] = {"start": START, "end": END}
SELECTED = ('{__name__=~"demo_.*"}', "up")


@pytest.mark.parametrize(
    ("asked", "path", "params"),
    [
        (
            DescribeMetrics(what=Described.SERIES, match=SELECTED, **WINDOW),
            "series",
            {"match[]": list(SELECTED)},
        ),
        (DescribeMetrics(what=Described.LABELS, **WINDOW), "labels", {}),
        (
            DescribeMetrics(what=Described.LABELS, match=("demo_odd",), **WINDOW),
            "labels",
            {"match[]": "demo_odd"},
        ),
        (
            DescribeMetrics(what=Described.LABEL_VALUES, label="pod", **WINDOW),
            "label/pod/values",
            {},
        ),
        (DescribeMetrics(what=Described.METADATA), "metadata", {}),
    ],
)
async def test_what_it_knows(
    asked: DescribeMetrics, path: str, params: Mapping[str, Any], url: str, collector: Collector
) -> None:
    window = {"start": START.timestamp(), "end": END.timestamp()}
    found = await collector.describe(await collector.cluster(url), asked)
    expected = direct(url, path, {**window, **params})
    assert msgspec.json.decode(found.data) == expected
    assert found.count == len(expected)


async def test_its_rules_and_alerts(url: str, collector: Collector) -> None:
    cluster = await collector.cluster(url)
    rules = await collector.describe(cluster, DescribeMetrics(what=Described.RULES))
    names = [rule["name"] for rule in msgspec.json.decode(rules.data)["groups"][0]["rules"]]
    assert (names, rules.count) == (["Always", "demo:sum"], 2)
    alerts = await collector.describe(cluster, DescribeMetrics(what=Described.ALERTS))
    found = msgspec.json.decode(alerts.data)["alerts"]
    assert (found[0]["labels"]["alertname"], alerts.count) == ("Always", 1)


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        (QueryMetrics(query="sum(("), Code.INVALID_PROMQL, "parse error"),
        (QueryMetrics(query="demo_odd + on(x) demo_odd", time=END), Code.INVALID_PROMQL, "many"),
        (
            QueryMetrics(query="up", start=END, end=START, step_seconds=1),
            Code.INVALID_PROMQL,
            "end timestamp",
        ),
        (
            QueryMetrics(query="up", start=START, end=START + timedelta(days=30), step_seconds=1),
            Code.LIMIT_REACHED,
            "maximum resolution",
        ),
        (
            QueryMetrics(
                query="max_over_time((vector(1))[10d:1s])",
                time=END,
            ),
            Code.LIMIT_REACHED,
            "too many samples",
        ),
    ],
)
async def test_its_own_refusals(
    asked: QueryMetrics, code: Code, text: str, url: str, collector: Collector
) -> None:
    refused = await collector.refusal(await collector.cluster(url), asked)
    assert (refused.code, text in refused.message) == (code, True), refused.message


async def test_odd_names_of_labels_ask_for_nothing_else(url: str, collector: Collector) -> None:
    cluster = await collector.cluster(url)
    for label in ("..", "../../query", "a/b", "%2e%2e", "ü", "a?x=1#y", " "):
        with pytest.raises(Refused) as told:
            await collector.describe(
                cluster, DescribeMetrics(what=Described.LABEL_VALUES, label=label)
            )
        assert told.value.code in {Code.INVALID_PROMQL, Code.UPSTREAM_FAILED}, label
