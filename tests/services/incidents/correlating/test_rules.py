"""What operators say counts before any likeness."""

from contracts.incidents import CorrelationRuleDefined, CorrelationRuleRemoved, Signal
from services.incidents.correlating.rules import is_about, values
from services.incidents.correlating.signals import Begun, changes
from tests.kit import builders
from tests.services.incidents.correlating.kit import Log, alert, pods, rule, signal_id


def signal(name: str, **labels: str) -> Signal:
    (begun,) = changes(builders.recorded(alert(name, 0, **labels)))
    assert isinstance(begun, Begun)
    return begun.signal


def test_a_rule_is_about_names_and_places_that_fit_its_globs() -> None:
    told = signal("KubePodNotReady", namespace="shop-1", pod="cart-0")
    assert is_about(rule(names=("KubePod*",), where=("namespace/shop-*",)), told)
    assert not is_about(rule(names=("Kube",)), told)
    assert not is_about(rule(where=("namespace/shop",)), told)
    assert not is_about(rule(cluster_ids=(signal_id("another"),)), told)


def test_what_a_signal_lacks_makes_a_rule_no_matter() -> None:
    assert values(rule(equal=("namespace",)), signal("A", namespace="shop")) == ("namespace/shop",)
    assert values(rule(equal=("node", "namespace")), signal("A", namespace="shop")) is None


def test_what_is_ignored_opens_and_joins_nothing() -> None:
    log = Log()
    log.add(CorrelationRuleDefined(rule=rule(effect="IGNORED", names=("KubePodNotReady",))))
    log.add(*pods(5))
    assert log.run(0, 60) == []
    log.add(CorrelationRuleRemoved(rule=rule(effect="IGNORED")), at=60)
    assert len(log.run(60, 70)) == 1


def test_a_rule_puts_together_what_has_nothing_else_in_common() -> None:
    apart = [alert("One", rack="a", node="w-1", namespace="n1", ingress="x"),
             alert("Two", 5, node="w-1", namespace="n2", ingress="y")]  # fmt: skip
    log = Log()
    log.add(CorrelationRuleDefined(rule=rule(equal=("cluster", "node"))), *apart)
    log.run(0, 60)
    (case,) = log.board.open_cases()
    assert len(case.items) == 2


def test_a_rule_keeps_apart_what_is_alike() -> None:
    log = Log()
    both = [alert("HighErrorRate", namespace="shop", service="cart", route=f"/{n}", node=f"w-{n}")
            for n in range(2)]  # fmt: skip
    log.add(*both)
    log.run(0, 60)
    assert len(log.board.open_cases()) == 1
    log = Log()
    log.add(CorrelationRuleDefined(rule=rule(effect="APART", equal=("node",))), *both)
    log.run(0, 60)
    assert len(log.board.open_cases()) == 2
