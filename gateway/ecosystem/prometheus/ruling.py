"""The rules and alerts of the fleet's Prometheuses, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import promql_parser as promql
from litestar import Response

from contracts.telemetry import Described, DescribeMetrics
from gateway.ecosystem.prometheus.asking import Answers, fleet
from gateway.ecosystem.prometheus.errors import bad_data
from gateway.ecosystem.prometheus.parameters import Parameters
from gateway.ecosystem.prometheus.selection import holds, selector
from gateway.ecosystem.prometheus.series import labelled
from gateway.federation.sharing import INSTANT
from gateway.rest.shared import AnyRequest, WithGate

Json = dict[str, Any]
_KINDS = {"": "", "alert": "alerting", "record": "recording"}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rules are asked for; what is empty does not restrict."""

    kind: str
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    selectors: tuple[promql.VectorSelector, ...]
    shows_alerts: bool

    def group(self, told: Json) -> bool:
        """Whether a group may hold some."""
        named = not self.groups or told.get("name") in self.groups
        return named and (not self.files or told.get("file") in self.files)

    def rule(self, told: Json) -> bool:
        """Whether a rule, labelled, is one."""
        if self.kind and told.get("type") != self.kind:
            return False
        if self.names and told.get("name") not in self.names:
            return False
        return not self.selectors or any(_fits(each, told["labels"]) for each in self.selectors)


async def rules(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """The groups of rules that the clusters evaluate."""
    asking = await fleet(gate, request)
    wanted = _wanted(asking.given)

    def tell(found: Answers[Json]) -> Any:
        told = [
            group
            for each in found.each
            for group in each.data.get("groups") or ()
            if wanted.group(group) and _narrow(group, each.cluster, wanted)
        ]
        return {"groups": told}

    return await asking.ask_all(DescribeMetrics(what=Described.RULES), Json, tell, keep=INSTANT)


async def alerts(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """The alerts that are pending or firing by the clusters' rules."""
    asking = await fleet(gate, request)
    return await asking.ask_all(DescribeMetrics(what=Described.ALERTS), Json, _alerts, keep=INSTANT)


def _alerts(found: Answers[Json]) -> Any:
    told = [
        _labelled(alert, each.cluster)
        for each in found.each
        for alert in each.data.get("alerts") or ()
    ]
    return {"alerts": told}


def _wanted(given: Parameters) -> _Wanted:
    kind = given.text("type").lower()
    if kind not in _KINDS:
        raise bad_data(f'invalid parameter "type": not supported value "{kind[:100]}"')
    return _Wanted(
        _KINDS[kind],
        frozenset(given.several("rule_name[]")),
        frozenset(given.several("rule_group[]")),
        frozenset(given.several("file[]")),
        tuple(map(selector, given.several("match[]"))),
        given.text("exclude_alerts") not in _TRUE,
    )


def _narrow(group: Json, cluster: str, wanted: _Wanted) -> bool:
    """Leave only the rules that are asked for; False if none is left of those there were."""
    before: Sequence[Json] = group.get("rules") or ()
    labelled_rules = [_labelled(rule, cluster) for rule in before]
    group["rules"] = [rule for rule in labelled_rules if wanted.rule(rule)]
    for rule in group["rules"]:
        if "alerts" in rule:
            told = rule["alerts"] if wanted.shows_alerts else ()
            rule["alerts"] = [_labelled(alert, cluster) for alert in told or ()]
    return bool(group["rules"])


def _labelled(told: Json, cluster: str) -> Json:
    told["labels"] = labelled(told.get("labels") or {}, cluster)
    return told


def _fits(node: promql.VectorSelector, labels: Mapping[str, str]) -> bool:
    return all(holds(each, labels.get(each.name, "")) for each in node.matchers.matchers)
