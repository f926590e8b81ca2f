"""Logs are found by namespace, application or pod, whoever has collected them."""

import re
from dataclasses import dataclass, field

import pytest

from contracts.chat import MOST_CALLS, ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import ToolAnswer
from services.chat.analyst import next_said
from services.chat.analyst.deciding import MOST_ROUNDS
from services.chat.steps import Answered, Round
from tests.services.chat.rows import NOW
from tests.services.chat.turns import WHY

_LABELS = {
    "promtail": ("namespace", "pod", "app"),
    "openshift": ("kubernetes_namespace_name", "kubernetes_pod_name", None),
    "opentelemetry": ("k8s_namespace_name", "k8s_pod_name", None),
    "of containers": ("namespace", "pod", "container"),
}
PODS = (
    ("shop", "checkout-7d9f8c-x2x4z", "checkout"),
    ("shop", "billing-5f6b7c-abcde", "billing"),
    ("bank", "ledger-0", "ledger"),
)
_MATCHER = re.compile(r'(\w+)=~"([^"]*)"')


@dataclass
class Loki:
    """Lines of these pods, as one collector labels them."""

    labels: tuple[str, str, str | None]
    queries: list[str] = field(default_factory=list[str])

    def answered(self, call: WantedCall) -> Answered:
        query = str((call.arguments or {})["query"])
        self.queries.append(query)
        selector = query.partition("}")[0].replace("\\\\", "\\")
        matchers = _MATCHER.findall(selector)
        streams = [
            {name: value for name, value in zip(self.labels, each, strict=True) if name is not None}
            for each in PODS
        ]
        found = [
            {"cluster_name": "eu-1", "stream": one, "timestamp": "2026-01-01T00:00:00Z",
             "message": f"of {pod[1]}"}
            for one, pod in zip(streams, PODS, strict=True)
            if all(re.fullmatch(pattern, one.get(label, "")) for label, pattern in matchers)
        ]  # fmt: skip
        data = {"entries": found, "clusters_queried": 1, "clusters_succeeded": 1}
        answer = ToolAnswer(tool=call.name, data=data)
        given = dict(call.arguments or {})
        return Answered(call.id, call.name, given, ToolStatus.SUCCESS, None, answer)


def _answer(question: str, loki: Loki) -> str:
    rounds = list[Round]()
    while True:
        turned = next_said(question, ("query_logs",), (), rounds, NOW, WHY)
        if not turned.calls:
            return turned.text
        assert len(turned.calls) <= MOST_CALLS
        assert len(rounds) < MOST_ROUNDS
        rounds.append(Round(turned.calls, tuple(map(loki.answered, turned.calls))))


@pytest.mark.parametrize("collector", _LABELS)
@pytest.mark.parametrize(
    ("question", "pods"),
    [
        ("logs of shop", (0, 1)),
        ("logs of checkout", (0,)),
        ("show me the logs of the workload billing", (1,)),
        ("error logs of deployment ledger", (2,)),
        ("logs of the checkout application", (0,)),
        ("logs of pod ledger-0", (2,)),
        ("logs of checkout in shop", (0,)),
        ("logs of billing in namespace shop", (1,)),
        ("logs of app checkout in the namespace shop", (0,)),
        ("logs in namespace bank", (2,)),
    ],
)
def test_the_lines_that_are_meant_are_found(
    question: str, pods: tuple[int, ...], collector: str
) -> None:
    told = _answer(question, Loki(_LABELS[collector]))
    found = {number for number, each in enumerate(PODS) if f"`of {each[1]}`" in told}
    assert found == set(pods), told


def test_where_there_are_no_lines_each_way_is_tried_once() -> None:
    loki = Loki(_LABELS["promtail"])
    told = _answer("logs of nothing-such", loki)
    assert told.count("no lines") == 1
    assert len(loki.queries) == len(set(loki.queries)) <= MOST_CALLS + 1
