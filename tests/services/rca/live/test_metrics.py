"""What answers of a Prometheus tell."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.clusters import Checked
from services.rca.live import metrics
from services.rca.live.probes import PROBES, Probe, placed_query
from services.rca.reasoning.knowledge import Class, meaning
from services.runtime.promql.parsing import Returned, parse, require_instant
from tests.kit.prometheus import INSTALLED, run
from tests.kit.samples import CLUSTER_ID, at
from tests.services.rca.live.kit import PODS, SECONDS, Row, body, focus, matrix, vector


def probe(name: str) -> Probe:
    return next(each for each in PROBES if each.name == name)


CRASHING, ROLLOUT = probe("CRASH_LOOPS"), probe("ROLLOUT_BEGAN")
CART = {"namespace": "shop", "pod": PODS[0], "container": "main"}


def told(of: Probe, *series: Row) -> Sequence[tuple[tuple[str, ...], float]]:
    """Where, and how many seconds after the start."""
    found = metrics.seen(of, focus(), body(series))
    return [(each.where, (each.since - at()).total_seconds()) for each in found]


def test_what_was_there_from_the_first_look_on_is_nothing_new() -> None:
    assert told(CRASHING, matrix(0, 37, 74, **CART)) == []
    assert told(CRASHING, matrix(0, 740, **CART)) == []


def test_what_begins_later_is_told_with_the_first_look_at_which_it_was_there() -> None:
    (found,) = metrics.seen(CRASHING, focus(), body([matrix(37, 74, **CART)]))
    assert found.began_at == at(37)
    assert found.where == (f"pod/shop/{PODS[0]}", "workload/shop/cart")
    assert found.text == "container main ends again and again"
    assert (found.name, found.cluster_id) == ("CRASH_LOOPS", CLUSTER_ID)
    assert (found.backend, found.query) == (Checked.PROMETHEUS, CRASHING.query(focus()))
    assert (found.start, found.end) == (at(), at(SECONDS))


@pytest.mark.parametrize("seconds", [0, 600.5, SECONDS])
def test_a_moment_within_the_time_is_told(seconds: float) -> None:
    series = vector(at(seconds).timestamp(), namespace="shop", owner_name="cart")
    assert told(ROLLOUT, series) == [(("workload/shop/cart",), seconds)]


@pytest.mark.parametrize("seconds", [-86_400, -1, SECONDS + 1])
def test_a_moment_before_or_after_it_is_not(seconds: float) -> None:
    series = vector(at(seconds).timestamp(), namespace="shop", owner_name="cart")
    assert told(ROLLOUT, series) == []


def test_a_label_that_is_missing_or_empty_drops_a_word() -> None:
    assert told(CRASHING, matrix(37, **CART, node="")) == [
        ((f"pod/shop/{PODS[0]}", "workload/shop/cart"), 37.0)
    ]
    assert told(CRASHING, matrix(37, **CART, node="worker-3"))[0][0][-1] == "node/worker-3"
    assert told(CRASHING, matrix(37, pod="a", node="worker-3")) == [(("node/worker-3",), 37.0)]


@pytest.mark.parametrize("labels", [{}, {"namespace": "shop"}, {"pod": PODS[0]}])
def test_what_is_nowhere_is_not_told(labels: dict[str, str]) -> None:
    assert told(CRASHING, matrix(37, **labels)) == []


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("cart-5d8f9c7b4d-x2k4p", "cart"),
        ("cart-api-5d8f9c7b4d-x2k4p", "cart-api"),
        ("db-0", "db"),
        ("agent-x2k4p", "agent"),
        ("report-29012345-x2k4p", "report"),
        ("bare", "bare"),
    ],
)
def test_a_workload_is_told_by_the_name_of_its_pod(pod: str, workload: str) -> None:
    ((where, _),) = told(CRASHING, matrix(37, namespace="shop", pod=pod))
    assert where == (f"pod/shop/{pod}", f"workload/shop/{workload}")


def test_of_many_the_earliest_are_told() -> None:
    many = [matrix(1400 - 37 * n, namespace="shop", pod=f"p{n}") for n in range(20)]
    found = told(CRASHING, *many)
    assert len(found) == metrics.MOST_OF_ONE
    assert [began for _, began in found] == [1400 - 37 * n for n in range(19, 11, -1)]


def test_long_values_are_cut() -> None:
    (found,) = metrics.seen(
        CRASHING,
        focus(),
        body([matrix(37, namespace="n" * 5000, pod="p" * 5000, container="c" * 5000)]),
    )
    assert len(found.text) <= 500
    assert all(len(each) <= 500 for each in found.where)


def test_values_of_labels_are_no_templates() -> None:
    ((where, _),) = told(CRASHING, matrix(37, namespace="{stem}", pod="{0.__class__}"))
    assert where[0] == "pod/{stem}/{0.__class__}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"[{}]",
        b'[{"metric": {"pod": 1}}]',
        b'[{"metric": {}, "value": ["now", "1"]}]',
        b'[{"metric": {}, "values": [[1]]}]',
        b"\xff\xfe",
        b"<html>502</html>",
    ],
)
def test_what_is_no_answer_is_a_value_error(data: bytes) -> None:
    for of in (CRASHING, ROLLOUT):
        with pytest.raises(ValueError, match="cannot be read"):
            metrics.seen(of, focus(), data)
    with pytest.raises(ValueError, match="cannot be read"):
        list(metrics.placed(focus(), data, ()))


def test_a_moment_that_is_no_number_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        told(ROLLOUT, vector("soon", namespace="shop", owner_name="cart"))


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e999", "-1"])
def test_values_that_are_no_time_are_not_told(value: str) -> None:
    assert told(ROLLOUT, vector(value, namespace="shop", owner_name="cart")) == []
    assert told(CRASHING, matrix(37, value=value, **CART))[0][1] == 37


def test_series_without_values_are_not_told() -> None:
    assert told(CRASHING, matrix(**CART), {"metric": CART}, vector(1, **CART)) == []
    assert told(ROLLOUT, {"metric": {"namespace": "shop", "owner_name": "cart"}}) == []


@pytest.mark.parametrize(
    "when",
    [
        1e15,
        pytest.param(
            1e300,
        ),
    ],
)
def test_times_outside_of_the_look_are_passed_over(when: float) -> None:
    assert told(CRASHING, {"metric": CART, "values": [[when, "1"]]}) == []


def test_nodes_are_told_of_pods_that_something_is_told_of() -> None:
    of = focus(pods=["pod/shop/cart-1"])
    data = body(
        [
            vector(1, namespace="shop", pod="cart-1", node="worker-1"),
            vector(1, namespace="shop", pod="db-0", node="worker-2"),
            vector(1, namespace="shop", pod="other", node="worker-3"),
            vector(1, namespace="bank", pod="cart-1", node="worker-4"),
            vector(1, namespace="shop", pod="cart-1"),
        ]
    )
    found = metrics.placed(of, data, ["pod/shop/db-0"])
    assert [(each.pod, each.node) for each in found] == [
        ("pod/shop/cart-1", "node/worker-1"),
        ("pod/shop/db-0", "node/worker-2"),
    ]


IDS = [f"{each.name}-{number}" for number, each in enumerate(PROBES)]


@pytest.mark.parametrize("of", PROBES, ids=IDS)
def test_every_question_is_sound(of: Probe) -> None:
    for on in (focus(), focus(*(f"{n}" * 63 for n in range(10)), "kube-system", "bank")):
        text = of.query(on)
        require_instant(text)
        assert parse(text).returns is Returned.VECTOR
        assert parse(text).warnings == ()
        assert "$" not in text


def test_the_question_for_nodes_is_sound() -> None:
    require_instant(placed_query(focus("shop", "bank")))
    assert 'namespace=~"shop|bank"' in placed_query(focus("shop", "bank"))


@pytest.mark.skipif(not INSTALLED, reason="promtool is not installed")
async def test_prometheus_finds_every_question_sound(tmp_path: Path) -> None:
    asked = [*(each.query(focus("shop", "bank")) for each in PROBES), placed_query(focus())]
    rules = [{"record": f"asked:{number}", "expr": text} for number, text in enumerate(asked)]
    path = tmp_path / "rules.json"
    path.write_bytes(body({"groups": [{"name": "asked", "rules": rules}]}))
    status, out, err = await run("promtool", "check", "rules", str(path))
    assert status == 0, out + err
    assert f"{len(asked)} rules found" in out


@pytest.mark.parametrize("of", PROBES, ids=IDS)
def test_every_name_has_a_meaning(of: Probe) -> None:
    assert meaning(of.name).kind is not Class.OTHER


@pytest.mark.parametrize("of", PROBES, ids=IDS)
def test_every_finding_can_be_told_with_all_labels_and_with_few(of: Probe) -> None:
    names = {name for each in of.where for name in re.findall(r"{(\w+)}", each)}
    asked = {name: f"{name}-x" for name in names - {"stem"}}
    few = {name: asked[name] for name in re.findall(r"{(\w+)}", of.where[0])}
    when = at(600)
    for labels in (asked, few):
        series = vector(when.timestamp(), **labels) if of.is_moment else matrix(600, **labels)
        (found,) = metrics.seen(of, focus(), body([series]))
        assert found.began_at == when
        assert "{" not in found.text + "".join(found.where)
    nothing = vector(when.timestamp()) if of.is_moment else matrix(600)
    assert metrics.seen(of, focus(), body([nothing])) == []
